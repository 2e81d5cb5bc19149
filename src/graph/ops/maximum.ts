import { isNumber, stretched } from './elementwise.ts';
import { ONE_OR_MORE } from './operation.ts';

/** The greatest of x₀, x₁, …, stretched to one shape; NaN if one of them is. */
export const maximum = stretched({ inputs: ONE_OR_MORE, f: () => Math.max, serves: isNumber, combination: 'maximum' });
