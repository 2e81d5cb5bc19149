import { isNumber, stretched, TWO } from './elementwise.ts';

/** x₀ where that is not negative, and x₀ · x₁ elsewhere; x₁ is stretched to the shape of x₀. */
export const parametricRelu = stretched({
  inputs: TWO,
  f: () => (x, slope) => (x < 0 ? x * slope : x),
  serves: isNumber,
});
