/** Which kernel table a context gets: what is asked for, what the environment says, and what this machine runs. */
import { expectOneOf, textOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import { isFused, isWide, narrowTwin, refuseSimd, type SimdTableName } from '../kernels/simd/engine.ts';
import { type Modules, SCRATCH_BYTES, type SimdSetup } from '../kernels/simd/exports.ts';
import { compiledModules, wholeOf } from '../kernels/simd/modules.ts';
import { KERNEL_TABLES, type KernelTable, type KernelTableName } from '../kernels/table.ts';
import { createKernelTable, familiesSwitchedOff } from '../kernels/tables.ts';
import type { Arena } from '../tensor/arena.ts';
import { environmentVariable } from '../threads/runtime.ts';
import type { GivenKernels } from './modules-option.ts';
import { refuseWide, startedWide } from './wide.ts';

const KERNELS = ['auto', ...KERNEL_TABLES] as const;

/** The table that is asked for, and who asks. */
export interface KernelsWish {
  readonly who: string;
  readonly name: 'auto' | KernelTableName;
  /** Why it is not the one that the environment names; empty when it is, or when the environment names none. */
  readonly reason: string;
  /** Kernels that were emitted ahead of time. */
  readonly given: GivenKernels | null;
}

/** The table that the caller names or, if none, that of the kernels which he gives, or that of the environment. */
export function checkKernels(
  who: string,
  kernels: unknown,
  deterministic: boolean,
  given: GivenKernels | null,
): KernelsWish {
  const wish = wishOf(who, kernels, deterministic);
  if (given === null) return { ...wish, given };
  const isFitting = wish.name === 'auto' ? !deterministic || !isFused(given.table) : wish.name === given.table;
  if (!isFitting) {
    const expected = wish.name === 'auto' ? 'of a table that is deterministic' : `of ${wish.name}`;
    throw new NnpackError(
      'invalid-argument',
      `${who}: modules is of the table ${given.table}, expected one ${expected}`,
    );
  }
  return { ...wish, name: given.table, given };
}

function wishOf(who: string, kernels: unknown, deterministic: boolean): Omit<KernelsWish, 'given'> {
  if (kernels !== undefined) {
    return { who, name: expectOneOf(who, 'kernels', kernels, KERNELS, 'invalid-argument'), reason: '' };
  }
  const name = kernelsOfEnvironment();
  if (deterministic && isEmitted(name) && isFused(name)) {
    return { who, name: 'auto', reason: `NNPACK_KERNELS is ${name}, which is not deterministic as was asked for` };
  }
  return { who: 'NNPACK_KERNELS', name, reason: '' };
}

/** What `NNPACK_KERNELS` says, of contexts that name no kernels themselves. */
export function kernelsOfEnvironment(): 'auto' | KernelTableName {
  const value = environmentVariable('NNPACK_KERNELS') ?? '';
  return value === '' ? 'auto' : expectOneOf('environment', 'NNPACK_KERNELS', value, KERNELS, 'invalid-argument');
}

/** A table that runs here, with what it needs. */
interface Runnable {
  readonly table: KernelTable;
  readonly simd: SimdSetup | null;
}

interface ChosenKernels extends Runnable {
  /** Why it is not the fastest there is; empty when it is. */
  readonly reason: string;
}

const isEmitted = (name: string): name is SimdTableName => name.startsWith('simd');

/** The table that is asked for, or the fastest of those that this machine runs. */
export function chooseKernels(
  { who, name, reason, given }: KernelsWish,
  deterministic: boolean,
  arena: Arena,
  threads: number,
): ChosenKernels {
  if (name !== 'auto' && !isEmitted(name)) return { table: createKernelTable(name, arena), simd: null, reason };
  if (name !== 'auto') {
    const simd = setUp(name, arena, threads, given);
    if (typeof simd === 'string') {
      throw new NnpackError('unsupported-hardware', `${who}: kernels '${name}' cannot run: ${simd}`);
    }
    return { ...simd, reason: [reason, simd.reason].filter((each) => each !== '').join('; ') };
  }
  const width = startedWide() ? ('-wide' as const) : '';
  const tables: readonly SimdTableName[] = [`simd-relaxed${width}`, `simd${width}`];
  let why = '';
  for (const table of tables) {
    if (isFused(table) && (deterministic || refuseSimd(table) !== null)) continue;
    const simd = setUp(table, arena, threads, null);
    if (typeof simd !== 'string') return { ...simd, reason: reason || simd.reason };
    why = simd;
  }
  // The arena has said why, where its memory is not one of WebAssembly.
  return { table: createKernelTable('scalar', arena), simd: null, reason: arena.wasm === null ? reason : why };
}

/** An emitted table, or its narrow twin and why; or why neither can be made. */
function setUp(name: SimdTableName, arena: Arena, threads: number, given: GivenKernels | null): ChosenKernels | string {
  const refusal = refuseSimd(name) ?? withoutMemory(arena);
  if (refusal !== null) return refusal;
  const narrow = isWide(name) ? refuseWide() : null;
  const shared = arena.shared !== null;
  if (given !== null && given.shared !== shared) {
    const kinds = ['memory of its own', 'memory that threads share'];
    return `modules is for ${kinds[given.shared ? 1 : 0]}, expected one for ${kinds[shared ? 1 : 0]}`;
  }
  const modules = given === null ? compiledModules(shared) : { [wholeOf(given.table)]: given.module };
  const table = setUpSimd(narrow === null ? name : narrowTwin(name), arena, threads, modules);
  if (typeof table === 'string') return table;
  return { ...table, reason: narrow === null ? '' : `the kernels are not wide: ${narrow}` };
}

function withoutMemory(arena: Arena): string | null {
  return arena.wasm === null ? `the memory is ${arena.kind}, not one of WebAssembly` : null;
}

/** What has come to light of a table since contexts have it. */
export function reasonsSince(name: KernelTableName): string[] {
  if (!isEmitted(name) || !isWide(name)) return [];
  return familiesSwitchedOff(name).map((family) => `the ${family} are not wide: they gave other bits than narrow ones`);
}

/** An emitted table, or why it cannot be made. */
function setUpSimd(name: SimdTableName, arena: Arena, threads: number, modules: Modules): Runnable | string {
  const scratch = arena.reserve((threads * SCRATCH_BYTES) / 4);
  if (scratch === 0) return 'memoryLimit leaves no room for the scratch of emitted kernels';
  const simd = { modules, scratch };
  try {
    return { table: createKernelTable(name, arena, simd), simd };
  } catch (error) {
    return `emitted kernels could not be made (${textOf(error)})`;
  }
}
