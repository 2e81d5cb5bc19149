import { FACTOR } from './channel-forms.ts';
import { isNumber, stretched, TWO } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** x₀ · x₁, stretched to one shape. */
export const multiplication: Operation<NoAttributes> = {
  ...stretched({
    inputs: TWO,
    f: () => (a, b) => a * b,
    serves: isNumber,
    combination: 'multiply',
  }),
  isCommutative: true,
  byChannels: { behind: FACTOR, before: FACTOR },
};
