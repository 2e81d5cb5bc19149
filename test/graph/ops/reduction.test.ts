/** Reductions: the loops over memory against the definition, and values by hand where conventions differ. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSelection } from '../../../src/dispatch/select.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { inferTypes, shapeOf } from '../../../src/graph/infer.ts';
import { lowerNode } from '../../../src/graph/lower.ts';
import { reduction } from '../../../src/graph/ops/reduction.ts';
import { type ReductionWay, WAYS } from '../../../src/graph/ops/reduction-ways.ts';
import { operationOf } from '../../../src/graph/ops/table.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../../src/graph/passes/simplify.ts';
import { type DoubleTensor, type Dtype, parameterOf } from '../../../src/graph/values.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { runs } from '../../support/runs.ts';
import { randomNumbers } from '../arbitrary.ts';
import { runNode } from './run-node.ts';

const EPSILON = 2 ** -24;
const NAMES = Object.keys(WAYS) as ReductionWay[];

let context: Context;
beforeAll(async () => {
  context = await createContext({ kernels: 'scalar' });
});
afterAll(() => context.dispose());

const nodeOf = (op: string, attributes: object, inputs = ['x'], outputs = ['y']): Node => {
  return { name: 'y', op, inputs, outputs, attributes } as unknown as Node;
};

function graphOf(node: Node, shape: readonly (number | string)[], dtype: Dtype = 'float32', lists: object = {}): Graph {
  const parameters = Object.entries(lists).map(([name, list]: [string, readonly number[]]) => {
    const tensor = { shape: [list.length], data: Float64Array.from(list) };
    return [name, parameterOf(tensor, 'int64', 'constant')] as const;
  });
  const inputs = new Map([['x', { dtype, shape }]]);
  return parseGraph({ name: 'g', inputs, parameters: new Map(parameters), nodes: [node], outputs: node.outputs });
}

const tensor = (shape: readonly number[], numbers: readonly number[], dtype: Dtype = 'float32'): DoubleTensor => {
  return { shape, data: Float64Array.from(numbers), dtype };
};

/** What the definition of a node makes of values, as it stands in an op's record. */
function made(node: Node, ...inputs: readonly DoubleTensor[]): readonly number[][] {
  return operationOf(node)
    .reference(node, inputs)
    .map(({ data }) => [...data]);
}

describe('a reduction over axes side by side', () => {
  it.each(NAMES)('%s is what its definition says', (by) => {
    const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    const seeds = fc.nat(1 << 20);
    const property = fc.property(shapes, seeds, fc.nat(3), fc.nat(3), fc.boolean(), (shape, seed, a, b, keepAxes) => {
      const [from, to] = [a % shape.length, b % shape.length].sort((x, y) => x - y);
      const axes = Array.from({ length: to - from + 1 }, (_, i) =>
        seed % 2 === 0 ? from + i : from + i - shape.length,
      );
      const graph = graphOf(nodeOf('reduction', { by, axes, keepAxes }), shape);
      const [node] = graph.nodes;
      const types = inferTypes(graph);
      const sign = by === 'log-sum' ? Math.abs : (v: number) => v;
      const x = tensor(shape, [...randomNumbers(seed, sizeOf(shape))].map(sign).map(Math.fround));
      const [expected] = operationOf(node).reference(node, [x]);
      expect(expected.shape).toEqual(shapeOf(types, 'y'));
      const compiled = lowerNode(graph, node, types, parseSelection('test', {}), context);
      expect(compiled.isReference).toBe(false);
      const [result] = runNode(context, compiled, [x], [sizeOf(expected.shape)]);
      // Both compute in double, and the result is rounded once; 2⁻⁴⁰ is far more than the order of 625 terms can change.
      const magnitude = x.data.reduce((sum, v) => sum + Math.abs(v), 1);
      result.forEach((value, i) => {
        const exact = expected.data[i];
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * EPSILON + magnitude * 2 ** -40);
      });
    });
    fc.assert(property, { numRuns: runs(60) });
  });

  it('leaves axes with others between them to the definition', () => {
    const graph = graphOf(nodeOf('reduction', { by: 'sum', axes: [0, 2] }), [2, 3, 2]);
    const compiled = lowerNode(graph, graph.nodes[0], inferTypes(graph), parseSelection('test', {}), context);
    expect(compiled.isReference).toBe(true);
    expect(made(graph.nodes[0], tensor([2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))).toEqual([[18, 26, 34]]);
  });

  it('sums in double: 1 beside 2²⁵ is not lost', () => {
    const graph = graphOf(nodeOf('reduction', { by: 'sum' }), [3]);
    const compiled = lowerNode(graph, graph.nodes[0], inferTypes(graph), parseSelection('test', {}), context);
    const [result] = runNode(context, compiled, [tensor([3], [2 ** 25, 1, -(2 ** 25)])], [1]);
    expect([...result]).toEqual([1]);
  });

  it('of NaN is NaN wherever it stands, and log-sum-exp does not overflow', () => {
    for (const [by, numbers, expected] of [
      ['maximum', [1, Number.NaN, 2], Number.NaN],
      ['minimum', [Number.NaN, 1, 2], Number.NaN],
      ['log-sum-exp', [1000, 1000], 1000 + Math.log(2)],
      ['log-sum-exp', [-Infinity, -Infinity], -Infinity],
      ['log-sum-exp', [Infinity, 0], Infinity],
    ] as const) {
      const graph = graphOf(nodeOf('reduction', { by }), [numbers.length]);
      const compiled = lowerNode(graph, graph.nodes[0], inferTypes(graph), parseSelection('test', {}), context);
      const [[result]] = runNode(context, compiled, [tensor([numbers.length], numbers)], [1]);
      expect(result).toBe(Math.fround(expected));
      expect(made(graph.nodes[0], tensor([numbers.length], numbers))).toEqual([[expected]]);
    }
  });
});

describe('the definition of a reduction', () => {
  it.each<[ReductionWay, Dtype, number]>([
    ['sum', 'float32', 0],
    ['product', 'float32', 1],
    ['mean', 'float32', Number.NaN],
    ['maximum', 'float32', -Infinity],
    ['maximum', 'int32', -(2 ** 31)],
    ['maximum', 'int8', -128],
    ['maximum', 'uint8', 0],
    ['maximum', 'bool', 0],
    ['minimum', 'float32', Infinity],
    ['minimum', 'int8', 127],
    ['minimum', 'bool', 1],
    ['absolute-sum', 'float32', 0],
    ['square-sum', 'float32', 0],
    ['norm', 'float32', 0],
    ['log-sum', 'float32', -Infinity],
    ['log-sum-exp', 'float32', -Infinity],
  ])('%s of no %s numbers', (by, dtype, expected) => {
    const node = nodeOf('reduction', { by, axes: [1] });
    expect(made(node, tensor([2, 0], [], dtype))).toEqual([[expected, expected]]);
  });

  it('of no axes is of all, or of none and each element for itself', () => {
    const x = tensor([2, 2], [1, -2, 3, -4]);
    const none = tensor([0], [], 'int64');
    expect(made(nodeOf('reduction', { by: 'sum' }), x)).toEqual([[-2]]);
    expect(made(nodeOf('reduction', { by: 'sum' }, ['x', 'axes']), x, none)).toEqual([[-2]]);
    const attributes = { by: 'square-sum', emptyIsNone: true };
    expect(made(nodeOf('reduction', attributes, ['x', 'axes']), x, none)).toEqual([[1, 4, 9, 16]]);
    expect(made(nodeOf('reduction', { by: 'sum', axes: [] }), x)).toEqual([[1, -2, 3, -4]]);
  });

  it('takes axes that are known as its own', () => {
    const graph = graphOf(nodeOf('reduction', { by: 'mean', keepAxes: true }, ['x', 'a']), ['N', 3, 4, 4], 'float32', {
      a: [-1, 2],
    });
    expect(inferTypes(graph).get('y')?.shape).toEqual(['N', 3, 1, 1]);
    const [node] = simplifyGraph(graph).nodes;
    expect(node).toMatchObject({ inputs: ['x'], attributes: { by: 'mean', axes: [3, 2], keepAxes: true } });
  });

  it('refuses what makes no sense', () => {
    const infer =
      (attributes: object, dtype: Dtype = 'float32') =>
      () =>
        inferTypes(graphOf(nodeOf('reduction', attributes), [2, 2], dtype));
    expect(infer({ by: 'sum', axes: [2] })).toThrow(
      "node 'y' (reduction): axis is 2, expected one of 2 axes (negative ones are counted from behind the last)",
    );
    expect(infer({ by: 'sum' }, 'bool')).toThrow(
      "node 'y' (reduction): input is of type bool, expected a type of numbers (for sum)",
    );
    expect(infer({ by: 'median' })).toThrow(/by is 'median', expected one of sum, mean/);
    expect(infer({ by: 'sum', axes: [0.5] })).toThrow('an axis is 0.5, expected a whole number');
  });

  it('tells how much it looks at', () => {
    const node = nodeOf('reduction', { by: 'sum', axes: [1] });
    expect(reduction.terms?.(node as Parameters<NonNullable<typeof reduction.terms>>[0], [[2, 7, 3]])).toBe(7);
  });
});

describe('indices of extremes', () => {
  const x = tensor([2, 3], [2, 5, 5, 1, Number.NaN, Number.NaN]);
  it.each([
    ['argmax', {}, [1, 1]],
    ['argmax', { takesLast: true }, [2, 2]],
    ['argmin', {}, [0, 1]],
    ['argmin', { takesLast: true }, [0, 2]],
  ])('%s %j', (op, attributes, expected) => {
    expect(made(nodeOf(op, { axis: -1, ...attributes }), x)).toEqual([expected]);
    const graph = graphOf(nodeOf(op, { axis: 1, keepAxis: true, ...attributes }), ['N', 3]);
    expect(inferTypes(graph).get('y')).toMatchObject({ dtype: 'int64', shape: ['N', 1] });
  });
});

describe('the k greatest', () => {
  const outputs = ['y', 'places'];
  it.each([
    [{}, 3, [Number.NaN, 7, 7], [3, 0, 2]],
    [{ takesLeast: true }, 3, [-1, 7, 7], [1, 0, 2]],
    [{}, 0, [], []],
  ])('%j of 7, −1, 7, NaN: %d', (attributes, k, values, places) => {
    const node = nodeOf('top-k', { axis: 0, ...attributes }, ['x', 'k'], outputs);
    expect(made(node, tensor([4], [7, -1, 7, Number.NaN]), tensor([1], [k], 'int64'))).toEqual([values, places]);
  });

  it('along an axis that is not the last', () => {
    const node = nodeOf('top-k', { axis: 0 }, ['x', 'k'], outputs);
    const x = tensor([3, 2], [1, 6, 5, 2, 3, 4]);
    expect(made(node, x, tensor([1], [2], 'int64'))).toEqual([
      [5, 6, 3, 4],
      [1, 0, 2, 2],
    ]);
  });

  it('are no more than there are', () => {
    const node = nodeOf('top-k', { axis: 0 }, ['x', 'k'], outputs);
    expect(() => graphOf(node, [3], 'float32', { k: [4] })).toThrow("node 'y' (top-k): k is 4, expected 0 to 3");
  });
});

describe('a cumulative sum', () => {
  it.each([
    [{}, [1, 3, 6]],
    [{ isExclusive: true }, [0, 1, 3]],
    [{ isReverse: true }, [6, 5, 3]],
    [{ isExclusive: true, isReverse: true }, [5, 3, 0]],
  ])('%j of 1, 2, 3', (attributes, expected) => {
    const node = nodeOf('cumulative-sum', attributes, ['x', 'axis']);
    expect(made(node, tensor([3], [1, 2, 3]), tensor([], [0], 'int64'))).toEqual([expected]);
  });
});
