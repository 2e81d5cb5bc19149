/** Products of matrices of whole numbers, as NumPy's matmul: axes before the last two are stretched to one another. */
import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Shape } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { type Size, shapeText } from '../values.ts';
import { broadcastShape, stretchedStrides, walkStretched } from './broadcast.ts';
import type { DoubleTensor } from './double.ts';
import { mayEqual } from './inputs.ts';

/** A vector is a row on the left, and a column on the right. */
function asMatrices(a: readonly Size[], b: readonly Size[]): readonly [readonly Size[], readonly Size[]] {
  return [a.length === 1 ? [1, ...a] : a, b.length === 1 ? [...b, 1] : b];
}

export function integerProductShape(node: OpNode<unknown>, a: readonly Size[], b: readonly Size[]): Sizes {
  const [left, right] = asMatrices(a, b);
  const [rows, terms] = left.slice(-2);
  const [others, columns] = right.slice(-2);
  if (a.length === 0 || b.length === 0 || !mayEqual(terms, others)) {
    const text = `inputs are ${shapeText(a)} and ${shapeText(b)}, expected matrices of as many columns as rows`;
    throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
  }
  const batch = broadcastShape(node, [left.slice(0, -2), right.slice(0, -2)]);
  return [...batch, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])];
}

export function integerProduct(node: OpNode<unknown>, a: DoubleTensor, b: DoubleTensor): DoubleTensor {
  const [left, right] = asMatrices(a.shape, b.shape) as readonly [Shape, Shape];
  const [rows, terms] = left.slice(-2);
  const [columns] = right.slice(-1);
  const shape = integerProductShape(node, a.shape, b.shape) as Shape;
  const data = new Float64Array(sizeOf(shape));
  const [leftBatch, rightBatch] = [left.slice(0, -2), right.slice(0, -2)];
  const batch = broadcastShape(node, [leftBatch, rightBatch]) as Shape;
  const strides = [stretchedStrides(leftBatch, batch), stretchedStrides(rightBatch, batch)];
  walkStretched(batch, strides, (at, [leftAt, rightAt]) => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < terms; k++) {
          sum += a.data[(leftAt * rows + i) * terms + k] * b.data[(rightAt * terms + k) * columns + j];
        }
        data[(at * rows + i) * columns + j] = sum;
      }
    }
  });
  return { shape, data };
}
