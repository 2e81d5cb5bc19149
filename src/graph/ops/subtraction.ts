import { isNumber, stretched, TWO } from './elementwise.ts';

/** x₀ − x₁, stretched to one shape. */
export const subtraction = stretched({
  inputs: TWO,
  f: () => (a, b) => a - b,
  serves: isNumber,
  combination: 'subtract',
});
