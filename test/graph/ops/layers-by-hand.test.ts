/** What is easily got wrong in layers over any number of axes, by numbers that were worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { OpName } from '../../../src/graph/ops/table.ts';
import { runGraph } from '../../../src/graph/run-graph.ts';
import type { Dtype } from '../../../src/graph/values.ts';
import { defined, NODE_EPSILON, oneNode } from './one-node.ts';

type Given = readonly [shape: readonly number[], numbers: readonly number[]];
interface Case {
  readonly what: string;
  readonly op: OpName;
  readonly attributes: object;
  readonly inputs: readonly Given[];
  readonly expected: readonly Given[];
  readonly dtype?: Dtype;
}

const line = (...numbers: number[]): Given => [[1, 1, numbers.length], numbers];
const vector = (...numbers: number[]): Given => [[numbers.length], numbers];
const tensor = (shape: readonly number[], numbers: readonly number[]): Given => [shape, numbers];

const CASES: readonly Case[] = [
  {
    what: 'a window that starts behind the input is none',
    op: 'max-pooling-nd',
    attributes: { size: [2], stride: [3], padding: { before: [0], after: [1] }, mayHangOver: true },
    inputs: [line(1, 2, 3)],
    expected: [line(2)],
  },
  {
    what: 'neither are several',
    op: 'max-pooling-nd',
    attributes: { size: [1], padding: { before: [0], after: [3] }, mayHangOver: true },
    inputs: [line(1, 2)],
    expected: [line(1, 2)],
  },
  {
    what: 'a window that starts behind the input is one where they are kept',
    op: 'max-pooling-nd',
    attributes: { size: [2], stride: [3], mayHangOver: true, keepsOutside: true, least: -9 },
    inputs: [line(1, 2, 3, 4, 5, 6)],
    expected: [line(2, 5, -9)],
  },
  {
    what: 'its average is 0',
    op: 'average-pooling-nd',
    attributes: { size: [2], stride: [3], mayHangOver: true, keepsOutside: true, countPadding: true },
    inputs: [line(1, 2, 3, 4, 5, 6)],
    expected: [line(1.5, 4.5, 0)],
  },
  ...(['max-pooling-nd', 'max-pooling', 'global-max-pooling'] as const).map((op) => ({
    what: 'NaN and what is below the least number give that number',
    op,
    attributes: {
      'max-pooling-nd': { size: [1, 4], least: -9 },
      'max-pooling': { poolingSize: { height: 1, width: 4 }, least: -9 },
      'global-max-pooling': { least: -9 },
    }[op],
    inputs: [tensor([3, 1, 1, 4], [NaN, 2, NaN, 1, NaN, NaN, NaN, NaN, -Infinity, -10, -9.5, -Infinity])],
    expected: [tensor([3, 1, 1, 1], [2, -9, -9])],
  })),
  {
    what: 'adaptive windows overlap',
    op: 'adaptive-average-pooling',
    attributes: { size: [2] },
    inputs: [line(1, 2, 3)],
    expected: [line(1.5, 2.5)],
  },
  {
    what: 'there may be more adaptive windows than elements',
    op: 'adaptive-average-pooling',
    attributes: { size: [3] },
    inputs: [line(1, 3)],
    expected: [line(1, 2, 3)],
  },
  {
    what: 'a sum leaves padding out',
    op: 'sum-pooling',
    attributes: { size: [2], stride: [2], padding: { before: [1], after: [1] } },
    inputs: [line(1, 2, 3, 4)],
    expected: [line(1, 5, 4)],
  },
  {
    what: 'what hangs over the padding is no divisor',
    op: 'average-pooling-nd',
    attributes: {
      size: [3],
      stride: [2],
      padding: { before: [1], after: [1] },
      mayHangOver: true,
      countPadding: true,
    },
    inputs: [line(1, 2, 3, 4)],
    expected: [line(1, 3, 2)],
  },
  {
    what: 'padding is no divisor unless it counts',
    op: 'average-pooling-nd',
    attributes: { size: [3], stride: [2], padding: { before: [1], after: [1] }, mayHangOver: true },
    inputs: [line(1, 2, 3, 4)],
    expected: [line(1.5, 3, 4)],
  },
  {
    what: 'padding that is the same is as wide as a dilated window needs',
    op: 'average-pooling-nd',
    attributes: { size: [2], dilation: [2], padding: 'same' },
    inputs: [line(1, 2, 3, 4, 5, 6)],
    expected: [line(2, 2, 3, 4, 5, 5)],
  },
  {
    what: 'a window of one element has no padding that is the same',
    op: 'max-pooling-nd',
    attributes: { size: [1], stride: [2], padding: 'same-lower' },
    inputs: [line(1, 2, 3, 4, 5, 6)],
    expected: [line(1, 3, 5)],
  },
  {
    what: 'places count the elements of all planes',
    op: 'max-pooling-nd',
    attributes: { size: [2, 2] },
    inputs: [tensor([1, 2, 2, 3], [1, 5, 2, 3, 4, 6, 9, 0, 0, 0, 0, 9])],
    expected: [tensor([1, 2, 1, 2], [5, 6, 9, 9]), tensor([1, 2, 1, 2], [1, 5, 6, 11])],
  },
  {
    what: 'places count columns where the first axis is innermost',
    op: 'max-pooling-nd',
    attributes: { size: [2, 2], firstAxisInnermost: true },
    inputs: [tensor([1, 2, 2, 3], [1, 5, 2, 3, 4, 6, 9, 0, 0, 0, 0, 9])],
    expected: [tensor([1, 2, 1, 2], [5, 6, 9, 9]), tensor([1, 2, 1, 2], [2, 5, 6, 11])],
  },
  {
    what: 'padding is less than all whole numbers',
    op: 'max-pooling-nd',
    attributes: { size: [2], padding: { before: [1], after: [0] } },
    inputs: [line(-128, -3)],
    expected: [line(-128, -3)],
    dtype: 'int8',
  },
  {
    what: 'a window shorter than the stride leaves zeros',
    op: 'transposed-convolution',
    attributes: { stride: [3], padding: 'same' },
    inputs: [line(1, 2, 3), line(1, 10)],
    expected: [line(1, 10, 0, 2, 20, 0, 3, 30, 0)],
  },
  {
    what: 'more padding of the output than a stride',
    op: 'transposed-convolution',
    attributes: { dilation: [2], outputPadding: [1] },
    inputs: [line(1, 2), line(1, 10), vector(0.5)],
    expected: [line(1.5, 2.5, 10.5, 20.5, 0.5)],
  },
  ...(['same', 'same-lower'] as const).map((padding) => ({
    what: `an output of a size takes the odd element away as ${padding} says`,
    op: 'transposed-convolution' as const,
    attributes: { padding, outputSize: [1] },
    inputs: [line(1), line(1, 2, 3, 4)],
    expected: [line(padding === 'same' ? 2 : 3)],
  })),
  {
    what: 'a vector has one channel',
    op: 'batch-normalisation-nd',
    attributes: { epsilon: 0 },
    inputs: [vector(1, 3), vector(2), vector(1), vector(1), vector(4)],
    expected: [vector(1, 3)],
  },
  {
    what: 'scales of groups',
    op: 'group-normalisation',
    attributes: { epsilon: 0, groups: 2, scalesGroups: true },
    inputs: [tensor([1, 4], [1, 3, 5, 9]), vector(1, 10), vector(0, 100)],
    expected: [tensor([1, 4], [-1, 1, 90, 110])],
  },
  {
    what: 'scales of channels',
    op: 'group-normalisation',
    attributes: { epsilon: 0, groups: 2 },
    inputs: [tensor([1, 4], [1, 3, 5, 9]), vector(1, 2, 3, 4), vector(0, 0, 0, 1)],
    expected: [tensor([1, 4], [-1, 2, -3, 5])],
  },
  {
    what: 'mean and inverse deviation',
    op: 'layer-normalisation',
    attributes: { axis: -1, epsilon: 0 },
    inputs: [tensor([2, 2], [1, 3, 5, 9]), vector(1, 10)],
    expected: [tensor([2, 2], [-1, 10, -1, 10]), tensor([2, 1], [2, 7]), tensor([2, 1], [1, 0.5])],
  },
  {
    what: 'all axes to the end are one',
    op: 'softmax-along-axis',
    attributes: { axis: 1, toEnd: true },
    inputs: [tensor([1, 2, 2], [0, 0, 0, 0])],
    expected: [tensor([1, 2, 2], [0.25, 0.25, 0.25, 0.25])],
  },
  {
    what: 'large numbers',
    op: 'log-softmax',
    attributes: { axis: 0 },
    inputs: [vector(1000, 0)],
    expected: [vector(0, -1000)],
  },
  {
    what: 'the first of equals',
    op: 'hardmax',
    attributes: { axis: 0 },
    inputs: [vector(1, 3, 3)],
    expected: [vector(0, 1, 0)],
  },
  {
    what: 'zeros have no direction',
    op: 'norm-normalisation',
    attributes: { axis: -1, order: 2 },
    inputs: [tensor([2, 2], [0, 0, 3, 4])],
    expected: [tensor([2, 2], [0, 0, 0.6, 0.8])],
  },
  {
    what: 'vectors have one product',
    op: 'matrix-product',
    attributes: {},
    inputs: [vector(1, 2), vector(3, 4)],
    expected: [tensor([], [11])],
  },
  {
    what: 'whole numbers, a summand for each row',
    op: 'matrix-product',
    attributes: { factor: 2, summandFactor: 3 },
    inputs: [tensor([2, 1], [1, 2]), tensor([1, 2], [3, 4]), tensor([2, 1], [1, 10])],
    expected: [tensor([2, 2], [9, 11, 42, 46])],
    dtype: 'int32',
  },
];

describe('layers over any number of axes', () => {
  it.each(CASES)('$op: $what', ({ op, attributes, inputs, expected, dtype }) => {
    const got = defined(op, attributes, inputs, { outputs: expected.length, dtype });
    expect(got.map(({ shape }) => shape)).toEqual(expected.map(([shape]) => shape));
    got.forEach(({ numbers }, i) => {
      numbers.forEach((value, at) => {
        expect(value).toBeCloseTo(expected[i][1][at], 12);
      });
    });
  });

  it.each([
    ['group-normalisation', { epsilon: 0, groups: 1 }],
    ['layer-normalisation', { axis: 1, epsilon: 0 }],
  ] as const)('%s: a mean of 10,000 beside a spread of 1', (op, attributes) => {
    const x = Float32Array.from({ length: 64 }, (_, i) => 10_000 + (i % 2 === 0 ? 1 : -1));
    const [one, zero] = [Float32Array.of(1), Float32Array.of(0)];
    const { graph } = oneNode(op, attributes, [[1, 1, 64], [1], [1]]);
    const { y0 } = runGraph(graph, {
      x0: { data: x, shape: [1, 1, 64] },
      x1: { data: one, shape: [1] },
      x2: { data: zero, shape: [1] },
    });
    for (const [i, value] of Array.from(y0.data as Float32Array).entries()) {
      expect(Math.abs(value - (i % 2 === 0 ? 1 : -1))).toBeLessThanOrEqual(2 * NODE_EPSILON);
    }
  });
});
