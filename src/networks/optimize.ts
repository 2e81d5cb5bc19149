/**
 * Makes a network shorter; the result computes the same values up to rounding.
 *
 * 1. What does nothing at inference goes (dropout, a concatenation of one value, …), and what no output depends on.
 * 2. A batch normalisation has constant statistics, so it is one multiplication and one addition for each channel:
 *
 *        γ · (x − μ) / √(σ² + ε) + β  =  a · x + b,   a = γ / √(σ² + ε),   b = β − a · μ
 *
 * 3. Behind a convolution or fully-connected layer w ∗ x + c these two disappear into its kernel and bias:
 *
 *        a · (w ∗ x + c) + b  =  (a · w) ∗ x + (a · c + b)
 *
 * 4. A ReLU or clamp becomes the activation of the convolution, fully-connected layer or addition before it.
 *
 * Steps 3 and 4 (and 1, where a name must be kept) merge two neighbours, which is right only if nobody else reads the
 * value between them.
 */
import type { Network, NetworkNode, ScaleShiftNode } from './network.ts';
import { countReaders, neededNodes } from './network.ts';
import { operationOf } from './ops/table.ts';
import { parseNetwork } from './parse.ts';
import { declaredShapes } from './shapes.ts';

/**
 * All of the steps. The names of the network's inputs and outputs stay as they are.
 *
 * @throws NnpackError for a network that makes no sense, also where no output needs what makes none
 * @example
 * const { nodes } = optimize(buildNetwork('inception-bn')); // without batch normalisations, dropouts and activations
 */
export function optimize(given: Network): Network {
  if (optimized.has(given)) return given;
  const network = parseNetwork(given);
  // Channels that do not agree must be found before two nodes are made one.
  declaredShapes(network);
  const shorter = parseNetwork(fuseActivations(foldBatchNormalisation(dropIdentities(network))));
  optimized.add(shorter);
  return shorter;
}

/** What came out, which has nothing left to do. */
const optimized = new WeakSet<Network>();

export function dropIdentities(network: Network): Network {
  const needed = { ...network, nodes: neededNodes(network) };
  const merged = mergeNeighbours(needed, (producer, node) => (isIdentity(node) ? producer : null));
  // what is left reads an input of the network, or a value with other readers: these read past it
  const standsFor = new Map<string, string>();
  const nodes: NetworkNode[] = [];
  for (const node of merged.nodes) {
    const inputs = node.inputs.map((name) => standsFor.get(name) ?? name);
    if (isIdentity(node) && !merged.outputs.includes(node.name)) standsFor.set(node.name, inputs[0]);
    else nodes.push({ ...node, inputs });
  }
  return { ...merged, nodes };
}

export function foldBatchNormalisation(network: Network): Network {
  const nodes = network.nodes.map((node) => asScaleShift(node) ?? node);
  return mergeNeighbours({ ...network, nodes }, (producer, node) => {
    const scaleShift = asScaleShift(node);
    return (scaleShift && operationOf(producer).takeScaleShift?.(producer, scaleShift)) ?? null;
  });
}

function asScaleShift(node: NetworkNode): ScaleShiftNode | undefined {
  return operationOf(node).asScaleShift?.(node);
}

export function fuseActivations(network: Network): Network {
  return mergeNeighbours(network, (producer, node) => {
    const activation = operationOf(node).asActivation?.(node);
    return (activation && operationOf(producer).takeActivation?.(producer, activation)) ?? null;
  });
}

function isIdentity(node: NetworkNode): boolean {
  return operationOf(node).isIdentity?.(node) ?? false;
}

/**
 * Walks the nodes in order. Where a node is the only reader of the node before it, `merge` may return one node to stand
 * for the two, in the first one's place and under its name; under the second's if that is an output of the network.
 */
function mergeNeighbours(
  network: Network,
  merge: (producer: NetworkNode, node: NetworkNode) => NetworkNode | null,
): Network {
  const readers = countReaders(network);
  const nodes: NetworkNode[] = [];
  const places = new Map<string, number>();
  for (const node of network.nodes) {
    const place =
      node.inputs.length === 1 && readers.get(node.inputs[0]) === 1 ? places.get(node.inputs[0]) : undefined;
    const merged = place === undefined ? null : merge(nodes[place], node);
    if (place === undefined || merged === null) {
      places.set(node.name, nodes.push(node) - 1);
    } else {
      const name = network.outputs.includes(node.name) ? node.name : nodes[place].name;
      nodes[place] = { ...merged, name };
      places.set(node.name, place);
    }
  }
  // a node that was merged is known to its readers by the name of what it became
  const renamed = nodes.map((node) => {
    const inputs = node.inputs.map((name) => (places.has(name) ? nodes[places.get(name)!].name : name));
    return { ...node, inputs };
  });
  return { ...network, nodes: renamed };
}
