/** Values that are not in single precision, and nodes that no kernel computes. */
import { describe, expect, it } from 'vitest';
import {
  type Dtype,
  evaluateGraph,
  type Graph,
  graphTypes,
  planGraph,
  type TypedArray,
} from '../../src/graph/index.ts';
import type { TypedTensorLike } from '../../src/tensor/ndarray.ts';
import { randomNumbers } from './arbitrary.ts';
import { graphWith, node } from './bad-graphs.ts';

const NUMBERS: Readonly<Record<Dtype, TypedArray>> = {
  float32: Float32Array.of(0.1, -2.5, Infinity, 3),
  float64: Float64Array.of(0.1, 1e300, -0, 3),
  float16: Float32Array.of(0.0999755859375, -2.5, 65504, 3),
  bfloat16: Float32Array.of(0.10009765625, -2.5, 3, 256),
  int64: BigInt64Array.of(1n, -(2n ** 63n), 2n ** 53n, 2n ** 63n - 1n),
  int32: Int32Array.of(1, -(2 ** 31), 2 ** 31 - 1, 0),
  int8: Int8Array.of(1, -128, 127, 0),
  uint8: Uint8Array.of(1, 255, 127, 0),
  bool: Uint8Array.of(1, 0, 0, 1),
};

describe.each(Object.entries(NUMBERS) as [Dtype, TypedArray][])('values of type %s', (dtype, data) => {
  const type = { dtype, shape: [2, 2] } as const;

  it('run, from an input and from a parameter, and keep their numbers', () => {
    const graph = graphWith({
      inputs: new Map([['x', type]]),
      parameters: new Map([['p', { type, data, role: 'constant' as const }]]),
      nodes: [
        node('y', 'transpose', ['x'], { permutation: [1, 0] }),
        node('z', 'concatenation', ['y', 'p', 'x']),
        node('c', 'identity', ['p']),
      ],
      outputs: ['z', 'c', 'p', 'x'],
    });
    expect(graphTypes(graph).get('z')).toEqual({ dtype, shape: [2, 6] });
    const plan = planGraph(graph);
    // Users give the arrays that belong to the type.
    const { z, c, p, x } = plan.run({ x: { data, shape: [2, 2] } as TypedTensorLike });
    const [a, b, d, e] = data as unknown as readonly [unknown, unknown, unknown, unknown];
    expect([...(z.data as unknown as Iterable<unknown>)]).toEqual([a, d, a, b, a, b, b, e, d, e, d, e]);
    for (const same of [c, p, x]) expect(same.data).toEqual(data);
    expect(z.data.constructor).toBe(data.constructor);
    plan.dispose();
  });
});

describe('a parameter that is an output', () => {
  it('is given as it is, beyond what a double holds too', () => {
    const data = BigInt64Array.of(2n ** 60n + 1n, -(2n ** 53n) - 1n);
    const graph = graphWith({
      inputs: new Map(),
      parameters: new Map([['p', { type: { dtype: 'int64', shape: [2] }, data, role: 'constant' as const }]]),
      nodes: [],
      outputs: ['p'],
    });
    const plan = planGraph(graph);
    const { p } = plan.run({});
    expect(p.data).toEqual(data);
    expect(p.data).not.toBe(data);
    plan.dispose();
  });
});

describe('a kernel that other nodes compute', () => {
  it('gives what the definition gives', () => {
    const graph: Graph = graphWith({
      inputs: new Map([
        ['x', { dtype: 'float32', shape: [1, 2, 5, 5] }],
        ['k', { dtype: 'float32', shape: [4, 2, 3, 3] }],
      ]),
      nodes: [node('r', 'relu', ['k']), node('y', 'convolution', ['x', 'r'], {})],
      outputs: ['y'],
    });
    const x = { shape: [1, 2, 5, 5], data: randomNumbers(1, 50) };
    const k = { shape: [4, 2, 3, 3], data: randomNumbers(2, 72) };
    const plan = planGraph(graph);
    const doubles = { x: { ...x, data: Float64Array.from(x.data) }, k: { ...k, data: Float64Array.from(k.data) } };
    const expected = evaluateGraph(graph, doubles).get('y');
    expect(plan.run({ x, k }).y.data).toEqual(Float32Array.from(expected?.data ?? []));
    expect(plan.report().find(({ name }) => name === 'y')?.why).toBe('by its definition, in double');
    plan.dispose();
  });
});

describe('sizes that follow from sizes', () => {
  it('are folded once they are known, and wait until then', () => {
    const graph = graphWith({
      inputs: new Map([['x', { dtype: 'float32', shape: ['N', 3, 'H', 'W'] }]]),
      nodes: [node('s', 'shape', ['x']), node('t', 'identity', ['s'])],
      outputs: ['t'],
    });
    expect(graphTypes(graph).get('t')).toMatchObject({ dtype: 'int64', shape: [4] });
    const plan = planGraph(graph, { inputs: { x: [2, 3, 4, 5] } });
    expect(plan.graph.nodes).toEqual([]);
    expect(plan.run({ x: { data: new Float32Array(120), shape: [2, 3, 4, 5] } }).t.data).toEqual(
      BigInt64Array.of(2n, 3n, 4n, 5n),
    );
    plan.dispose();
  });
});
