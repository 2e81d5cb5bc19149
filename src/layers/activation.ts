import { type ActivationParameters, IDENTITY } from '../algorithms/algorithm.ts';
import { type FieldsOf, isRecord, readFields } from '../check/options.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';

/** What a layer applies to its outputs before it stores them. */
export type ActivationOption =
  | 'identity'
  | 'relu'
  | { readonly type: 'leaky'; readonly slope: number }
  | { readonly type: 'clamp'; readonly min: number; readonly max: number };

export const RELU: ActivationParameters = Object.freeze({ slope: 1, low: 0, high: Infinity });

/** x where it is positive, slope · x elsewhere; the slope has been checked. */
export function leakyRelu(slope: number): ActivationParameters {
  return Object.freeze({ slope, low: -Infinity, high: Infinity });
}

/** Every field that one of the records has. */
interface ActivationFields {
  readonly type?: unknown;
  readonly slope?: unknown;
  readonly min?: unknown;
  readonly max?: unknown;
}

const FIELDS: FieldsOf<ActivationFields> = { type: true, slope: true, min: true, max: true };

export function checkActivation(who: string, activation: unknown): ActivationParameters {
  if (activation === undefined || activation === 'identity') return IDENTITY;
  if (activation === 'relu') return RELU;
  const fields = isRecord(activation)
    ? readFields<ActivationFields>(who, 'activation', activation, FIELDS, 'invalid-activation')
    : {};
  if (fields.type === 'leaky') return leaky(who, fields);
  if (fields.type === 'clamp') return clamp(who, fields);
  const hint = typeof activation === 'string' ? didYouMean(activation, ['identity', 'relu']) : '';
  throw new NnpackError(
    'invalid-activation',
    `${who}: activation is ${show(activation)}, expected 'identity', 'relu', { type: 'leaky', slope } or { type: 'clamp', min, max }${hint}`,
  );
}

function leaky(who: string, { slope, min, max }: ActivationFields): ActivationParameters {
  if (typeof slope !== 'number' || !Number.isFinite(slope) || slope < 0) {
    throw new NnpackError(
      'invalid-activation-parameters',
      `${who}: activation slope is ${show(slope)}, expected a finite number of at least 0`,
    );
  }
  if (min !== undefined || max !== undefined) throw needless(who, 'leaky', 'min or max', 'slope alone');
  return leakyRelu(slope);
}

function clamp(who: string, { slope, min, max }: ActivationFields): ActivationParameters {
  if (typeof min !== 'number' || typeof max !== 'number' || !(min <= max)) {
    throw new NnpackError(
      'invalid-activation-parameters',
      `${who}: activation clamps to ${show(min)} … ${show(max)}, expected two numbers in order`,
    );
  }
  if (slope !== undefined) throw needless(who, 'clamp', 'a slope', 'min and max alone');
  return Object.freeze({ slope: 1, low: min, high: max });
}

function needless(who: string, type: string, found: string, expected: string): NnpackError {
  const text = `${who}: activation of type '${type}' has ${found}, expected ${expected}`;
  return new NnpackError('invalid-activation-parameters', text);
}
