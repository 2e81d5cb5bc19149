/** Who computes: always this library, whatever is asked for, as the options may have been written for another. */
import { type FieldsOf, isRecord, readFields } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { didYouMean, isArray, NnpackError, show } from '../errors.ts';
import { type Check, wrong } from './checks.ts';

/**
 * This library as an execution provider, with a context of one's own: sessions run there, and it stays open when they are
 * released.
 *
 * @example
 * const context = await createContext({ threads: 2, deterministic: true });
 * const session = await InferenceSession.create(bytes, { executionProviders: [{ name: 'nnpack', context }] });
 */
export interface NnpackExecutionProviderOption {
  readonly name: 'nnpack';
  readonly context?: Context;
}

const FIELDS: FieldsOf<NnpackExecutionProviderOption> = { name: true, context: true };

/** Ours, and those of ONNX Runtime's packages. */
const NAMES: readonly string[] = [
  ...['nnpack', 'cpu', 'wasm', 'xnnpack', 'webgpu', 'webgl', 'webnn'],
  ...['cuda', 'dml', 'coreml', 'nnapi', 'tensorrt', 'qnn', 'js'],
];

export const providers: Check = (who, what, value) => {
  if (!isArray(value)) throw wrong(who, what, value, 'an array of names');
  for (const provider of value) expectProvider(`${who}: ${what}`, provider);
};

function expectProvider(who: string, provider: unknown): void {
  const name: unknown = isRecord(provider) ? (provider as { readonly name?: unknown }).name : provider;
  if (typeof name === 'string' && NAMES.includes(name)) return;
  const hint = typeof name === 'string' ? didYouMean(name, NAMES) : '';
  throw new NnpackError('invalid-argument', `${who} have ${show(name)}, expected one of ${NAMES.join(', ')}${hint}`);
}

/** The context that the provider of our name brings with it. */
export function contextOfProviders(who: string, list: readonly unknown[]): Context | undefined {
  for (const provider of list) {
    if (!isRecord(provider) || (provider as { readonly name?: unknown }).name !== 'nnpack') continue;
    const what = "execution provider 'nnpack'";
    const read = readFields<NnpackExecutionProviderOption>(who, what, provider, FIELDS, 'invalid-argument');
    if (read.context !== undefined) return contextOf(who, read.context);
  }
  return undefined;
}
