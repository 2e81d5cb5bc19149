import { isNumber, stretched, TWO } from './elementwise.ts';

/** What is left of x₀ after whole multiples of x₁, with the sign of x₁; stretched to one shape. */
export const modulo = stretched({
  inputs: TWO,
  f: () => (a, b) => {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  serves: isNumber,
});
