import { describe, expect, it } from 'vitest';
import { graphTypes, planGraph } from '../../src/graph/index.ts';
import { failure } from '../support/failure.ts';
import { graphWith, node, trapped, whole, withNodes } from './bad-graphs.ts';

describe('graphTypes', () => {
  it('names what follows from a size that is not known', () => {
    const types = graphTypes(
      withNodes(node('c', 'convolution', ['x', 'w'], {}), node('y', 'split', ['c'], { sizes: [1, 3] }, ['y', 'z'])),
    );
    expect(types.get('c')?.shape).toEqual(['N', 4, 'c.2', 'c.3']);
    expect(types.get('y')?.shape).toEqual(['N', 1, 'c.2', 'c.3']);
    expect(types.get('z')?.shape).toEqual(['N', 3, 'c.2', 'c.3']);
    const same = graphTypes(graphWith());
    expect(same.get('relu')?.shape).toEqual(['N', 4, 'H', 'W']);
    expect(same.get('w')).toEqual({ dtype: 'float32', shape: [4, 2, 3, 3] });
  });

  it('moves names with their axes', () => {
    const graph = withNodes(node('y', 'transpose', ['x'], { permutation: [0, 2, 3, 1] }));
    expect(graphTypes(graph).get('y')?.shape).toEqual(['N', 'H', 'W', 2]);
    expect(graphTypes(graph, { x: [3, 2, 5, 7] }).get('y')?.shape).toEqual([3, 5, 7, 2]);
  });

  const two = () => {
    const inputs = new Map([
      ['x', { dtype: 'float32', shape: ['N', 2, 'H', 'H'] }],
      ['z', { dtype: 'float32', shape: ['N', 3] }],
    ]);
    return graphWith({ inputs, nodes: [], outputs: ['x', 'z'] });
  };

  it('holds a name to one size', () => {
    expect(graphTypes(two(), { x: [2, 2, 5, 5] }).get('z')?.shape).toEqual([2, 3]);
    expect(graphTypes(two(), { x: [2, 2, 5, 5], z: [2, 3] }).get('z')?.shape).toEqual([2, 3]);
    const refusals = [
      [{ x: [2, 2, 5, 5], z: [1, 3] }, "graph 'g': input 'z': N is 1 here and 2 elsewhere, expected one size"],
      [{ x: [2, 2, 5, 6] }, "graph 'g': input 'x': H is 6 here and 5 elsewhere, expected one size"],
      [{ x: [2, 3, 5, 5] }, "graph 'g': input 'x' expected [N, 2, H, H] (a name is any size), got [2, 3, 5, 5]"],
      [{ x: [2, 2, 5] }, "graph 'g': input 'x' expected [N, 2, H, H] (a name is any size), got [2, 2, 5]"],
      [{ x: [2, 2, 0, 0] }, "graph 'g': input 'x' expected positive sizes, got [2, 2, 0, 0]"],
      [{ x: [2, 2, 1.5, 1.5] }, "graph 'g': input 'x' expected positive sizes, got [2, 2, 1.5, 1.5]"],
      [{ x: [Number.NaN, 2, 1, 1] }, "graph 'g': input 'x' expected positive sizes, got [NaN, 2, 1, 1]"],
      [{ z: [2, 3] }, "graph 'g': input 'x' expected positive sizes, got [2, 2, H, H]"],
      [{ z: ['N', 3] }, /^graph 'g': input 'z' expected positive sizes, got \['?N'?, 3\]$/],
      [{ z: [Symbol('N'), 3] }, /^graph 'g': input 'z' expected positive sizes, got /],
      [{ z: [2, Symbol('C')] }, /^graph 'g': input 'z' expected \[N, 3\] \(a name is any size\), got /],
      [{ z: [2, trapped({})] }, /^graph 'g': input 'z' expected \[N, 3\] \(a name is any size\), got /],
      [{ z: 3 }, "graph 'g': input 'z': shape is 3, expected an array"],
      [{ y: [1] }, /^graph 'g': inputs have 'y', which is no input of the network/],
      [null, "graph 'g': inputs are null, expected an object with a field for each input"],
    ] as const;
    for (const [shapes, text] of refusals) {
      for (const entry of [
        () => graphTypes(two(), shapes as never),
        () => planGraph(two(), { inputs: (shapes ?? 0) as never }),
      ]) {
        const { message } = failure(entry);
        if (shapes !== null) expect(message).toMatch(whole(text));
      }
    }
  });
});
