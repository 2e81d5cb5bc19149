/** What operators of graph models compute, on numbers small enough for the head; the traps of real files among them. */
import { describe, expect, it } from 'vitest';
import { runGraph, simplifyGraph } from '../../src/graph/index.ts';
import {
  type Constant,
  flag,
  float,
  floats,
  graphFile,
  int,
  ints,
  list,
  type NodeDef,
  placeholder,
  read,
  table,
  text,
  texts,
  whole,
} from './graph-def.ts';

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a node makes of x and constants. */
async function made(
  x: Numbers,
  op: string,
  inputs: readonly ('x' | Constant)[],
  attr: NodeDef['attr'] = {},
  outputs = 1,
): Promise<readonly Numbers[]> {
  const constants = Object.fromEntries(inputs.flatMap((given, i) => (given === 'x' ? [] : [[`k${i}`, given]])));
  const node = { name: 'y', op, input: inputs.map((given, i) => (given === 'x' ? 'x' : `k${i}`)), attr };
  const named = Object.fromEntries(Array.from({ length: outputs }, (_, i) => [`y${i}`, `y:${i}`]));
  const { graph } = await read(graphFile([placeholder('x', x.shape), node], constants, named));
  const y = runGraph(graph, { x: { data: Float32Array.from(x.data), shape: x.shape } });
  return Object.values(y).map(({ data, shape }) => ({ shape, data: Array.from(data, Number) }));
}

const counting = (...shape: number[]): Numbers => {
  return { shape, data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1) };
};
const row = (...data: number[]): Numbers => ({ shape: [data.length], data });
const picture = (...data: number[]): Numbers => ({ shape: [1, 1, data.length, 1], data });
const VALID = { strides: ints(1, 1, 1, 1), padding: text('VALID'), data_format: text('NHWC') };
const SAME = { ...VALID, padding: text('SAME') };

describe('StridedSlice', () => {
  const slice = (x: Numbers, starts: number[], ends: number[], steps: number[], masks: NodeDef['attr'] = {}) =>
    made(x, 'StridedSlice', ['x', list(...starts), list(...ends), list(...steps)], masks);

  it('drops an axis beside one with a step', async () => {
    // x[1, ::2] of two rows of five
    const masks = { shrink_axis_mask: int(1), begin_mask: int(2), end_mask: int(2) };
    expect(await slice(counting(2, 5), [1, 0], [2, 0], [1, 2], masks)).toEqual([{ shape: [3], data: [6, 8, 10] }]);
    // x[:, 1, ::-2]
    const [y] = await slice(counting(2, 2, 5), [0, 1, 0], [0, 2, 0], [1, 1, -2], {
      ...{ shrink_axis_mask: int(2), begin_mask: int(5), end_mask: int(5) },
    });
    expect(y).toEqual({ shape: [2, 3], data: [10, 8, 6, 20, 18, 16] });
  });

  it('takes the last element by −1, whatever the end', async () => {
    expect(await slice(row(1, 2, 3), [-1], [0], [1], { shrink_axis_mask: int(1) })).toEqual([{ shape: [], data: [3] }]);
  });

  it('counts axes around an ellipsis, and puts new ones in', async () => {
    // x[..., 0] and x[:, newaxis, ..., 1:]
    const [last] = await slice(counting(2, 2, 2), [0, 0], [0, 1], [1, 1], {
      ellipsis_mask: int(1),
      shrink_axis_mask: int(2),
    });
    expect(last).toEqual({ shape: [2, 2], data: [1, 3, 5, 7] });
    const [wide] = await slice(counting(2, 2, 2), [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1], {
      ...{ new_axis_mask: int(2), ellipsis_mask: int(4), begin_mask: int(1), end_mask: int(9) },
    });
    expect(wide).toEqual({ shape: [2, 1, 2, 1], data: [2, 4, 6, 8] });
  });

  it('goes backwards to before the first element', async () => {
    expect(await slice(row(1, 2, 3, 4), [2], [0], [-1], { end_mask: int(1) })).toEqual([
      { shape: [3], data: [3, 2, 1] },
    ]);
    expect(await slice(row(1, 2, 3, 4), [-1], [-3], [-1])).toEqual([{ shape: [2], data: [4, 3] }]);
    expect(await slice(row(1, 2, 3, 4), [1], [99], [1])).toEqual([{ shape: [3], data: [2, 3, 4] }]);
  });
});

describe('what is fused into a node', () => {
  const kernel = floats([1, 1, 1, 1], 2);
  const fused = (ops: string[], others: Constant[], attr: NodeDef['attr'] = {}) => {
    const all = { ...VALID, fused_ops: texts(...ops), num_args: int(others.length), ...attr };
    return made(picture(-2, 1, 4), '_FusedConv2D', ['x', kernel, ...others], all);
  };
  const bias = floats([1], 1);

  it.each([
    [['BiasAdd'], [-3, 3, 9]],
    [
      ['BiasAdd', 'Relu'],
      [0, 3, 9],
    ],
    [
      ['BiasAdd', 'Relu6'],
      [0, 3, 6],
    ],
    [
      ['BiasAdd', 'Elu'],
      [Math.fround(Math.expm1(-3)), 3, 9],
    ],
    [
      ['BiasAdd', 'LeakyRelu'],
      [-1.5, 3, 9],
    ],
  ])('%j', async (ops, expected) => {
    expect(await fused(ops, [bias], { leakyrelu_alpha: float(0.5) })).toEqual([
      { shape: [1, 1, 3, 1], data: expected },
    ]);
  });

  it('is Prelu with slopes behind the bias', async () => {
    const [y] = await fused(['BiasAdd', 'Prelu'], [bias, floats([1, 1, 1], 0.25)]);
    expect(y.data).toEqual([-0.75, 3, 9]);
  });

  it('has the slope of TensorFlow where none is told', async () => {
    expect((await fused(['BiasAdd', 'LeakyRelu'], [bias]))[0].data[0]).toBeCloseTo(-0.6, 6);
  });

  it('is a batch normalisation, whose numbers lie behind the kernel', async () => {
    // (2x − 1) / √(3.75 + 0.25) · 4 + 3
    const statistics = [floats([1], 4), floats([1], 3), floats([1], 1), floats([1], 3.75)];
    const [y] = await fused(['FusedBatchNorm', 'Relu'], statistics, { epsilon: float(0.25) });
    expect(y.data).toEqual([0, 5, 17]);
  });

  it('may be a bias that has kept its axes', async () => {
    expect((await fused(['BiasAdd'], [floats([1, 1, 1, 1], 1)]))[0].data).toEqual([-3, 3, 9]);
  });

  it('goes with depthwise kernels and matrices too', async () => {
    const x = { shape: [1, 1, 1, 2], data: [-1, 2] };
    // two outputs of each channel, one after the other
    const depthwise = floats([1, 1, 2, 2], 1, 2, 3, 4);
    const attr = { ...VALID, fused_ops: texts('BiasAdd', 'Relu6') };
    const [y] = await made(x, 'FusedDepthwiseConv2dNative', ['x', depthwise, floats([4], 1, 1, 1, -3)], attr);
    expect(y).toEqual({ shape: [1, 1, 1, 4], data: [0, 0, 6, 5] });
    const matrix = floats([2, 2], 1, 2, 3, 4);
    const [z] = await made({ shape: [1, 2], data: [-1, 1] }, '_FusedMatMul', ['x', matrix, floats([2], -3, 1)], {
      fused_ops: texts('BiasAdd', 'Relu'),
    });
    expect(z).toEqual({ shape: [1, 2], data: [0, 3] });
  });
});

describe('convolutions', () => {
  it.each([
    ['SAME: the odd zero is behind', SAME, [1, 2, 2, 1], { shape: [1, 1, 2, 1], data: [3, 7] }],
    ['SAME, stride 1', SAME, [1, 1, 1, 1], { shape: [1, 1, 4, 1], data: [3, 5, 7, 4] }],
    ['VALID', VALID, [1, 1, 2, 1], { shape: [1, 1, 2, 1], data: [3, 7] }],
  ])('%s', async (_, attr, strides, expected) => {
    const all = { ...attr, strides: ints(...strides) };
    expect(await made(picture(1, 2, 3, 4), 'Conv2D', ['x', floats([1, 2, 1, 1], 1, 1)], all)).toEqual([expected]);
  });

  it('may have groups, and sides that are told', async () => {
    const x = { shape: [1, 1, 2, 2], data: [1, 10, 2, 20] };
    const attr = { ...VALID, padding: text('EXPLICIT'), explicit_paddings: ints(0, 0, 0, 0, 2, 1, 0, 0) };
    const [y] = await made(x, 'Conv2D', ['x', floats([1, 2, 1, 2], 1, 1, 2, 3)], attr);
    // Two groups of one channel each; kernels (1, 2) and (1, 3) over 0 0 x₀ x₁ 0.
    expect(y).toEqual({ shape: [1, 1, 4, 2], data: [0, 0, 2, 30, 5, 70, 2, 20] });
  });

  it('read pictures that lie channels first', async () => {
    const x = { shape: [1, 2, 1, 2], data: [1, 2, 10, 20] };
    const attr = { ...VALID, data_format: text('NCHW') };
    const [y] = await made(x, 'Conv2D', ['x', floats([1, 1, 2, 1], 1, 1)], attr);
    expect(y).toEqual({ shape: [1, 1, 1, 2], data: [11, 22] });
  });

  it.each([
    // 1·k 2·k scattered at stride 2: 1 10 102 20 200
    ['SAME', 4, [1, 10, 102, 20]],
    ['SAME', 3, [10, 102, 20]],
    ['VALID', 5, [1, 10, 102, 20, 200]],
    ['VALID', 6, [1, 10, 102, 20, 200, 0]],
  ])('turned around, %s, give the size that is told: %i', async (padding, size, expected) => {
    const kernel = floats([1, 3, 1, 1], 1, 10, 100);
    const attr = { ...VALID, padding: text(padding), strides: ints(1, 1, 2, 1) };
    const [y] = await made(picture(1, 2), 'Conv2DBackpropInput', [list(1, 1, size, 1), kernel, 'x'], attr);
    expect(y).toEqual({ shape: [1, 1, size, 1], data: expected });
  });

  it('turned around fill what a kernel smaller than its stride leaves', async () => {
    const attr = { ...SAME, strides: ints(1, 1, 3, 1) };
    const [y] = await made(
      picture(1, 2),
      'Conv2DBackpropInput',
      [list(1, 1, 6, 1), floats([1, 1, 1, 1], 5), 'x'],
      attr,
    );
    expect(y.data).toEqual([5, 0, 0, 10, 0, 0]);
  });
});

describe('a dilation that is written as batches of pictures', () => {
  /** x in blocks of two columns, a convolution, and back. */
  async function read2(
    paddings: number[],
    crops: number[],
    extra: NodeDef[] = [],
    outputs: Record<string, string> = {},
  ) {
    const nodes = [
      placeholder('x', [-1, 1, 5, 1]),
      { name: 'apart', op: 'SpaceToBatchND', input: ['x', 'block', 'paddings'] },
      { name: 'conv', op: 'Conv2D', input: ['apart', 'kernel'], attr: VALID },
      { name: 'y', op: 'BatchToSpaceND', input: ['conv', 'block', 'crops'] },
      ...extra,
    ];
    const constants = {
      block: list(1, 2),
      paddings: table([0, 0], paddings),
      crops: table([0, 0], crops),
      kernel: floats([1, 2, 1, 1], 1, 10),
    };
    const { graph } = await read(graphFile(nodes, constants, { y: 'y', ...outputs }));
    const y = runGraph(graph, { x: { data: Float32Array.of(1, 2, 3, 4, 5), shape: [1, 1, 5, 1] } });
    return { data: [...y.y.data], ops: simplifyGraph(graph).nodes.map(({ op }) => op), y };
  }

  it('is one again', async () => {
    // 0 0 1 2 3 4 5 and one zero that is cut off again: x[i − 2] + 10 x[i]
    const { data, ops } = await read2([2, 1], [0, 1]);
    expect(data).toEqual([10, 20, 31, 42, 53]);
    // One channel lies alike in either order.
    expect(ops.filter((op) => op !== 'reshape')).toEqual(['convolution']);
  });

  it('stays what it is where more is cut off than was put on, or another reads the parts', async () => {
    const { data, ops } = await read2([0, 1], [1, 1]);
    // x[i] + 10 x[i + 2] from i = 1 on, and 5 is followed by zeros
    expect(data).toEqual([42, 53]);
    expect(ops).toContain('transpose');
    const other = await read2([2, 1], [0, 1], [], { inner: 'conv' });
    expect(other.data).toEqual([10, 20, 31, 42, 53]);
    expect(other.y.inner.shape).toEqual([2, 1, 3, 1]);
  });

  it('is one of sequences too, with an axis put in before and taken out behind', async () => {
    const nodes = [
      placeholder('x', [-1, 5, 1]),
      { name: 'apart', op: 'SpaceToBatchND', input: ['x', 'block', 'paddings'] },
      { name: 'plane', op: 'ExpandDims', input: ['apart', 'axis'] },
      { name: 'conv', op: 'Conv2D', input: ['plane', 'kernel'], attr: VALID },
      { name: 'line', op: 'Squeeze', input: ['conv'], attr: { squeeze_dims: ints(1) } },
      { name: 'y', op: 'BatchToSpaceND', input: ['line', 'block', 'crops'] },
    ];
    const constants = {
      ...{ block: list(2), paddings: table([2, 1]), crops: table([0, 1]), axis: whole(1) },
      kernel: floats([1, 2, 1, 1], 1, 10),
    };
    const { graph } = await read(graphFile(nodes, constants, { y: 'y' }));
    const { y } = runGraph(graph, { x: { data: Float32Array.of(1, 2, 3, 4, 5), shape: [1, 5, 1] } });
    expect([y.shape, [...y.data]]).toEqual([
      [1, 5, 1],
      [10, 20, 31, 42, 53],
    ]);
    expect(simplifyGraph(graph).nodes.filter(({ op }) => op === 'transpose' || op === 'general-pad')).toEqual([]);
  });
});

describe('pictures of another size', () => {
  it.each([
    ['ResizeBilinear', {}, 4, [0, 2, 4, 4]],
    ['ResizeBilinear', { half_pixel_centers: flag(true) }, 4, [0, 1, 3, 4]],
    ['ResizeBilinear', { align_corners: flag(true) }, 3, [0, 2, 4]],
    ['ResizeNearestNeighbor', {}, 3, [0, 0, 4]],
    ['ResizeNearestNeighbor', { half_pixel_centers: flag(true) }, 3, [0, 4, 4]],
    ['ResizeNearestNeighbor', { align_corners: flag(true) }, 3, [0, 4, 4]],
  ])('%s %j to %i', async (op, attr, size, expected) => {
    const [y] = await made(picture(0, 4), op, ['x', list(1, size)], attr);
    expect(y).toEqual({ shape: [1, 1, size, 1], data: expected });
  });
});

describe('element by element', () => {
  it.each([
    ['DivNoNan', ['x', floats([3], 0, 2, -4)], [1, 2, 4], [0, 1, -1]],
    ['FloorDiv', ['x', floats([3], 2, 2, -2)], [7, -7, 7], [3, -4, -4]],
    ['FloorMod', ['x', floats([3], 3, 3, -3)], [7, -7, 7], [1, 2, -2]],
    ['Mod', ['x', floats([3], 3, 3, -3)], [7, -7, 7], [1, -1, 1]],
    ['Round', ['x'], [0.5, 1.5, -2.5], [0, 2, -2]],
    ['Rsqrt', ['x'], [4, 0.25, 16], [0.5, 2, 0.25]],
    ['LeakyRelu', ['x'], [-5, 0, 5], [-1, 0, 5]],
    ['ClipByValue', ['x', floats([], -1), floats([], 2)], [-5, 0, 5], [-1, 0, 2]],
    ['Atan2', ['x', floats([3], -1, 0, 1)], [0, 1, 0], [Math.fround(Math.PI), Math.fround(Math.PI / 2), 0]],
    ['NotEqual', ['x', floats([], 1)], [0, 1, 2], [1, 0, 1]],
  ] as const)('%s', async (op, inputs, x, expected) => {
    const [{ data }] = await made(row(...x), op, inputs);
    expect(data.map((value) => value + 0)).toEqual(expected);
  });

  it('a list of truths selects rows', async () => {
    const truths: Constant = { shape: [2], numbers: [1, 0], dtype: 'bool' };
    const x = { shape: [2, 2], data: [1, 2, 3, 4] };
    const [y] = await made(x, 'Select', [truths, 'x', floats([2, 2], 5, 6, 7, 8)]);
    expect(y.data).toEqual([1, 2, 7, 8]);
  });

  it('whole numbers are divided downwards', async () => {
    const nodes = [placeholder('x', [3], 'DT_INT64'), { name: 'y', op: 'FloorDiv', input: ['x', 'k'] }];
    const { graph } = await read(graphFile(nodes, { k: list(2, 2, -2) }, { y: 'y' }));
    // The file's numbers of 64 bits are int32, as all of TensorFlow.js's are.
    expect(graph.inputs.get('x')?.dtype).toBe('int32');
    const { y } = runGraph(graph, { x: { data: Int32Array.of(7, -7, 7), shape: [3] } });
    expect(y.data).toEqual(Int32Array.of(3, -4, -4));
  });
});

describe('shapes that are computed', () => {
  it('tell a size that the batch leaves open', async () => {
    // [N, 2, 3] as [N, 6] by Shape, StridedSlice and Pack, as a Reshape layer is written
    const nodes = [
      placeholder('x', [-1, 2, 3]),
      { name: 'shape', op: 'Shape', input: ['x'] },
      { name: 'batch', op: 'StridedSlice', input: ['shape', 'zero', 'one', 'one'], attr: { shrink_axis_mask: int(1) } },
      { name: 'list', op: 'Pack', input: ['batch', 'six'] },
      { name: 'y', op: 'Reshape', input: ['x', 'list'] },
    ];
    const constants = { zero: list(0), one: list(1), six: whole(6) };
    const { graph } = await read(graphFile(nodes, constants, { y: 'y' }));
    const { y } = runGraph(graph, { x: { data: Float32Array.from(counting(4, 2, 3).data), shape: [4, 2, 3] } });
    expect(y.shape).toEqual([4, 6]);
    expect(simplifyGraph(graph).nodes.map(({ op }) => op)).toEqual(['flatten']);
  });

  it('tell several, which a run knows', async () => {
    // [N, H, W] as [H, W, N] without moving an element, by Shape and GatherV2; then twice as large
    const nodes = [
      placeholder('x', [-1, -1, -1, 1]),
      { name: 'shape', op: 'Shape', input: ['x'] },
      { name: 'turned', op: 'GatherV2', input: ['shape', 'places', 'axis'] },
      { name: 'y', op: 'Reshape', input: ['x', 'turned'] },
      { name: 'sizes', op: 'StridedSlice', input: ['shape', 'one', 'three', 'step'] },
      { name: 'twice', op: 'Mul', input: ['sizes', 'two'] },
      { name: 'z', op: 'ResizeNearestNeighbor', input: ['x', 'twice'] },
    ];
    const constants = {
      ...{ places: list(1, 2, 0, 3), axis: whole(0), one: list(1), three: list(3), step: list(1), two: whole(2) },
    };
    const { graph } = await read(graphFile(nodes, constants, { y: 'y', z: 'z' }));
    const { y, z } = runGraph(graph, { x: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2, 1] } });
    expect([y.shape, [...y.data]]).toEqual([
      [2, 2, 1, 1],
      [1, 2, 3, 4],
    ]);
    expect(z.shape).toEqual([1, 4, 4, 1]);
    expect([...z.data]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
  });

  it('tell how large a transposed convolution is', async () => {
    const twice = (name: string, place: string, next: string): NodeDef[] => [
      { name, op: 'StridedSlice', input: ['shape', place, next, 'b'], attr: { shrink_axis_mask: int(1) } },
      { name: `${name}2`, op: 'Mul', input: [name, 'two'] },
    ];
    const nodes = [
      placeholder('x', [-1, -1, -1, 1]),
      { name: 'shape', op: 'Shape', input: ['x'] },
      { name: 'n', op: 'StridedSlice', input: ['shape', 'a', 'b', 'b'], attr: { shrink_axis_mask: int(1) } },
      ...twice('h', 'b', 'c'),
      ...twice('w', 'c', 'd'),
      { name: 'sizes', op: 'Pack', input: ['n', 'h2', 'w2', 'one'] },
      {
        ...{ name: 'y', op: 'Conv2DBackpropInput', input: ['sizes', 'kernel', 'x'] },
        attr: { ...SAME, strides: ints(1, 2, 2, 1) },
      },
    ];
    const constants = {
      ...{ a: list(0), b: list(1), c: list(2), d: list(3), two: whole(2), one: whole(1) },
      kernel: floats([1, 3, 1, 1], 1, 10, 100),
    };
    const { graph } = await read(graphFile(nodes, constants, { y: 'y' }));
    const { y } = runGraph(graph, { x: { data: Float32Array.of(1, 2), shape: [1, 1, 2, 1] } });
    expect([y.shape, [...y.data]]).toEqual([
      [1, 2, 4, 1],
      [1, 10, 102, 20, 0, 0, 0, 0],
    ]);
  });
});

describe('other operators', () => {
  it('LRN weighs the sum, and not the mean, of the squares', async () => {
    // 2 / (0.5 + 0.5 · (4 + 4 + 4))^1
    const attr = { depth_radius: int(1), bias: float(0.5), alpha: float(0.5), beta: float(1) };
    const [y] = await made({ shape: [1, 1, 1, 3], data: [2, 2, 2] }, 'LRN', ['x'], attr);
    expect(y.data).toEqual([2 / 4.5, 2 / 6.5, 2 / 4.5].map(Math.fround));
    // A window is no wider than there are channels.
    const wide = { ...attr, depth_radius: int(2 ** 40) };
    const [all] = await made({ shape: [1, 1, 1, 3], data: [2, 2, 2] }, 'LRN', ['x'], wide);
    for (const value of all.data) expect(value).toBeCloseTo(2 / 6.5, 6);
  });

  it('MirrorPad repeats the edge where it is symmetric', async () => {
    const sides = table([2, 3]);
    expect((await made(row(1, 2, 3), 'MirrorPad', ['x', sides], { mode: text('SYMMETRIC') }))[0].data).toEqual([
      2, 1, 1, 2, 3, 3, 2, 1,
    ]);
    expect((await made(row(1, 2, 3), 'MirrorPad', ['x', table([2, 1])], { mode: text('REFLECT') }))[0].data).toEqual([
      3, 2, 1, 2, 3, 2,
    ]);
  });

  it('DepthToSpace takes rows, then columns, then channels', async () => {
    const [y] = await made(counting(1, 1, 1, 8), 'DepthToSpace', ['x'], { block_size: int(2) });
    expect(y).toEqual({ shape: [1, 2, 2, 2], data: [1, 2, 3, 4, 5, 6, 7, 8] });
    const [back] = await made({ shape: [1, 2, 2, 2], data: y.data }, 'SpaceToDepth', ['x'], { block_size: int(2) });
    expect(back).toEqual({ shape: [1, 1, 1, 8], data: [1, 2, 3, 4, 5, 6, 7, 8] });
  });

  it('AvgPool leaves out what is beyond the edge', async () => {
    const attr = { ...SAME, ksize: ints(1, 1, 3, 1), strides: ints(1, 1, 2, 1) };
    expect((await made(picture(1, 2, 3, 4), 'AvgPool', ['x'], attr))[0].data).toEqual([2, 3.5]);
  });

  it('OneHot, Fill and Range make what they are told', async () => {
    const nodes = [
      placeholder('x', [2], 'DT_INT32'),
      { name: 'hot', op: 'OneHot', input: ['x', 'three', 'on', 'off'] },
      { name: 'full', op: 'Fill', input: ['sizes', 'on'] },
      { name: 'range', op: 'Range', input: ['zero', 'three', 'two'] },
    ];
    const constants = {
      ...{ three: whole(3), zero: whole(0), two: whole(2), sizes: list(1, 2) },
      ...{ on: floats([], 5), off: floats([], -1) },
    };
    const { graph } = await read(graphFile(nodes, constants, { hot: 'hot', full: 'full', range: 'range' }));
    const y = runGraph(graph, { x: { data: Int32Array.of(2, 0), shape: [2] } });
    expect([...y.hot.data]).toEqual([-1, -1, 5, 5, -1, -1]);
    expect([y.full.shape, ...y.full.data]).toEqual([[1, 2], 5, 5]);
    expect([...y.range.data]).toEqual([0, 2]);
  });

  it('TopKV2 gives places as int32', async () => {
    const [values, places] = await made(row(3, 9, 9, 1), 'TopKV2', ['x', whole(3)], {}, 2);
    expect([values.data, places.data]).toEqual([
      [9, 9, 3],
      [1, 2, 0],
    ]);
  });
});
