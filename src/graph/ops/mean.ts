import { isFloat } from '../values.ts';
import { stretched } from './elementwise.ts';
import { ONE_OR_MORE } from './operation.ts';

/** (x₀ + x₁ + …) / n for n inputs, stretched to one shape. */
export const mean = stretched({
  inputs: ONE_OR_MORE,
  f:
    () =>
    (...terms) =>
      terms.reduce((a, b) => a + b) / terms.length,
  serves: isFloat,
});
