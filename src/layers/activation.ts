import { type Activation, IDENTITY } from '../algorithms/algorithm.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';

/** What a layer applies to its outputs before it stores them. */
export type ActivationOption =
  | 'identity'
  | 'relu'
  | { readonly type: 'leaky'; readonly slope: number }
  | { readonly type: 'clamp'; readonly min: number; readonly max: number };

const RELU: Activation = Object.freeze({ slope: 1, low: 0, high: Infinity });

export function checkActivation(who: string, activation: unknown): Activation {
  if (activation === undefined || activation === 'identity') return IDENTITY;
  if (activation === 'relu') return RELU;
  const { type, slope, min, max } = (activation ?? {}) as {
    type?: unknown;
    slope?: unknown;
    min?: unknown;
    max?: unknown;
  };
  if (type === 'leaky') {
    if (typeof slope !== 'number' || !Number.isFinite(slope) || slope < 0) {
      throw new NnpackError(
        'invalid-activation-parameters',
        `${who}: activation slope is ${show(slope)}, expected a finite number of at least 0`,
      );
    }
    return { slope, low: -Infinity, high: Infinity };
  }
  if (type === 'clamp') {
    if (typeof min !== 'number' || typeof max !== 'number' || !(min <= max)) {
      throw new NnpackError(
        'invalid-activation-parameters',
        `${who}: activation clamps to ${show(min)} … ${show(max)}, expected two numbers in order`,
      );
    }
    return { slope: 1, low: min, high: max };
  }
  const hint = typeof activation === 'string' ? didYouMean(activation, ['identity', 'relu']) : '';
  throw new NnpackError(
    'invalid-activation',
    `${who}: activation is ${show(activation)}, expected 'identity', 'relu', { type: 'leaky', slope } or { type: 'clamp', min, max }${hint}`,
  );
}
