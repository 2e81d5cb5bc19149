import { isFloat } from '../values.ts';
import { SUMMAND } from './channel-forms.ts';
import { isNumber, stretched } from './elementwise.ts';
import { type NoAttributes, ONE_OR_MORE, type Operation } from './operation.ts';

/** x₀ + x₁ + …, from the left, stretched to one shape; where the shapes are equal it becomes an addition. */
export const sum: Operation<NoAttributes> = {
  ...stretched({
    inputs: ONE_OR_MORE,
    f:
      () =>
      (...terms) =>
        terms.reduce((a, b) => a + b),
    serves: isNumber,
    combination: 'add',
  }),
  isCommutative: true,
  byChannels: { behind: SUMMAND, before: SUMMAND },
  specialise({ inputs }, types) {
    const [first, ...others] = types.map((type) => type && isFloat(type.dtype) && String(type.shape));
    const isOne = typeof first === 'string' && others.length > 0 && others.every((shape) => shape === first);
    return isOne ? { op: 'addition', inputs, attributes: {} } : null;
  },
};
