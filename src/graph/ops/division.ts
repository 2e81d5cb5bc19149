import { isFloat } from '../values.ts';
import { isNumber, stretched, TWO } from './elementwise.ts';

/** x₀ / x₁, stretched to one shape; of whole numbers without what is behind the point. */
export const division = stretched({
  inputs: TWO,
  f: (dtype) => (isFloat(dtype) ? (a, b) => a / b : (a, b) => Math.trunc(a / b)),
  serves: isNumber,
  combination: 'divide',
});
