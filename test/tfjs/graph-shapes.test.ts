/** Slices of graph models, and shapes that they compute: the traps of real files among them. */
import { describe, expect, it } from 'vitest';
import { runGraph, simplifyGraph } from '../../src/graph/index.ts';
import { floats, graphFile, int, ints, list, type NodeDef, placeholder, read, whole } from './graph-def.ts';
import { counting, made, type Numbers, row, SAME } from './one-operator.ts';

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
