/** Plans of drawn graphs against their definitions in double, on every kernel table. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { OpName } from '../../src/graph/ops/table.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { planGraph } from '../../src/graph/plan.ts';
import type { DoubleTensor, Name, Parameter } from '../../src/graph/values.ts';
import { type Context, createContext } from '../../src/index.ts';
import { makeTensor, sizeOf, type Tensor } from '../../src/tensor/ndarray.ts';
import { roundingsOf } from '../support/roundings.ts';
import { runs } from '../support/runs.ts';
import { type Drawn, drawnGraph, randomNumbers, shapesOf } from './arbitrary.ts';
import { allowedErrors, EPSILON, type Local } from './errors.ts';

/** The greatest constant of an algorithm's error bound here: F(6×6, 3×3) over at most 576 products, doubled for folding. */
const WORST_CONSTANT = 2 * 1.01 * (4 * 1565 + 1);
/** What a node that is no convolution may round: a few operations for each output. */
const PLAIN_CONSTANT = 8;

let contexts: Context[];

beforeAll(async () => {
  const kinds = (['auto', 'scalar'] as const).flatMap((kernels) => [1, 2].map((threads) => ({ kernels, threads })));
  contexts = await Promise.all(kinds.map((options) => createContext(options)));
});

afterAll(() => {
  for (const context of contexts) context.dispose();
});

/** The numbers of a draw as what a run is given, made anew. */
function inputsOf({ inputs }: Drawn): Record<Name, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, makeTensor(Float32Array.from(data), shape)]),
  );
}

function poison({ arena }: Context): void {
  arena.f32.fill(Number.NaN, 16, Math.min(arena.f32.length, 200_000));
}

/** What each node may round by itself, and by numbers that were folded into it. */
function localOf(graph: Graph, { kernels }: Context, convolutions: number): (node: Node) => Local {
  const folded = ((1 + EPSILON) ** (3 * graph.nodes.length) - 1) / EPSILON;
  return ({ op, attributes }) => {
    if (op === 'convolution' || op === 'fully-connected') return { constant: convolutions + folded, spreads: true };
    if (op !== 'local-response-normalisation') return { constant: PLAIN_CONSTANT + folded };
    const { size, beta } = attributes as { size: number; beta: number };
    return { constant: roundingsOf(kernels).localResponse(size, beta) + folded };
  };
}

function expectNear(drawn: Drawn, outputs: Record<Name, Tensor>, context: Context, convolutions: number): void {
  const graph = parseGraph(drawn.graph);
  const expected = evaluateGraph(graph, drawn.inputs);
  const allowed = allowedErrors(graph, expected, localOf(graph, context, convolutions));
  expect(Object.keys(outputs).sort()).toEqual([...new Set(graph.outputs)].sort());
  for (const [name, { shape, data }] of Object.entries(outputs)) {
    const exact = expected.get(name) as DoubleTensor;
    const bound = allowed.get(name) as DoubleTensor;
    expect(shape).toEqual([...exact.shape]);
    exact.data.forEach((value, i) => {
      if (Math.abs(value - data[i]) <= bound.data[i]) return;
      expect.fail(`${name}[${i}] is ${data[i]}, expected ${value} within ${bound.data[i]} (${context.kernels.name})`);
    });
  }
}

const bitsOf = (outputs: Record<Name, Tensor>) =>
  Object.entries(outputs).map(([name, { data }]) => [name, [...new Uint32Array(Float32Array.from(data).buffer)]]);

describe('planGraph', () => {
  it('equals the definitions, with the same bits each time and on one thread and two', () => {
    const draws = drawnGraph({ size: 7, nodes: 10 });
    const property = fc.property(draws, fc.constantFrom(0, 2), (drawn, first) => {
      const numbers = [...drawn.graph.parameters.values()].map(({ data }) => data.slice());
      const results = contexts.slice(first, first + 2).map((context) => {
        poison(context);
        const plan = planGraph(drawn.graph, { context, inputs: shapesOf(drawn) });
        try {
          const given = inputsOf(drawn);
          const before = inputsOf(drawn);
          const outputs = plan.run(given) as Record<Name, Tensor>;
          for (const name of Object.keys(given)) expect(given[name].data).toEqual(before[name].data);
          // Constants are read again, and have not been written over.
          expect(bitsOf(plan.run(given) as Record<Name, Tensor>)).toEqual(bitsOf(outputs));
          return outputs;
        } finally {
          plan.dispose();
        }
      });
      expectNear(drawn, results[0], contexts[first], WORST_CONSTANT);
      expect(bitsOf(results[1])).toEqual(bitsOf(results[0]));
      expect([...drawn.graph.parameters.values()].map(({ data }) => data)).toEqual(numbers);
    });
    fc.assert(property, { numRuns: runs(150) });
    for (const context of contexts) expect(context.arena.usedBytes).toBe(0);
  });

  it('stays near them where each sum is rounded once for each term', () => {
    // Sums of at most 700 products, in blocks: no more roundings than products, and the bias.
    const property = fc.property(drawnGraph({ size: 6, nodes: 9 }), (drawn) => {
      const [context] = contexts;
      const plan = planGraph(drawn.graph, { context, inputs: shapesOf(drawn), algorithm: 'implicit-gemm' });
      try {
        expectNear(drawn, plan.run(inputsOf(drawn)) as Record<Name, Tensor>, context, 1.01 * 702);
      } finally {
        plan.dispose();
      }
    });
    fc.assert(property, { numRuns: runs(60) });
  });

  const scalar = (data: readonly number[], shape: readonly number[]): Parameter => {
    return { type: { dtype: 'float32', shape }, data: Float32Array.from(data), role: 'constant' };
  };

  it('gives inputs and parameters as they are, and what depends on nothing', () => {
    const graph: Graph = {
      name: 'still',
      inputs: new Map([['x', { dtype: 'float32', shape: [2] }]]),
      parameters: new Map([['p', scalar([1, 2, 3], [3])]]),
      nodes: [
        { name: 'a', op: 'identity', inputs: ['p'], outputs: ['a'], attributes: {} },
        { name: 'b', op: 'identity', inputs: ['x'], outputs: ['b'], attributes: {} },
        { name: 'c', op: 'addition', inputs: ['p', 'a', 'p'], outputs: ['c'], attributes: {} },
      ],
      outputs: ['x', 'p', 'a', 'b', 'c', 'p'],
    };
    for (const context of contexts) {
      const plan = planGraph(graph, { context });
      const outputs = plan.run({ x: makeTensor(Float32Array.of(5, 6), [2]) });
      const numbers = Object.entries(outputs).map(([name, { data }]) => [name, [...data]]);
      expect(Object.fromEntries(numbers)).toEqual({ x: [5, 6], p: [1, 2, 3], a: [1, 2, 3], b: [5, 6], c: [3, 6, 9] });
      plan.dispose();
      const still = planGraph({ ...graph, inputs: new Map(), nodes: [], outputs: ['p'] }, { context });
      expect([...still.run({}).p.data]).toEqual([1, 2, 3]);
      still.dispose();
    }
  });

  it('runs on values without axes, and of many', () => {
    const axes = [2, 1, 3, 1, 2, 2];
    const graph: Graph = {
      name: 'ranks',
      inputs: new Map([
        ['s', { dtype: 'float32', shape: [] }],
        ['x', { dtype: 'float32', shape: axes }],
      ]),
      parameters: new Map([['p', scalar([-3], [])]]),
      nodes: [
        { name: 'sum', op: 'addition', inputs: ['s', 'p'], outputs: ['sum'], attributes: {} },
        { name: 't', op: 'transpose', inputs: ['x'], outputs: ['t'], attributes: { permutation: [5, 2, 0, 1, 4, 3] } },
      ],
      outputs: ['sum', 't'],
    };
    const x = randomNumbers(1, sizeOf(axes));
    const expected = evaluateGraph(graph, {
      s: { shape: [], data: Float64Array.of(1) },
      x: { shape: axes, data: Float64Array.from(x) },
    });
    const plan = planGraph(graph, { context: contexts[0] });
    const { sum, t } = plan.run({ s: makeTensor(Float32Array.of(1), []), x: makeTensor(x, axes) });
    plan.dispose();
    expect([...sum.data]).toEqual([-2]);
    expect(t.shape).toEqual([2, 3, 2, 1, 2, 1]);
    expect([...t.data]).toEqual([...(expected.get('t') as DoubleTensor).data]);
  });

  it('never writes over a parameter that a node reads as a value, too large to be folded', () => {
    const size = 2 ** 22 + 1;
    const p = new Float32Array(size).fill(-2);
    p[size - 1] = 3;
    const large: Parameter = { type: { dtype: 'float32', shape: [size] }, data: p, role: 'constant' };
    const of = (name: string, op: OpName, inputs: Name[]): Node => {
      return { name, op, inputs, outputs: [name], attributes: {} } as Node;
    };
    const graph: Graph = {
      name: 'large',
      inputs: new Map(),
      parameters: new Map([['p', large]]),
      nodes: [of('view', 'identity', ['p']), of('relu', 'relu', ['p']), of('sum', 'addition', ['p', 'relu', 'p'])],
      outputs: ['view', 'sum'],
    };
    const plan = planGraph(graph, { context: contexts[1] });
    for (let i = 0; i < 2; i++) {
      const { view, sum } = plan.run({});
      expect([view.data[0], view.data[size - 1], sum.data[0], sum.data[size - 1]]).toEqual([-2, 3, -4, 9]);
    }
    plan.dispose();
  });
});
