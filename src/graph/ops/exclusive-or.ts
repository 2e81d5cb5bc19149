import { isTruth, stretched, TWO } from './elementwise.ts';

/** Whether just one of x₀ and x₁ is true, stretched to one shape. */
export const exclusiveOr = stretched({ inputs: TWO, f: () => (a, b) => Number(a !== b), serves: isTruth });
