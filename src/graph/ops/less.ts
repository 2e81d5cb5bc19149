import { isNumber, stretched, TWO } from './elementwise.ts';

/** Whether x₀ < x₁, stretched to one shape. */
export const less = stretched({ inputs: TWO, f: () => (a, b) => Number(a < b), serves: isNumber, dtype: 'bool' });
