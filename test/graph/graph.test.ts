/** Names that passes make, where what they are made of is taken. */
import { describe, expect, it } from 'vitest';
import { FreshNames, type Graph, type Node, namesOf } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { parameterOf } from '../../src/graph/values.ts';

const weight = (shape: readonly number[], value: number) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return parameterOf({ shape, data: new Float64Array(count).fill(value) }, 'float32', 'weight');
};

/** A convolution of one channel with so many scales and shifts behind it. */
function convolved(count: number, name: string): Graph {
  const scales = Array.from({ length: count }, (_, i): Node => {
    return { name: `n${i}`, op: 'scale-shift', inputs: [`v${i}`, 's', 's'], outputs: [`v${i + 1}`], attributes: {} };
  });
  const convolution: Node = { name, op: 'convolution', inputs: ['x', 'w'], outputs: ['v0'], attributes: {} };
  return {
    name: 'scaled',
    inputs: new Map([['x', { dtype: 'float32', shape: [1, 1, 2, 2] }]]),
    parameters: new Map([
      ['w', weight([1, 1, 1, 1], 1)],
      ['s', weight([1], -1)],
    ]),
    nodes: [convolution, ...scales],
    outputs: [`v${count}`],
  };
}

describe('FreshNames', () => {
  it('gives the first that is free, and none twice', () => {
    const names = new FreshNames(namesOf(convolved(2, 'n1_2')));
    const taken = ['n1', 'n1', 'n1', 'n1_2', 'free', 'free', 'free_1', 'free', 'w'].map((name) => names.take(name));
    expect(taken).toEqual(['n1_1', 'n1_3', 'n1_4', 'n1_2_1', 'free', 'free_1', 'free_1_1', 'free_2', 'w_1']);
  });

  it('does not look through all names that it gave: forty thousand nodes fold into one', { timeout: 60_000 }, () => {
    const { nodes, parameters } = simplifyGraph(parseGraph(convolved(40_000, 'c')));
    expect(nodes.map(({ op }) => op)).toEqual(['convolution']);
    // x · (−1)ⁿ, and −1, then 0, in turn.
    expect([...parameters.values()].map(({ data }) => [...data])).toEqual([[1], [0]]);
  });
});
