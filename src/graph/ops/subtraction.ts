import { SUMMAND } from './channel-forms.ts';
import { isNumber, stretched, TWO } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** x₀ − x₁, stretched to one shape. */
export const subtraction: Operation<NoAttributes> = {
  ...stretched({
    inputs: TWO,
    f: () => (a, b) => a - b,
    serves: isNumber,
    combination: 'subtract',
  }),
  byChannels: { behind: { ...SUMMAND, shift: (p) => -p }, before: { ...SUMMAND, scale: () => -1 } },
};
