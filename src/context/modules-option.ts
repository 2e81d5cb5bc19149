/** Kernels that were emitted ahead of time, as a context is given them. */
import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { labelOf, type ModuleLabel } from '../kernels/simd/module-file.ts';

/** A module of all kernels, and what it is made for. */
export interface GivenKernels extends ModuleLabel {
  readonly module: WebAssembly.Module;
}

/**
 * Reads what `createContext`, or who takes its options, was given as `modules`; null where there is none.
 *
 * @throws NnpackError for what is not bytes or a module, cannot be compiled, or is of another version
 */
export function readModules(who: string, given: unknown): GivenKernels | null {
  if (given === undefined) return null;
  const module = compile(who, given);
  const label = labelOf(module);
  if (typeof label === 'string') throw invalid(who, label);
  return { ...label, module };
}

function compile(who: string, given: unknown): WebAssembly.Module {
  // By what they say they are: realms have classes of their own.
  const kind = Object.prototype.toString.call(given).slice(8, -1);
  if (kind === 'WebAssembly.Module') return given as WebAssembly.Module;
  if (kind !== 'Uint8Array' && kind !== 'ArrayBuffer') {
    throw invalid(who, `is ${show(given)}, expected bytes or a WebAssembly.Module`);
  }
  if (typeof WebAssembly === 'undefined') throw invalid(who, 'cannot be compiled: WebAssembly is not available');
  try {
    return new WebAssembly.Module(given as Uint8Array<ArrayBuffer> | ArrayBuffer);
  } catch (error) {
    throw invalid(who, `cannot be compiled: ${textOf(error)}`);
  }
}

function invalid(who: string, what: string): NnpackError {
  return new NnpackError('invalid-argument', `${who}: modules ${what}`);
}
