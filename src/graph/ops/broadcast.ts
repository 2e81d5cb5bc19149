/**
 * Shapes that are stretched to one another, as NumPy does: axes are lined up from the last, and one of a single element
 * is repeated along those of the others.
 *
 *     [8, 1, 6]  with  [7, 1]  gives  [8, 7, 6]
 */
import { NnpackError } from '../../errors.ts';
import { denseStrides, sizeOf } from '../../tensor/ndarray.ts';
import type { Shape } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { type DoubleTensor, type Size, shapeText } from '../values.ts';

/** The most shapes that an error shows. */
const SHOWN_SHAPES = 6;

/** The shape that all of these are stretched to; a size is null where it depends on one that is not known. */
export function broadcastShape(
  node: Pick<OpNode<unknown>, 'name' | 'op'>,
  shapes: readonly (readonly Size[])[],
): Sizes {
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const known = sizes.filter((size) => typeof size === 'number' && size !== 1);
    const names = new Set(sizes.filter((size) => typeof size === 'string'));
    if (new Set(known).size > 1) {
      const shown = shapes.slice(0, SHOWN_SHAPES).map(shapeText);
      const more = shapes.length > SHOWN_SHAPES ? ` and ${shapes.length - SHOWN_SHAPES} more` : '';
      const text = `inputs are ${shown.join(' and ')}${more}, expected shapes that are equal but for sizes of 1`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
    }
    if (known.length > 0) return known[0];
    // One name alone stands for the size whether it turns out to be 1 or not.
    return names.size > 1 ? null : ([...names][0] ?? 1);
  });
}

/** Strides at which a dense tensor of a shape is read as if it had another, that it is stretched to. */
export function stretchedStrides(shape: Shape, to: Shape): readonly number[] {
  const own = denseStrides(shape);
  return to.map((_, axis) => {
    const at = axis - to.length + shape.length;
    return at < 0 || shape[at] === 1 ? 0 : own[at];
  });
}

/** Calls `visit` for every element of a shape, in order, with where the elements of stretched inputs stand. */
export function walkStretched(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (at: number, places: readonly number[]) => void,
): void {
  const count = sizeOf(shape);
  const index = shape.map(() => 0);
  const places = strides.map(() => 0);
  for (let at = 0; at < count; at++) {
    visit(at, places);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      for (let i = 0; i < places.length; i++) places[i] += strides[i][axis];
      if (++index[axis] < shape[axis]) break;
      for (let i = 0; i < places.length; i++) places[i] -= strides[i][axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** What a function of numbers makes of tensors that are stretched to one shape. */
export function mapStretched(
  inputs: readonly DoubleTensor[],
  shape: Shape,
  f: (...values: readonly number[]) => number,
): DoubleTensor {
  const data = new Float64Array(sizeOf(shape));
  const strides = inputs.map((input) => stretchedStrides(input.shape, shape));
  walkStretched(shape, strides, (at, places) => {
    data[at] = f(...inputs.map((input, i) => input.data[places[i]]));
  });
  return { shape, data };
}
