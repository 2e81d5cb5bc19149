import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import { isNumber, stretched, TWO } from './elementwise.ts';
import { mayEqual } from './inputs.ts';
import type { NoAttributes, Operation } from './operation.ts';

const product = stretched({
  inputs: TWO,
  f: () => (x, slope) => (x < 0 ? x * slope : x),
  serves: isNumber,
});

/** x₀ where that is not negative, and x₀ · x₁ elsewhere; x₁ is stretched to the shape of x₀. */
export const parametricRelu: Operation<NoAttributes> = {
  ...product,
  infer(node, types) {
    const [x, slope] = types.map((type) => type?.shape ?? []);
    const made = product.infer(node, types);
    const shape = made[0]?.shape ?? [];
    // The slopes may not be stretched to more than there is.
    if (shape.length === x.length && shape.every((size, axis) => size === null || mayEqual(size, x[axis]))) return made;
    const text = `slopes are ${shapeText(slope)}, expected a shape that is stretched to that of the input, ${shapeText(x)}`;
    throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
  },
};
