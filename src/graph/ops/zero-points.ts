/** Values less their zero points. */
import type { InputTypes, OpNode } from '../node.ts';
import type { DoubleTensor } from '../values.ts';
import { mapStretched } from './broadcast.ts';
import { isByte } from './ranges.ts';
import { expectType } from './scales.ts';

/** A kernel or matrix whose first axis has a scale, or a zero point, for each place; or one for all. */
export function alongFirst({ shape, data }: DoubleTensor, rank: number): DoubleTensor {
  return shape.length === 1 ? { shape: [shape[0], ...Array(rank - 1).fill(1)], data } : { shape, data };
}

export function lessZeroPoint(x: DoubleTensor, zeroPoint: DoubleTensor | null | undefined): DoubleTensor {
  return zeroPoint ? mapStretched([x, zeroPoint], x.shape, (value, zero) => value - zero) : x;
}

/** @throws NnpackError unless the inputs at these places are bytes */
export function expectBytes(node: OpNode<unknown>, inputs: InputTypes, places: readonly number[]): void {
  for (const i of places) {
    const type = inputs[i];
    if (type) expectType(node, `input ${i}`, type.dtype, isByte);
  }
}
