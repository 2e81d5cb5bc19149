/** Whole numbers that stand for real ones: roundings, ranges, scales for axes and blocks, exact sums. */
import { describe, expect, it } from 'vitest';
import { runByDefinition } from '../../../src/graph/evaluate.ts';
import type { Node } from '../../../src/graph/graph.ts';
import { operationOf } from '../../../src/graph/ops/table.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { type DoubleTensor, type Dtype, parameterOf } from '../../../src/graph/values.ts';

const tensor = (shape: readonly number[], numbers: readonly number[], dtype: Dtype = 'float32'): DoubleTensor => {
  return { shape, data: Float64Array.from(numbers), dtype };
};

/** What a node makes of constants, rounded to its types. */
function made(op: string, attributes: object, ...inputs: readonly DoubleTensor[]): readonly number[] {
  const names = inputs.map((_, i) => `p${i}`);
  const node = { name: 'y', op, inputs: names, outputs: ['y'], attributes } as unknown as Node;
  const parameters = new Map(
    inputs.map((input, i) => [names[i], parameterOf(input, input.dtype ?? 'float32', 'constant')] as const),
  );
  const graph = parseGraph({ name: 'g', inputs: new Map(), parameters, nodes: [node], outputs: ['y'] });
  return [...(runByDefinition(graph, new Map()).get('y') as DoubleTensor).data];
}

describe('quantisation', () => {
  const one = tensor([], [1]);
  it('rounds halves to even, adds the zero point behind that, and keeps to the range', () => {
    const x = tensor([8], [0.5, 1.5, -0.5, -1.5, 2.5, 1000, -1000, Infinity]);
    expect(made('quantisation', { axis: 1 }, x, one, tensor([], [1], 'int8'))).toEqual([
      1, 3, 1, -1, 3, 127, -128, 127,
    ]);
    expect(made('quantisation', { axis: 1 }, x, one)).toEqual([0, 2, 0, 0, 2, 255, 0, 255]);
  });

  it('divides in the precision of its scale, or in the one told', () => {
    const small = tensor([1], [100.03125]);
    expect(made('quantisation', { axis: 1 }, small, tensor([], [8]))).toEqual([13]);
    // 100.03125 is 100 in half precision, and 12.5 is a half.
    expect(made('quantisation', { axis: 1 }, small, tensor([], [8], 'float16'))).toEqual([12]);
    expect(made('quantisation', { axis: 1, precision: 'float16' }, small, tensor([], [8]))).toEqual([12]);
  });

  it('has a scale for each place of an axis, or for blocks of it', () => {
    const x = tensor([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(made('dequantisation', { axis: 0 }, { ...x, dtype: 'int8' }, tensor([2], [1, 10]))).toEqual([
      1, 2, 3, 4, 50, 60, 70, 80,
    ]);
    const scales = tensor([2, 2], [1, 10, 100, 1000]);
    const zeros = tensor([2, 2], [0, 1, 2, 3], 'int8');
    const blocks = { axis: -1, blockSize: 3 };
    expect(made('dequantisation', blocks, { ...x, dtype: 'int8' }, scales, zeros)).toEqual([
      1, 2, 3, 30, 300, 400, 500, 5000,
    ]);
  });

  it('refuses scales that do not fit', () => {
    expect(() => made('quantisation', { axis: 1 }, tensor([2, 3], [1, 2, 3, 4, 5, 6]), tensor([2], [1, 1]))).toThrow(
      "node 'y' (quantisation): scales and zero points of a value [2, 3] are [2], expected one or [3]",
    );
  });

  it('of numbers that ask for their own scale has 0 among them', () => {
    const node = { name: 'y', op: 'dynamic-quantisation', inputs: ['x'], outputs: ['y', 's', 'z'], attributes: {} };
    const read = (x: DoubleTensor) =>
      operationOf({ op: 'dynamic-quantisation' })
        .reference(node, [x])
        .map(({ data }) => [...data]);
    expect(read(tensor([3], [-51, 0, 204]))).toEqual([[0, 51, 255], [1], [51]]);
    expect(read(tensor([2], [51, 255]))).toEqual([[51, 255], [1], [0]]);
    expect(read(tensor([2], [0, 0]))).toEqual([[0, 0], [0], [0]]);
  });
});

describe('sums of whole numbers', () => {
  it('of windows count padding as the zero point, with one for each channel of the kernel', () => {
    const x = tensor([1, 1, 3], [11, 12, 13], 'uint8');
    const w = tensor([2, 1, 2], [1, 2, 3, 5], 'int8');
    const zeros = [tensor([], [10], 'uint8'), tensor([2], [0, 1], 'int8')];
    // x − 10 is 1, 2, 3 between zeros; the kernels are 1, 2 and 2, 4.
    const expected = [2, 5, 8, 3, 4, 10, 16, 6];
    expect(made('integer-convolution', { padding: [1, 1] }, x, w, ...zeros)).toEqual(expected);
    const same = { padding: 'same-upper', strides: [2] };
    expect(made('integer-convolution', same, x, w, ...zeros)).toEqual([5, 3, 10, 6]);
  });

  it('are exact beyond the 24 bits of single precision', () => {
    const terms = 2 ** 10;
    const a = tensor([1, terms], Array(terms).fill(255), 'uint8');
    const b = tensor([terms, 1], [...Array(terms - 1).fill(255), 254], 'uint8');
    expect(made('integer-matrix-product', {}, a, b)).toEqual([terms * 255 * 255 - 255]);
  });

  it('of matrices have scales and zero points for rows and columns', () => {
    const a = tensor([2, 2], [1, 2, 3, 4], 'uint8');
    const b = tensor([2, 2], [1, 2, 3, 4], 'int8');
    const rows = tensor([2], [1, 2], 'uint8');
    const columns = tensor([2], [0, 1], 'int8');
    // [0 1; 1 2] · [1 1; 3 3] = [3 3; 7 7]
    expect(made('integer-matrix-product', {}, a, b, rows, columns)).toEqual([3, 3, 7, 7]);
    const scaled = [
      a,
      tensor([2], [1, 2]),
      rows,
      b,
      tensor([2], [1, 4]),
      columns,
      tensor([], [2]),
      tensor([], [1], 'int8'),
    ];
    // 1½, 6, 7 and 28, halves to even, and 1 more
    expect(made('quantised-matrix-product', {}, ...scaled)).toEqual([3, 7, 8, 29]);
  });

  it('of quantised windows take the bias before they are scaled', () => {
    const x = tensor([1, 1, 2], [3, 4], 'uint8');
    const w = tensor([2, 1, 1], [1, 2], 'int8');
    const [scale, zero] = [tensor([], [1]), tensor([], [2], 'uint8')];
    const kernel = [w, tensor([2], [0.5, 1]), tensor([2], [0, 0], 'int8')];
    const pixels = made(
      'quantised-convolution',
      {},
      x,
      scale,
      zero,
      ...kernel,
      tensor([], [1]),
      zero,
      tensor([2], [4, -9], 'int32'),
    );
    // (1, 2) + 4 halved is 2½ and 3; (2, 4) − 9 is below 0.
    expect(pixels).toEqual([4, 5, 0, 0]);
  });
});
