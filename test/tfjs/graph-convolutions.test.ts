/** Convolutions of graph models, what is fused into them, and dilations that are written as batches. */
import { describe, expect, it } from 'vitest';
import { runGraph, simplifyGraph } from '../../src/graph/index.ts';
import {
  type Constant,
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
import { made, picture, SAME, VALID } from './one-operator.ts';

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
