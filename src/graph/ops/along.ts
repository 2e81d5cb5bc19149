/** The lines of elements along an axis. */
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Shape } from '../compiled.ts';
import type { DoubleTensor } from '../values.ts';

/** A dense shape as lines along an axis: element k of line (o, i) stands at (o · length + k) · inner + i. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export function linesAlong(shape: Shape, axis: number): Lines {
  return { outer: sizeOf(shape.slice(0, axis)), length: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/** Every line along an axis, in order. */
export function* linesOf({ shape, data }: DoubleTensor, axis: number): Generator<Float64Array> {
  const { outer, length, inner } = linesAlong(shape, axis);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      yield Float64Array.from({ length }, (_, k) => data[(o * length + k) * inner + i]);
    }
  }
}

/** A tensor of lines along an axis, which are all of one length and in order. */
export function ofLines(shape: Shape, axis: number, lines: Iterable<ArrayLike<number>>): DoubleTensor {
  const { length, inner } = linesAlong(shape, axis);
  const data = new Float64Array(sizeOf(shape));
  let at = 0;
  for (const line of lines) {
    const first = Math.floor(at / inner) * length * inner + (at % inner);
    for (let k = 0; k < length; k++) data[first + k * inner] = line[k];
    at++;
  }
  return { shape, data };
}
