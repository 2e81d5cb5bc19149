import { isNumber, stretched } from './elementwise.ts';
import { ONE_OR_MORE } from './operation.ts';

/** The least of x₀, x₁, …, stretched to one shape; NaN if one of them is. */
export const minimum = stretched({ inputs: ONE_OR_MORE, f: () => Math.min, serves: isNumber, combination: 'minimum' });
