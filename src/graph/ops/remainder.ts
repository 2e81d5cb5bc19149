import { isNumber, stretched, TWO } from './elementwise.ts';

/** What is left of x₀ after whole multiples of x₁, with the sign of x₀; stretched to one shape. */
export const remainder = stretched({ inputs: TWO, f: () => (a, b) => a % b, serves: isNumber });
