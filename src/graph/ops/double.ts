/**
 * What the references of operations are written with. They are the oracle of networks, so nothing here is shared with
 * what runs: windows are counted one by one, and even sides and pairs are read anew.
 */
import type { Padding, PerAxis } from '../../tensor/convolution-shape.ts';
import type { Activation } from '../attributes.ts';
import type { DoubleTensor } from '../values.ts';

export type { DoubleTensor } from '../values.ts';

/** A tensor by what stands at each index. */
export function build(shape: readonly number[], f: (index: readonly number[]) => number): DoubleTensor {
  const data = new Float64Array(shape.reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}

/** The element at an index; outside of the tensor there are zeros. */
export function at(x: DoubleTensor, index: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < x.shape.length; axis++) {
    if (index[axis] < 0 || index[axis] >= x.shape[axis]) return 0;
    place = place * x.shape[axis] + index[axis];
  }
  return x.data[place];
}

export function mapped(x: DoubleTensor, f: (v: number) => number): DoubleTensor {
  return { shape: x.shape, data: x.data.map(f) };
}

export function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

export function activated(v: number, activation: Activation | undefined): number {
  if (activation === undefined) return v;
  if (activation === 'relu') return Math.max(v, 0);
  if (activation.type === 'leaky') return v < 0 ? v * activation.slope : v;
  return Math.min(Math.max(v, activation.min), activation.max);
}

/** Where the windows along an axis begin: the elements before the first one, and how many windows there are. */
export type AxisWindows = readonly [before: number, count: number];

/** Windows counted one by one: all that end inside the padded input. */
export function validAxis(size: number, before: number, after: number, span: number, stride: number): AxisWindows {
  let count = 0;
  while (count * stride + span <= before + size + after) count++;
  return [before, count];
}

/** One more where the last of them leaves elements over, or there is none. */
export function fullAxis(size: number, before: number, after: number, span: number, stride: number): AxisWindows {
  const [, count] = validAxis(size, before, after, span, stride);
  const isOver = count === 0 || (count - 1) * stride + span < before + size + after;
  return [before, isOver ? count + 1 : count];
}

/** TensorFlow's 'same'. */
export function sameAxis(size: number, span: number, stride: number): AxisWindows {
  let count = 0;
  while (count * stride < size) count++;
  const missing = (count - 1) * stride + span - size;
  return [missing > 0 ? Math.floor(missing / 2) : 0, count];
}

export function pair(value: PerAxis): readonly [height: number, width: number] {
  return typeof value === 'number' ? [value, value] : [value.height, value.width];
}

export function around(padding: Padding) {
  if (typeof padding === 'number') return { top: padding, right: padding, bottom: padding, left: padding };
  return { top: 0, right: 0, bottom: 0, left: 0, ...padding };
}

/** An input that is not optional. */
export function present(tensor: DoubleTensor | null | undefined): DoubleTensor {
  if (tensor) return tensor;
  throw new TypeError('an input of a reference is missing');
}
