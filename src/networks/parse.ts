/**
 * What must hold of a network before anything is made of it: every field is of its type, names are unique, every node
 * reads only what was made before it, and every node's own options make sense, also of a node that no output needs.
 *
 * What comes out is a frozen copy, but for the numbers themselves, and the graph that it stands for. Both are known again,
 * so that whoever is given one need not ask whether it was checked.
 */
import { type FieldsOf, readFields } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { checkedGraph } from '../graph/parse-graph.ts';
import { parseList, parseName } from '../graph/parse-values.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import { graphFrom, networkFrom } from './graph-of.ts';
import type { Network, NetworkInput } from './network.ts';
import { parseNode } from './parse-node.ts';

const NETWORK: FieldsOf<Network> = { name: true, inputs: true, nodes: true, outputs: true };
const INPUT: FieldsOf<NetworkInput> = { name: true, shape: true };

/** The graphs of networks that were checked, and the networks of graphs. */
const graphs = new WeakMap<Network, Graph>();
const networks = new WeakMap<Graph, Network>();

/** @throws NnpackError 'invalid-network', or the code of the option that makes no sense */
export function parseNetwork(given: Network): Network {
  if (graphs.has(given)) return given;
  const read = readFields<Network>('network', 'it', given, NETWORK, 'invalid-network');
  if (typeof read.name !== 'string') {
    throw new NnpackError('invalid-network', `network: its name is ${show(read.name)}, expected a string`);
  }
  const who = `network ${show(read.name)}`;
  const listOf = (what: keyof Network) => parseList(who, what, read[what], 'invalid-network');
  const inputs = listOf('inputs').map((input, i) => parseInput(who, `inputs[${i}]`, input));
  const nodes = listOf('nodes').map((node, i) => parseNode(who, `nodes[${i}]`, node));
  const outputs = listOf('outputs').map((name, i) => parseName(who, `outputs[${i}]`, name));
  const network: Network = Object.freeze({
    name: read.name,
    inputs: Object.freeze(inputs),
    nodes: Object.freeze(nodes),
    outputs: Object.freeze(outputs),
  });
  remember(network, checkedGraph(who, graphFrom(who, network)));
  return network;
}

function remember(network: Network, graph: Graph): void {
  graphs.set(network, graph);
  networks.set(graph, network);
}

/**
 * The graph that a network stands for: its nodes' numbers as parameters, and the batch as the size `'N'` in front of all
 * shapes.
 *
 * @throws NnpackError for a network that makes no sense
 * @example
 * const graph = graphOf(buildNetwork('vgg-11'));
 * graph.parameters.get('conv1_1.kernel');
 */
export function graphOf(network: Network): Graph {
  return graphs.get(parseNetwork(network)) as Graph;
}

/** The network that stands for a checked graph of one value a node. */
export function networkOf(graph: Graph): Network {
  const known = networks.get(graph);
  if (known !== undefined) return known;
  const network = networkFrom(graph);
  remember(network, graph);
  return network;
}

function parseInput(who: string, what: string, value: unknown): NetworkInput {
  const read = readFields<NetworkInput>(who, what, value, INPUT, 'invalid-network');
  const name = parseName(who, `the name of ${what}`, read.name);
  const own = `${who}: input ${show(name)}`;
  const shape = parseList(own, 'shape', read.shape, 'invalid-network');
  if (shape.length !== 1 && shape.length !== 3) {
    throw new NnpackError('invalid-rank', `${own} expected [C, H, W] or [C], got ${show(shape)}`);
  }
  const sizes = shape.map((size) => {
    if (size !== null) expectCount(own, 'a size', size, 'invalid-input-size');
    return size;
  });
  return Object.freeze({ name, shape: Object.freeze(sizes) });
}
