import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denseStrides, sizeOf } from '../../src/tensor/ndarray.ts';
import { between, isSameInMemory, reordered, withoutAxes } from '../../src/tfjs/orders.ts';

const shapes = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 33, 70)), {
  minLength: 1,
  maxLength: 4,
});
const cases = shapes
  .filter((shape) => sizeOf(shape) <= 20_000)
  .chain((shape) => fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })));

describe('axes in another order', () => {
  it('have each element where its index goes', () => {
    fc.assert(
      fc.property(cases, ([shape, order]) => {
        const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
        const made = reordered(data, shape, order, new Float32Array(data.length).fill(NaN));
        const sizes = order.map((axis) => shape[axis]);
        const [from, to] = [denseStrides(shape), denseStrides(sizes)];
        for (let i = 0; i < made.length; i++) {
          const place = order.reduce((sum, axis, at) => sum + (Math.floor(i / to[at]) % sizes[at]) * from[axis], 0);
          if (made[i] !== place) expect.fail(`element ${i} of [${shape}] in [${order}] is ${made[i]}, not ${place}`);
        }
      }),
    );
  });

  it('are the same in memory where only axes of one element move', () => {
    expect(isSameInMemory(['N', 1, 'W', 3], [0, 1, 2, 3], [0, 2, 3, 1])).toBe(true);
    expect(isSameInMemory(['N', 2, 'W', 3], [0, 1, 2, 3], [0, 3, 1, 2])).toBe(false);
  });

  it('have the permutation between them, and an order without some of them', () => {
    expect(between([0, 3, 1, 2], [0, 1, 2, 3])).toEqual([0, 2, 3, 1]);
    expect(withoutAxes([0, 3, 1, 2], new Set([1, 2]))).toEqual([0, 1]);
    expect(withoutAxes([0, 3, 1, 2], new Set([2]))).toEqual([0, 2, 1]);
  });
});
