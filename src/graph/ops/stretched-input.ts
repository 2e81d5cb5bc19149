/** Inputs that are stretched to the shape of others, and never the other way round. */
import { NnpackError } from '../../errors.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { type Size, shapeText } from '../values.ts';

/** @throws NnpackError unless a shape may be stretched to another, where null is any size */
export function expectStretchedTo(
  node: Pick<OpNode<unknown>, 'name' | 'op'>,
  shape: readonly Size[] | null,
  to: Sizes,
): void {
  if (shape === null) return;
  const fits = shape.every((size, axis) => {
    const other = to[axis + to.length - shape.length];
    return typeof size !== 'number' || size === 1 || typeof other !== 'number' || size === other;
  });
  if (fits && shape.length <= to.length) return;
  const text = `an input is ${shapeText(shape)}, expected what may be stretched to ${shapeText(to)}`;
  throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
}
