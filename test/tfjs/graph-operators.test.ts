/** What other operators of graph models compute, on numbers small enough for the head. */
import { describe, expect, it } from 'vitest';
import { runGraph } from '../../src/graph/index.ts';
import {
  type Constant,
  flag,
  float,
  floats,
  graphFile,
  int,
  ints,
  list,
  placeholder,
  read,
  table,
  text,
  whole,
} from './graph-def.ts';
import { counting, made, picture, row, SAME } from './one-operator.ts';

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
