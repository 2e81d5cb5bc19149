/** The oracle of networks: the references of their operations, node after node. */

import { operationOf } from '../../src/graph/ops/table.ts';
import type { DoubleTensor } from '../../src/graph/values.ts';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import { graphNode, readBy } from './on-graphs.ts';

export type Tensor = DoubleTensor;

export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) throw new Error(`${data.length} numbers for the shape ${shape}`);
  return { shape, data: Float64Array.from(data) };
}

/** All values of a network by name. */
export function runNaive(network: Network, inputs: Readonly<Record<string, Tensor>>): Map<string, Tensor> {
  const values = new Map(Object.entries(inputs));
  for (const node of network.nodes) {
    const read = node.inputs.map((name) => values.get(name)!);
    values.set(node.name, compute(node, read));
  }
  return values;
}

/**
 * The scale of an error bound: the network with the absolute value of every number it carries. Run on |inputs|, it gives
 * the sum of the magnitudes of all the terms behind each output. Activations can only bring two numbers nearer, and go.
 */
export function magnitudesOf(network: Network): Network {
  const nodes = network.nodes.map((node): NetworkNode => {
    switch (node.op) {
      case 'convolution':
      case 'fully-connected': {
        const kernel = { data: node.kernel.data.map(Math.abs), shape: node.kernel.shape };
        return { ...node, kernel, bias: node.bias?.map(Math.abs), activation: undefined };
      }
      case 'batch-normalisation': {
        const { gamma, beta, mean } = node;
        return { ...node, gamma: gamma.map(Math.abs), beta: beta.map(Math.abs), mean: mean.map((v) => -Math.abs(v)) };
      }
      case 'scale-shift':
        return { ...node, scale: node.scale.map(Math.abs), shift: node.shift.map(Math.abs) };
      case 'addition':
        return { ...node, activation: undefined };
      case 'pad':
        return { ...node, value: node.value === undefined ? undefined : Math.abs(node.value) };
      case 'relu':
      case 'clamp':
        return { op: 'dropout', name: node.name, inputs: node.inputs };
      case 'softmax':
      case 'local-response-normalisation':
        throw new Error(`no bound is a sum of magnitudes through ${node.op}`);
      default:
        return node;
    }
  });
  return { ...network, nodes };
}

/** One node, in double. */
export function compute(node: NetworkNode, inputs: readonly Tensor[]): Tensor {
  return operationOf(node).reference(graphNode(node).node, readBy(node, inputs))[0];
}
