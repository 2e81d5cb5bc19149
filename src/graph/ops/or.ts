import { isTruth, stretched, TWO } from './elementwise.ts';

/** Whether x₀ or x₁ is true, stretched to one shape. */
export const or = stretched({ inputs: TWO, f: () => (a, b) => Math.max(a, b), serves: isTruth });
