/**
 * What must hold of a graph before anything is made of it: every field is of its type, names are unique, every node reads
 * only what was made before it, its attributes make sense, and it can read values of these types.
 *
 * What comes out is a frozen copy, but for the numbers themselves, that everything below uses: what was checked is what
 * runs. It is known again, so that whoever is given one need not ask whether it was checked.
 */
import { expectOneOf, type FieldsOf, isMap, readFields, reading } from '../check/options.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import { type Graph, type Node, weightsOf } from './graph.ts';
import { inferTypes } from './infer.ts';
import { whoIs } from './node.ts';
import { type AnyOperation, type Count, ONE } from './ops/operation.ts';
import { OPS, type OpName, operationOf } from './ops/table.ts';
import { parseList, parseName } from './parse-values.ts';
import { isStored } from './stored.ts';
import {
  arrayName,
  DTYPES,
  expectLength,
  isArrayOf,
  type Name,
  type Parameter,
  ROLES,
  type Size,
  type TensorType,
  type ValueType,
} from './values.ts';

const GRAPH: FieldsOf<Graph> = { name: true, inputs: true, parameters: true, nodes: true, outputs: true };
const NODE: FieldsOf<Node> = { name: true, op: true, inputs: true, outputs: true, attributes: true };
const TYPE: FieldsOf<ValueType> = { dtype: true, shape: true };
const PARAMETER: FieldsOf<Parameter> = { type: true, data: true, role: true };

const parsed = new WeakSet<Graph>();

/**
 * A checked, frozen copy of a graph; a graph that is one already is given back.
 *
 * @throws NnpackError 'invalid-network', or the code of the attribute or size that makes no sense
 * @example
 * const graph = parseGraph({ name: 'mine', inputs, parameters, nodes, outputs: ['y'] });
 */
export function parseGraph(given: Graph): Graph {
  if (parsed.has(given)) return given;
  const read = readFields<Graph>('graph', 'it', given, GRAPH, 'invalid-network');
  if (typeof read.name !== 'string') {
    throw new NnpackError('invalid-network', `graph: its name is ${show(read.name)}, expected a string`);
  }
  const who = `graph ${show(read.name)}`;
  const inputs = entriesOf(who, 'inputs', read.inputs).map(([name, type]): readonly [Name, ValueType] => [
    name,
    parseType(`${who}: input ${show(name)}`, type),
  ]);
  const parameters = entriesOf(who, 'parameters', read.parameters).map(([name, value]): readonly [Name, Parameter] => [
    name,
    parseParameter(`${who}: parameter ${show(name)}`, value),
  ]);
  const nodes = parseList(who, 'nodes', read.nodes, 'invalid-network');
  const outputs = parseList(who, 'outputs', read.outputs, 'invalid-network');
  return checkedGraph(who, {
    name: read.name,
    inputs: new Map(inputs),
    parameters: new Map(parameters),
    nodes: nodes.map((node, i) => parseNode(who, `nodes[${i}]`, node)),
    outputs: outputs.map((name, i) => parseName(who, `outputs[${i}]`, name)),
  });
}

/** A graph whose parts have been checked one by one: that they fit together is checked here. */
export function checkedGraph(who: string, graph: Graph): Graph {
  const frozen = Object.freeze({
    ...graph,
    inputs: freezeMap(graph.inputs),
    parameters: freezeMap(graph.parameters),
    nodes: Object.freeze(graph.nodes),
    outputs: Object.freeze(graph.outputs),
  });
  checkReads(who, frozen);
  inferTypes(frozen);
  for (const node of frozen.nodes) operationOf(node).checkWeights?.(node, weightsOf(frozen, node));
  parsed.add(frozen);
  return frozen;
}

/** What a pass made of a checked graph: it need not be checked again, and so must stay as it is. */
export function trusted(graph: Graph): Graph {
  for (const node of graph.nodes) {
    for (const part of [node, node.inputs, node.outputs, node.attributes]) Object.freeze(part);
  }
  for (const map of [graph.inputs, graph.parameters]) freezeMap<unknown>(map);
  for (const part of [graph, graph.nodes, graph.outputs]) Object.freeze(part);
  parsed.add(graph);
  return graph;
}

/** The same map, which no method of it changes from now on: `Object.freeze` leaves the entries of a map open. */
function freezeMap<Value>(map: ReadonlyMap<Name, Value>): ReadonlyMap<Name, Value> {
  if (Object.isFrozen(map)) return map;
  const value = () => {
    throw new NnpackError(
      'invalid-network',
      'graph: a map of a checked graph is written to, expected it to stay as it is',
    );
  };
  return Object.freeze(Object.defineProperties(map, { set: { value }, delete: { value }, clear: { value } }));
}

function entriesOf(who: string, what: string, value: unknown): readonly (readonly [Name, unknown])[] {
  if (!isMap(value)) {
    throw new NnpackError('invalid-network', `${who}: ${what} are ${show(value)}, expected a Map by name`);
  }
  // A map of a caller's own class may give anything as entries.
  const entries = reading(who, what, 'invalid-network', () =>
    Array.from(value, ([name, entry]) => [name, entry] as const),
  );
  return entries.map(([name, entry]) => [parseName(who, `a name of ${what}`, name), entry]);
}

/** A size may be 0 where it is told so: lists that say what a node does may be empty. */
function parseType(who: string, value: unknown): ValueType {
  const { dtype, shape } = readFields<ValueType>(who, 'its type', value, TYPE, 'invalid-network');
  const sizes = parseList(who, 'shape', shape, 'invalid-network').map((size): Size => {
    if ((typeof size === 'string' && size !== '') || size === 0) return size;
    expectCount(who, 'a size', size, 'invalid-input-size');
    return size;
  });
  const parsedType = expectOneOf(who, 'dtype', dtype, DTYPES, 'invalid-tensor-type');
  return Object.freeze({ dtype: parsedType, shape: Object.freeze(sizes) });
}

function parseParameter(who: string, value: unknown): Parameter {
  if (typeof value === 'object' && value !== null && isStored(value)) return value as Parameter;
  const { type, data, role } = readFields<Parameter>(who, 'it', value, PARAMETER, 'invalid-network');
  const { dtype, shape } = parseType(who, type);
  const open = shape.find((size) => typeof size === 'string');
  if (open !== undefined) {
    throw new NnpackError('invalid-tensor', `${who}: a size is ${show(open)}, expected a number`);
  }
  if (!isArrayOf(dtype, data)) {
    const text = `data is ${show(data)}, expected a ${arrayName(dtype)} (its type is ${dtype})`;
    throw new NnpackError('invalid-tensor-type', `${who}: ${text}`);
  }
  const tensorType = { dtype, shape } as TensorType;
  expectLength(who, { type: tensorType, data });
  return Object.freeze({ type: tensorType, data, role: expectOneOf(who, 'role', role, ROLES, 'invalid-network') });
}

/** A checked, frozen copy of a node: its fields, as many inputs and outputs as its operation has, and its attributes. */
export function parseNode(who: string, what: string, value: unknown): Node {
  const read = readFields<Node>(who, what, value, NODE, 'invalid-network');
  const name = parseName(who, `the name of ${what}`, read.name);
  const op = parseOp(`${who}: node ${show(name)}`, read.op);
  const own = whoIs({ name, op });
  const operation = operationOf({ op });
  const given = readFields<Record<string, unknown>>(
    own,
    'attributes',
    read.attributes,
    operation.fields,
    'invalid-network',
  );
  const node = {
    name,
    op,
    inputs: parseInputs(own, operation, read.inputs),
    outputs: parseOutputs(own, operation.outputs ?? ONE, read.outputs),
    attributes: Object.freeze(operation.check(own, given)),
  };
  // What the record of an operation has checked are the attributes of its nodes.
  return Object.freeze(node as Node);
}

/** The operation of a node, by its name. */
export function parseOp(who: string, value: unknown): OpName {
  const op = OPS.find((known) => known === value);
  if (op !== undefined) return op;
  const hint = typeof value === 'string' ? didYouMean(value, OPS) : '';
  throw new NnpackError('invalid-network', `${who}: op is ${show(value)}, expected the name of an operation${hint}`);
}

function parseInputs(who: string, { inputs, weights = [] }: AnyOperation, value: unknown): readonly (Name | null)[] {
  const list = parseList(who, 'inputs', value, 'invalid-network');
  const names = list.map((name, i) => (name === null ? null : parseName(who, `inputs[${i}]`, name)));
  expectCountOf(who, 'input', names.length, inputs);
  const values = inputs.most - weights.length;
  // Any number of values have no places of their own that could be left out.
  const needed = Number.isFinite(inputs.most) ? inputs.least : names.length;
  const missing = names.findIndex((name, i) => name === null && i < needed);
  if (missing >= 0) {
    const role = weights[missing - values]?.name ?? `inputs[${missing}]`;
    throw new NnpackError('invalid-network', `${who}: ${role} is null, expected a name`);
  }
  return Object.freeze(names);
}

function parseOutputs(who: string, count: Count, value: unknown): readonly Name[] {
  const list = parseList(who, 'outputs', value, 'invalid-network');
  const names = list.map((name, i) => parseName(who, `outputs[${i}]`, name));
  expectCountOf(who, 'output', names.length, count);
  return Object.freeze(names);
}

/** @throws NnpackError unless there are as many as an operation reads, or makes */
export function expectCountOf(who: string, what: string, got: number, { least, most }: Count): void {
  if (got >= least && got <= most) return;
  const counted = (count: number) => (count === 1 ? `one ${what}` : `${count} ${what}s`);
  const several = most === Infinity ? `at least ${counted(least)}` : `${least} to ${most} ${what}s`;
  const expected = least === most ? counted(most) : several;
  throw new NnpackError('invalid-network', `${who}: expected ${expected}, got ${got}`);
}

/** Names are unique, and whatever is read was made before. */
function checkReads(who: string, { inputs, parameters, nodes, outputs }: Graph): void {
  const all = new Set(nodes.flatMap((node) => node.outputs));
  const known = new Set<Name>();
  const define = (name: Name): void => {
    if (known.has(name)) throw new NnpackError('invalid-network', `${who}: two values are named ${show(name)}`);
    known.add(name);
  };
  for (const name of [...inputs.keys(), ...parameters.keys()]) define(name);
  const names = new Set<Name>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (name === null || known.has(name)) continue;
      const what = all.has(name)
        ? 'which is not computed before it (nodes stand in the order of computation, without cycles)'
        : 'which nothing computes';
      throw new NnpackError('invalid-network', `${whoIs(node)}: reads ${show(name)}, ${what}`);
    }
    node.outputs.forEach(define);
    if (names.has(node.name))
      throw new NnpackError('invalid-network', `${who}: two nodes are named ${show(node.name)}`);
    names.add(node.name);
  }
  if (outputs.length === 0) throw new NnpackError('invalid-network', `${who}: expected at least one output`);
  for (const name of outputs) {
    if (!known.has(name)) throw new NnpackError('invalid-network', `${who}: nothing computes the output ${show(name)}`);
  }
}
