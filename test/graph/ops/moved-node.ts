/** Graphs of one node that reads x and lists of whole numbers: by its definition, and by its kernels. */
import { expect } from 'vitest';
import { parseSelection } from '../../../src/dispatch/select.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { inferTypes, shapeOf } from '../../../src/graph/infer.ts';
import { lowerNode } from '../../../src/graph/lower.ts';
import { operationOf } from '../../../src/graph/ops/table.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { type DoubleTensor, type Dtype, doublesOf, type Parameter, parameterOf } from '../../../src/graph/values.ts';
import type { Context } from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { randomNumbers } from '../arbitrary.ts';
import { runNode } from './run-node.ts';

/** Lists of whole numbers, each a parameter of its own; null where one is left out. */
export type Lists = readonly (readonly number[] | null)[];

function listOf(numbers: readonly number[], dtype: Dtype = 'int64', shape = [numbers.length]): Parameter {
  return parameterOf({ shape, data: Float64Array.from(numbers) }, dtype, 'constant');
}

/** A graph of one node that reads x, and lists. */
export function graphOf(
  op: string,
  shape: readonly (number | string)[],
  lists: Lists,
  attributes: object,
  outputs = ['y'],
): Graph {
  const names = lists.map((list, i) => (list === null ? null : `list${i}`));
  const parameters = new Map(lists.flatMap((list, i) => (list === null ? [] : [[`list${i}`, listOf(list)] as const])));
  const node = { name: 'node', op, inputs: ['x', ...names], outputs, attributes } as unknown as Node;
  return parseGraph({
    name: 'one',
    inputs: new Map([['x', { dtype: 'float32', shape }]]),
    parameters,
    nodes: [node],
    outputs,
  });
}

/** What the reference of the one node gives, rounded to nothing. */
function defined(graph: Graph, x: DoubleTensor): readonly DoubleTensor[] {
  const [node] = graph.nodes;
  const read = node.inputs.map((name) =>
    name === null ? null : name === 'x' ? x : doublesOf(graph.parameters.get(name) as Parameter),
  );
  return operationOf(node).reference(node, read);
}

export function counting(shape: readonly number[]): DoubleTensor {
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => i) };
}

/** The numbers that a node makes of 0, 1, 2, …, by its definition, which infers the same shape. */
export function made(op: string, shape: readonly number[], lists: Lists, attributes: object = {}) {
  const graph = graphOf(op, shape, lists, attributes);
  const [y] = defined(graph, counting(shape));
  expect(shapeOf(inferTypes(graph), 'y')).toEqual(y.shape);
  return { shape: y.shape, data: [...y.data] };
}

/** Holds what kernels give to the definition, in memory of NaN. */
export function expectKernels(
  contexts: readonly Context[],
  op: string,
  shape: readonly number[],
  lists: Lists,
  attributes: object,
  seed: number,
  count = 1,
) {
  const outputs = Array.from({ length: count }, (_, i) => `y${i}`);
  const graph = graphOf(op, shape, lists, attributes, outputs);
  const types = inferTypes(graph);
  const x = { shape, data: Float64Array.from(randomNumbers(seed, sizeOf(shape))) };
  const expected = defined(graph, x);
  expect(outputs.map((name) => shapeOf(types, name))).toEqual(expected.map((y) => y.shape));
  for (const context of contexts) {
    const compiled = lowerNode(graph, graph.nodes[0], types, parseSelection('test', {}), context);
    expect(compiled.isReference).toBe(false);
    const read = [x, ...lists.map((list) => counting([list?.length ?? 0]))];
    const results = runNode(
      context,
      compiled,
      read,
      expected.map((y) => y.data.length),
    );
    expect(results.map((data) => [...data])).toEqual(expected.map((y) => [...y.data]));
  }
}
