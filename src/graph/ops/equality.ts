import { stretched, TWO } from './elementwise.ts';

/** Whether x₀ = x₁, stretched to one shape; NaN is equal to nothing. */
export const equality = stretched({ inputs: TWO, f: () => (a, b) => Number(a === b), dtype: 'bool' });
