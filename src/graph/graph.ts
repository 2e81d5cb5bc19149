/**
 * A network as data: nodes in the order in which they are computed, each of which makes values from values that were made
 * before it. Readers of model files write graphs, and passes turn them into graphs that compute the same in less.
 *
 * Numbers that belong to the network are parameters, which nodes read by name like any other value. The batch is an
 * ordinary first dimension, and a size may be a name.
 */
import type { OpNode } from './node.ts';
import { valueCount, type Weights } from './ops/operation.ts';
import { type Attributes, type OpName, operationOf } from './ops/table.ts';
import type { Name, Parameter, ValueType } from './values.ts';

/**
 * A network: what it reads, the numbers that are its own, what it computes, and which values it gives.
 *
 * @example
 * const graph: Graph = {
 *   name: 'one layer',
 *   inputs: new Map([['x', { dtype: 'float32', shape: ['N', 3, 'H', 'W'] }]]),
 *   parameters: new Map([['w', { type: { dtype: 'float32', shape: [8, 3, 3, 3] }, data: weights, role: 'weight' }]]),
 *   nodes: [{ name: 'conv', op: 'convolution', inputs: ['x', 'w'], outputs: ['y'], attributes: { padding: 1 } }],
 *   outputs: ['y'],
 * };
 */
export interface Graph {
  readonly name: string;
  readonly inputs: ReadonlyMap<Name, ValueType>;
  readonly parameters: ReadonlyMap<Name, Parameter>;
  readonly nodes: readonly Node[];
  /** Names of values, parameters or inputs that a run gives. */
  readonly outputs: readonly Name[];
}

/**
 * A node of a graph: an operation, what it reads and makes, and the attributes of that operation.
 *
 * @example
 * const node: Node<'convolution'> = {
 *   ...{ name: 'conv', op: 'convolution', inputs: ['x', 'w'], outputs: ['y'] },
 *   attributes: { padding: 1, activation: 'relu' },
 * };
 */
export type Node<O extends OpName = OpName> = { readonly [P in O]: OpNode<Attributes[P]> & { readonly op: P } }[O];

/** How many nodes, and outputs of the graph, read each value. */
export function countReaders({ nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>): Map<Name, number> {
  const readers = new Map<Name, number>();
  const read = (name: Name | null) => {
    if (name !== null) readers.set(name, (readers.get(name) ?? 0) + 1);
  };
  for (const node of nodes) node.inputs.forEach(read);
  outputs.forEach(read);
  return readers;
}

/** The same graph without the nodes and parameters that no output depends on. */
export function withoutUnused(graph: Graph): Graph {
  const needed = new Set<Name | null>(graph.outputs);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (node.outputs.some((name) => needed.has(name))) for (const name of node.inputs) needed.add(name);
  }
  const nodes = graph.nodes.filter((node) => node.outputs.some((name) => needed.has(name)));
  const isWhole = nodes.length === graph.nodes.length && [...graph.parameters.keys()].every((name) => needed.has(name));
  if (isWhole) return graph;
  const parameters = new Map([...graph.parameters].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, parameters };
}

/** The weights of a node, where these are parameters. */
export function weightsOf(graph: Pick<Graph, 'parameters'>, node: Node): Weights {
  return node.inputs
    .slice(valueCount(operationOf(node)))
    .map((name) => (name === null ? null : (graph.parameters.get(name) ?? null)));
}

/** The inputs of a node that it reads as it runs: no weights. */
export function valuesOf(node: Node): readonly (Name | null)[] {
  return node.inputs.slice(0, valueCount(operationOf(node)));
}

/** The names of all values and nodes of a graph. */
export function namesOf({ inputs, parameters, nodes }: Graph): Name[] {
  return [...inputs.keys(), ...parameters.keys(), ...nodes.flatMap(({ name, outputs }) => [name, ...outputs])];
}

/** Gives names that are not used, each once. */
export class FreshNames {
  readonly #used: Set<Name>;
  /** The last number that each name was given: those up to it are taken. */
  readonly #last = new Map<Name, number>();

  constructor(used: Iterable<Name>) {
    this.#used = new Set(used);
  }

  /** The name, or the first of `name_1`, `name_2`, … that is free. */
  take(name: Name): Name {
    let free = name;
    let i = this.#last.get(name) ?? 0;
    while (this.#used.has(free)) free = `${name}_${++i}`;
    this.#last.set(name, i);
    this.#used.add(free);
    return free;
  }
}
