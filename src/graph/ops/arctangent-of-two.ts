import { isFloat } from '../values.ts';
import { stretched, TWO } from './elementwise.ts';

/** The angle at which the point (x₁, x₀) stands, from −π to π: the arctangent of x₀ / x₁ in the right quadrant. */
export const arctangentOfTwo = stretched({ inputs: TWO, f: () => Math.atan2, serves: isFloat });
