/** What only computes sizes is gone once these are known. */
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { planGraph } from '../../../src/graph/plan.ts';
import { runGraph } from '../../../src/graph/run-graph.ts';
import type { Parameter } from '../../../src/graph/values.ts';

const whole = (...numbers: number[]): Parameter => {
  return {
    type: { dtype: 'int64', shape: [numbers.length] },
    data: BigInt64Array.from(numbers, BigInt),
    role: 'constant',
  };
};
const node = (name: string, op: string, inputs: readonly string[], attributes: object = {}): Node => {
  return { name, op, inputs, outputs: [name], attributes } as unknown as Node;
};

/** [N, 6, H, W] → [N, 6 · H, W], as exporters write it for a picture of any size. */
const graph: Graph = {
  name: 'g',
  inputs: new Map([['x', { dtype: 'float32', shape: ['N', 6, 'H', 'W'] }]]),
  parameters: new Map([
    ['zero', { type: { dtype: 'int64', shape: [] }, data: BigInt64Array.of(0n), role: 'constant' }],
    ['three', { type: { dtype: 'int64', shape: [] }, data: BigInt64Array.of(3n), role: 'constant' }],
    ['first', whole(0)],
    ['rest', whole(-1)],
  ]),
  nodes: [
    node('r', 'relu', ['x']),
    node('s', 'shape', ['r']),
    node('n', 'gather', ['s', 'zero'], { axis: 0 }),
    node('n1', 'unsqueeze', ['n', 'first']),
    node('t', 'shape', ['r']),
    node('w', 'gather', ['t', 'three'], { axis: 0 }),
    node('w1', 'unsqueeze', ['w', 'first']),
    node('list', 'general-concatenation', ['n1', 'rest', 'w1'], { axis: 0 }),
    node('v', 'reshape', ['r', 'list'], { copiesZeros: true }),
    node('y', 'clamp', ['v'], { min: 0, max: 20 }),
  ],
  outputs: ['y'],
};

describe('shape, gather, unsqueeze, concatenation and reshape', () => {
  it.each([
    [1, 2, 3],
    [2, 5, 4],
  ])('leave the reshape for a batch of %d of %d by %d', (n, h, w) => {
    const x = { shape: [n, 6, h, w], data: Float32Array.from({ length: n * 6 * h * w }, (_, i) => i - 7) };
    const plan = planGraph(graph, { inputs: { x: x.shape } });
    expect(plan.graph.nodes.map(({ op }) => op)).toEqual(['relu', 'reshape', 'clamp']);
    expect(plan.report().map(({ why }) => why)).not.toContain('by its definition, in double');
    const { y } = plan.run({ x });
    plan.dispose();
    expect(y.shape).toEqual([n, 6 * h, w]);
    expect([...y.data]).toEqual([...x.data].map((value) => Math.min(Math.max(value, 0), 20)));
    expect(runGraph(graph, { x }).y).toEqual(y);
  });
});

describe('sizes that follow from computed values', () => {
  it('are left to definitions', () => {
    const open: Graph = {
      ...graph,
      nodes: [node('i', 'nonzero-indices', ['x']), node('y', 'axis-reversal', ['i'])],
      outputs: ['y'],
    };
    const x = { shape: [1, 6, 1, 1], data: Float32Array.of(0, 2, 0, 0, -1, 0) };
    const { y } = runGraph(open, { x });
    expect(y.shape).toEqual([2, 4]);
    expect([...(y.data as unknown as BigInt64Array)]).toEqual([0n, 1n, 0n, 0n, 0n, 4n, 0n, 0n]);
    expect(() => planGraph(open, { inputs: { x: x.shape } })).toThrow(/follows from values that are computed/);
  });
});
