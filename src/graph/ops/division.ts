import { isFloat } from '../values.ts';
import { exactReciprocal, FACTOR } from './channel-forms.ts';
import { isNumber, stretched, TWO } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** x₀ / x₁, stretched to one shape; of whole numbers without what is behind the point. */
export const division: Operation<NoAttributes> = {
  ...stretched({
    inputs: TWO,
    f: (dtype) => (isFloat(dtype) ? (a, b) => a / b : (a, b) => Math.trunc(a / b)),
    serves: isNumber,
    combination: 'divide',
  }),
  byChannels: { behind: { ...FACTOR, scale: exactReciprocal }, before: null },
};
