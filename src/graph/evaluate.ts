/** The oracle of graphs: the references of their operations, node after node, in double. */
import { type FieldsOf, readFields } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { expectElements } from '../tensor/tensor.ts';
import type { Shape } from './compiled.ts';
import { defined } from './definition.ts';
import type { Graph } from './graph.ts';
import { bindInputs, inferTypes, outputTypes } from './infer.ts';
import { whoIs } from './node.ts';
import { parseGraph } from './parse-graph.ts';
import { parseByName, parseList } from './parse-values.ts';
import {
  type DoubleTensor,
  type Dtype,
  doublesOf,
  expectLength,
  isArrayOf,
  isFloat,
  isTensorType,
  type Name,
  parameterOf,
} from './values.ts';

const TENSOR: FieldsOf<DoubleTensor> = { shape: true, data: true, dtype: true };

/**
 * All values of a graph in double, by its definition alone: no fast path, and no rounding on the way. Slow, and meant to
 * be: it is what a run is compared with.
 *
 * @param inputs dense tensors by the names of the graph's inputs, the batch first
 * @returns inputs, parameters and what the nodes make, by name
 * @throws NnpackError for a graph that makes no sense, or inputs that are missing, unknown or do not fit
 * @example
 * const values = evaluateGraph(graph, { x: { shape: [1, 3, 8, 8], data: new Float64Array(192) } });
 * values.get('y'); // { shape: [1, 8, 6, 6], data: Float64Array(288) }
 */
export function evaluateGraph(
  given: Graph,
  inputs: Readonly<Record<Name, DoubleTensor>>,
): ReadonlyMap<Name, DoubleTensor> {
  const graph = parseGraph(given);
  return computeValues(graph, parseInputs(graph, inputs), (value, dtype) => {
    return isFloat(dtype) ? { ...value, dtype } : roundedTo(value, dtype);
  });
}

/** The same with every value rounded to its type as soon as it is made: what a run gives that has no kernels at all. */
export function runByDefinition(
  graph: Graph,
  inputs: ReadonlyMap<Name, DoubleTensor>,
): ReadonlyMap<Name, DoubleTensor> {
  return computeValues(graph, inputs, roundedTo);
}

/** The values of a graph, each kept as `kept` says. Types are inferred from what the nodes before have made. */
function computeValues(
  graph: Graph,
  inputs: ReadonlyMap<Name, DoubleTensor>,
  kept: (value: DoubleTensor, dtype: Dtype) => DoubleTensor,
): ReadonlyMap<Name, DoubleTensor> {
  const values = new Map(inputs);
  for (const [name, parameter] of graph.parameters) values.set(name, doublesOf(parameter));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => (name === null ? null : (values.get(name) as DoubleTensor)));
    const types = outputTypes(
      node,
      read.map((value) => value && { dtype: value.dtype ?? 'float32', shape: value.shape, elements: () => value }),
    );
    for (const type of types) {
      if (type !== null && isTensorType(type)) expectElements(whoIs(node), 'an output of shape', type.shape);
    }
    for (const [i, value] of defined(node, read).entries()) {
      // What is not known before a node runs is at least a number of the first input's type.
      const dtype = types[i]?.dtype ?? read[0]?.dtype ?? 'float32';
      if (i < node.outputs.length) values.set(node.outputs[i], kept(value, dtype));
    }
  }
  return values;
}

function roundedTo(value: DoubleTensor, dtype: Dtype): DoubleTensor {
  const { data } = parameterOf(value, dtype, 'constant');
  return doublesOf({ type: { dtype, shape: value.shape }, data });
}

/** Every input, of a shape that fits all nodes. */
function parseInputs(graph: Graph, inputs: unknown): ReadonlyMap<Name, DoubleTensor> {
  const who = `graph ${show(graph.name)}`;
  const names = [...graph.inputs.keys()];
  const given = parseByName(who, 'inputs', inputs, names, 'invalid-tensor');
  const tensors = new Map(names.map((name) => [name, parseTensor(who, name, given.get(name))]));
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const types = bindInputs(who, graph, shapes);
  inferTypes(graph, types);
  for (const [name, { shape, data }] of tensors) {
    expectLength(`${who}: input ${show(name)}`, { type: { dtype: 'float64', shape }, data });
  }
  return new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, dtype: types.get(name)?.dtype }]));
}

function parseTensor(who: string, name: Name, value: unknown): DoubleTensor {
  const what = `input ${show(name)}`;
  if (value === undefined) throw new NnpackError('invalid-tensor', `${who}: ${what} is missing`);
  const { shape, data } = readFields<DoubleTensor>(who, what, value, TENSOR, 'invalid-tensor');
  if (!isArrayOf('float64', data)) {
    throw new NnpackError('invalid-tensor-type', `${who}: ${what} has data ${show(data)}, expected a Float64Array`);
  }
  return { shape: parseList(`${who}: ${what}`, 'shape', shape, 'invalid-input-size') as Shape, data };
}
