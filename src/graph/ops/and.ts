import { isTruth, stretched, TWO } from './elementwise.ts';

/** Whether x₀ and x₁ are true, stretched to one shape. */
export const and = stretched({ inputs: TWO, f: () => (a, b) => a * b, serves: isTruth });
