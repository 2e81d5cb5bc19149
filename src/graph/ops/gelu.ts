import { erfc } from '../../maths/error-function.ts';
import { parseFlag } from '../parse-values.ts';
import { unaryWith } from './elementwise.ts';

/** x · Φ(x), Φ being the normal distribution; approximately x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))). */
export interface GeluAttributes {
  /** Whether it is the approximation; not by itself. */
  readonly isApproximate?: boolean;
}

export const gelu = unaryWith<GeluAttributes>(
  { isApproximate: true },
  (who, { isApproximate }) => ({ isApproximate: parseFlag(who, 'isApproximate', isApproximate) }),
  ({ isApproximate }) => (isApproximate ? approximate : exact),
);

/** Φ(x) = erfc(−x/√2) / 2 tells small results apart, as 1 + erf does not. */
function exact(x: number): number {
  return 0.5 * x * erfc(-x * Math.SQRT1_2);
}

function approximate(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
}
