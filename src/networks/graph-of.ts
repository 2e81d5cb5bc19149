/**
 * A network as a graph, and back. The numbers that a node holds become parameters named after it, its other fields are the
 * attributes, and the batch comes in front of all shapes:
 *
 *     { op: 'convolution', name: 'conv', inputs: ['x'], kernel, bias, padding: 1 }
 *     { op: 'convolution', name: 'conv', inputs: ['x', 'conv.kernel', 'conv.bias'], outputs: ['conv'], attributes: { padding: 1 } }
 */
import { NnpackError, show } from '../errors.ts';
import type { DenseArray } from '../graph/compiled.ts';
import { type Graph, type Node, valuesOf, weightsOf } from '../graph/graph.ts';
import type { AnyOperation, WeightInput } from '../graph/ops/operation.ts';
import { operationOf } from '../graph/ops/table.ts';
import { withNumbersOf } from '../graph/stored.ts';
import type { Name, Parameter, Size, ValueType } from '../graph/values.ts';
import type { Network, NetworkInput, NetworkNode, PartialShape } from './network.ts';

/** How many images there are in a run. */
export const BATCH = 'N';

const LETTERS = ['C', 'H', 'W'];

/** What a node of a network reads, makes and holds. */
interface Converted {
  readonly node: Node;
  readonly parameters: readonly (readonly [Name, Parameter])[];
}

/** A parsed network as a graph, which is still to be checked. */
export function graphFrom(who: string, { name, inputs, nodes, outputs }: Network): Graph {
  const types = new Map<Name, ValueType>();
  for (const { name: input, shape } of inputs) {
    if (types.has(input)) throw new NnpackError('invalid-network', `${who}: two values are named ${show(input)}`);
    types.set(input, { dtype: 'float32', shape: withBatch(input, shape) });
  }
  const used = new Set<Name>([...types.keys(), ...nodes.map((node) => node.name)]);
  const fresh = (wanted: Name): Name => {
    let free = wanted;
    for (let i = 1; used.has(free); i++) free = `${wanted}_${i}`;
    used.add(free);
    return free;
  };
  const converted = nodes.map((node) => nodeFrom(node, fresh));
  const parameters = new Map(converted.flatMap((each) => each.parameters));
  return { name, inputs: types, parameters, nodes: converted.map(({ node }) => node), outputs };
}

/** [C, H, W] as [N, C, H, W], sizes that are not known by name. */
export function withBatch(name: Name, shape: PartialShape): readonly Size[] {
  return [BATCH, ...shape.map((size, axis) => size ?? `${name}.${LETTERS[axis]}`)];
}

/** [N, C, H, W] as [C, H, W], null where a size is not known. */
export function withoutBatch([, ...shape]: readonly Size[]): PartialShape {
  return shape.map((size) => (typeof size === 'number' ? size : null));
}

/** A node and its numbers, which `fresh` names. */
export function nodeFrom(given: NetworkNode, fresh: (wanted: Name) => Name): Converted {
  const { op, name, inputs } = given;
  const operation = operationOf({ op });
  const fields: Readonly<Record<string, unknown>> = { ...given };
  const parameters: (readonly [Name, Parameter])[] = [];
  const weights = (operation.weights ?? []).map((weight): Name | null => {
    const numbers = fields[weight.name] as DenseArray | Float32Array | undefined;
    if (numbers === undefined) return null;
    const own = fresh(`${name}.${weight.name}`);
    parameters.push([own, parameterFrom(weight, numbers)]);
    return own;
  });
  const attributes: Record<string, unknown> = {};
  for (const field of Object.keys(operation.fields)) attributes[field] = fields[field];
  const node = {
    name,
    op,
    inputs: Object.freeze([...inputs, ...withoutLastNulls(weights)]),
    outputs: Object.freeze([name]),
    attributes: Object.freeze(attributes),
  };
  // The fields of a network's node that are not its weights are the attributes of its operation.
  return { node: Object.freeze(node as Node), parameters };
}

function withoutLastNulls(names: readonly (Name | null)[]): readonly (Name | null)[] {
  const end = names.findLastIndex((name) => name !== null);
  return names.slice(0, end + 1);
}

function parameterFrom({ role }: WeightInput, numbers: DenseArray | Float32Array): Parameter {
  const array = 'shape' in numbers ? numbers : { data: numbers, shape: [numbers.length] };
  return withNumbersOf(array, { type: Object.freeze({ dtype: 'float32', shape: array.shape } as const), role });
}

/** The network that stands for a graph whose nodes make one value each, named like the node. */
export function networkFrom(graph: Graph): Network {
  const inputs = [...graph.inputs].map(([name, { shape }]): NetworkInput => {
    return Object.freeze({ name, shape: Object.freeze(withoutBatch(shape)) });
  });
  const nodes = graph.nodes.map((node) => nodeOf(graph, node));
  const { name, outputs } = graph;
  return Object.freeze({ name, inputs: Object.freeze(inputs), nodes: Object.freeze(nodes), outputs });
}

function nodeOf(graph: Graph, node: Node): NetworkNode {
  const operation = operationOf(node);
  const numbers = weightsOf(graph, node).map((weight, i) => [
    operation.weights?.[i].name,
    numbersOf(operation, i, weight),
  ]);
  const { op, outputs, attributes } = node;
  const made = { op, name: outputs[0], inputs: valuesOf(node), ...Object.fromEntries(numbers), ...attributes };
  return Object.freeze(made as NetworkNode);
}

function numbersOf({ weights = [] }: AnyOperation, i: number, weight: Parameter | null): unknown {
  if (weight === null) return undefined;
  return weights[i].axes.length === 1 ? weight.data : withNumbersOf(weight, { shape: weight.type.shape });
}
