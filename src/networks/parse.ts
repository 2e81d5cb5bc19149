/**
 * What must hold of a network before anything is made of it: every field is of its type, names are unique, every node
 * reads only what was made before it, and every node's own options make sense, those too that no output needs. What
 * depends on the shapes of a node's inputs is checked where shapes are inferred (shapes.ts).
 *
 * What comes out is a frozen copy, but for the numbers themselves, that everything below uses: what was checked is what
 * runs. It is known again, so that whoever is given one need not ask whether it was checked.
 */
import { type FieldsOf, readFields } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import type { Network, NetworkInput, NetworkNode } from './network.ts';
import { whoIs } from './network.ts';
import { parseNode } from './parse-node.ts';
import { parseList, parseName } from './parse-values.ts';

const NETWORK: FieldsOf<Network> = { name: true, inputs: true, nodes: true, outputs: true };
const INPUT: FieldsOf<NetworkInput> = { name: true, shape: true };

const parsed = new WeakSet<Network>();

/** @throws NnpackError 'invalid-network', or the code of the option that makes no sense */
export function parseNetwork(given: Network): Network {
  if (parsed.has(given)) return given;
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
  checkReads(who, network);
  parsed.add(network);
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

/** Names are unique, and whatever is read was made before. */
function checkReads(who: string, { inputs, nodes, outputs }: Network): void {
  const all = new Set(nodes.map((node) => node.name));
  const known = new Set<string>();
  const define = ({ name }: NetworkInput | NetworkNode): void => {
    if (known.has(name)) throw new NnpackError('invalid-network', `${who}: two values are named ${show(name)}`);
    known.add(name);
  };
  for (const input of inputs) define(input);
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (known.has(name)) continue;
      const what = all.has(name)
        ? 'which is not computed before it (nodes stand in the order of computation, without cycles)'
        : 'which nothing computes';
      throw new NnpackError('invalid-network', `${whoIs(node)}: reads ${show(name)}, ${what}`);
    }
    define(node);
  }
  if (outputs.length === 0) throw new NnpackError('invalid-network', `${who}: expected at least one output`);
  for (const name of outputs) {
    if (!known.has(name)) throw new NnpackError('invalid-network', `${who}: nothing computes the output ${show(name)}`);
  }
}
