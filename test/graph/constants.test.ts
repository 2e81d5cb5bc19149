/** Constants of every type, folded: rounded once to the nearest that their type has, ties to even, or left alone. */
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { inferTypes } from '../../src/graph/infer.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import type { Dtype, Parameter, TypedArray } from '../../src/graph/values.ts';
import { parameterOf } from '../../src/graph/values.ts';
import { runs } from '../support/runs.ts';
import { ofAnotherRealm } from '../support/values.ts';

const node = (name: string, op: string, inputs: readonly string[], attributes: object = {}): Node => {
  return { name, op, inputs, outputs: [name], attributes } as unknown as Node;
};

function graphOf(dtype: Dtype, data: TypedArray, shape: readonly number[], ...nodes: Node[]): Graph {
  const p: Parameter = { type: { dtype, shape }, data, role: 'constant' };
  return { name: 'g', inputs: new Map(), parameters: new Map([['p', p]]), nodes, outputs: ['y'] };
}

/** The numbers of `y` once constants are folded. */
function folded(graph: Graph): TypedArray {
  const made = simplifyGraph(graph);
  expect(made.nodes).toEqual([]);
  return (made.parameters.get('y') as Parameter).data;
}

describe('half precision', () => {
  it.each([
    // 1 + 2⁻¹¹ lies midway between 1 and 1 + 2⁻¹⁰, and 1 + 3 · 2⁻¹¹ between that and 1 + 2⁻⁹.
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    // A float32 would round this to the tie first.
    [1 + 2 ** -11 + 2 ** -40, 1 + 2 ** -10],
    [2049, 2048],
    [2051, 2052],
    [65519.99, 65504],
    [65520, Infinity],
    [-65520, -Infinity],
    [2 ** -25, 0],
    [3 * 2 ** -25, 2 ** -23],
    [2 ** -24, 2 ** -24],
    [Number.NaN, Number.NaN],
  ])('of %d is %d', (x, expected) => {
    const { data } = parameterOf({ shape: [1], data: Float64Array.of(x) }, 'float16', 'constant');
    expect([...data]).toEqual([expected]);
  });
});

describe('bfloat16', () => {
  it.each([
    // Neighbours of 1 are 2⁻⁷ apart.
    [1 + 2 ** -8, 1],
    [1 + 3 * 2 ** -8, 1 + 2 ** -6],
    [-1 - 3 * 2 ** -8, -1 - 2 ** -6],
    // A float32 would round these to a tie first.
    [1 + 2 ** -8 + 2 ** -40, 1 + 2 ** -7],
    [1 + 3 * 2 ** -8 - 2 ** -40, 1 + 2 ** -7],
    [-1 - 2 ** -8 - 2 ** -40, -1 - 2 ** -7],
    [257, 256],
    [259, 260],
    // The greatest is (2 − 2⁻⁷) · 2¹²⁷; half a step above it, and what is beyond, is ∞.
    [(2 - 2 ** -7) * 2 ** 127, (2 - 2 ** -7) * 2 ** 127],
    [(2 - 2 ** -8) * 2 ** 127, Infinity],
    [(2 - 2 ** -8) * 2 ** 127 * (1 - 2 ** -50), (2 - 2 ** -7) * 2 ** 127],
    [-1e300, -Infinity],
    [1e-300, 0],
    // Subnormals are 2⁻¹³³ apart.
    [2 ** -134, 0],
    [3 * 2 ** -134, 2 ** -132],
    [2 ** -134 * (1 + 2 ** -40), 2 ** -133],
    [Number.NaN, Number.NaN],
    [Infinity, Infinity],
  ])('of %d is %d', (x, expected) => {
    const { data } = parameterOf({ shape: [1], data: Float64Array.of(x) }, 'bfloat16', 'constant');
    expect(Array.from(data as Float32Array, (v) => v + 0)).toEqual([expected]);
  });
});

describe('folded constants', () => {
  it.each<[Dtype, TypedArray, number[]]>([
    ['float16', Float32Array.of(1, 2 ** -10, 2048, 3), [1 + 1, 2 ** -9, 4096, 6]],
    ['bfloat16', Float32Array.of(1, 2 ** -7, 256, 3), [2, 2 ** -6, 512, 6]],
    ['float64', Float64Array.of(1 / 3, 1e300, -0, 5), [2 / 3, 2e300, 0, 10]],
    ['float32', Float32Array.of(0.5, 2 ** 100, 0, 5), [1, 2 ** 101, 0, 10]],
  ])('of %s add up in their type', (dtype, data, expected) => {
    const values = folded(graphOf(dtype, data, [4], node('y', 'addition', ['p', 'p'])));
    expect(Array.from(values as Float64Array, (v) => v + 0)).toEqual(expected);
  });

  it('are rounded once for each node', () => {
    // 1 + 2⁻¹⁰ three times over: each sum is rounded to half precision before the next.
    const data = Float32Array.of(2048, 1);
    const cut = {
      name: 's',
      op: 'split',
      inputs: ['p'],
      outputs: ['a', 'b'],
      attributes: { sizes: [1, 1] },
    } as unknown as Node;
    const nodes = [cut, node('c', 'addition', ['a', 'b']), node('y', 'addition', ['c', 'b'])];
    expect([...folded(graphOf('float16', data, [1, 2], ...nodes))]).toEqual([2048]);
  });

  it.each<[Dtype, TypedArray]>([
    ['int64', BigInt64Array.of(1n, -(2n ** 63n), 3n, 2n ** 53n)],
    ['int32', Int32Array.of(1, -(2 ** 31), 3, 2 ** 31 - 1)],
    ['int8', Int8Array.of(1, -128, 3, 127)],
    ['uint8', Uint8Array.of(1, 0, 3, 255)],
    ['bool', Uint8Array.of(1, 0, 0, 1)],
  ])('of %s move as they are', (dtype, data) => {
    const graph = graphOf(dtype, data, [2, 2], node('y', 'transpose', ['p'], { permutation: [1, 0] }));
    const values = folded(graph);
    expect(values.constructor).toBe(data.constructor);
    expect([...values]).toEqual([data[0], data[2], data[1], data[3]]);
  });

  it('are left to run where doubles would not hold them', () => {
    for (const large of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 2n, -(2n ** 63n) + 1n]) {
      const data = BigInt64Array.of(large, 1n);
      const made = simplifyGraph(
        graphOf('int64', data, [2, 1], node('y', 'transpose', ['p'], { permutation: [1, 0] })),
      );
      expect(made.nodes.map(({ op }) => op)).toEqual(['transpose']);
      expect([...(made.parameters.get('p') as Parameter).data]).toEqual([large, 1n]);
    }
  });

  it('hold the least and the greatest of 64 bits, which stand for no end', () => {
    const data = BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n));
    const graph = graphOf('int64', data, [2, 1], node('y', 'transpose', ['p'], { permutation: [1, 0] }));
    expect([...folded(graph)]).toEqual([...data]);
  });

  it('of a chain of any length are known, without a call for each node', () => {
    const chain = Array.from({ length: runs(5000) }, (_, i) =>
      node(`n${i}`, 'maximum', [i === 0 ? 'p' : `n${i - 1}`, 'p']),
    );
    const last = node('y', 'reshape', ['p', chain[chain.length - 1].name]);
    expect(inferTypes(graphOf('int64', BigInt64Array.of(1n, 2n), [2], ...chain, last)).get('y')?.shape).toEqual([1, 2]);
  });

  it('may be of another realm', () => {
    const data = ofAnotherRealm<BigInt64Array>('BigInt64Array.of(1n, 2n)');
    const graph = graphOf('int64', data, [2, 1], node('y', 'transpose', ['p'], { permutation: [1, 0] }));
    expect([...folded(graph)]).toEqual([1n, 2n]);
    expect([...(evaluateGraph(graph, {}).get('y')?.data ?? [])]).toEqual([1, 2]);
  });

  // What a reference looks at for each output counts, or these would take minutes.
  it.each<[string, readonly number[], Node]>([
    ['a softmax of many', [1, 150_000], node('y', 'softmax', ['p'])],
    ['large windows', [1, 1, 600, 600], node('y', 'max-pooling', ['p'], { poolingSize: 300, stride: 1 })],
    ['means of large windows', [1, 1, 600, 600], node('y', 'average-pooling', ['p'], { poolingSize: 300, stride: 1 })],
    [
      'a wide response',
      [1, 2000],
      node('y', 'local-response-normalisation', ['p'], { size: 1_000_000, alpha: 1, beta: 1, bias: 1 }),
    ],
    ['a far edge', [1, 1, 1, 1], node('y', 'pad', ['p'], { padding: { bottom: 1_000_000 }, mode: 'edge' })],
    ['a convolution', [1, 1, 600, 600], node('y', 'convolution', ['p', 'p'], { padding: 299 })],
  ])('are not computed where that takes long: %s', (_, shape, last) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const made = simplifyGraph(graphOf('float32', data, shape, last));
    expect(made.nodes).toHaveLength(1);
  });
});
