/**
 * How errors go through one node of a network. With x the values in double, x̂ those computed, and δ = |x̂ − x| as it was
 * seen at the inputs of a node f:
 *
 *   |ŷ − y|  ≤  |f̂(x̂) − f(x̂)|  +  |f(x̂) − f(x)|  ≤  local(x̂)  +  propagated(δ)
 *
 * local is what the node itself may round, from its algorithm's derived bound; propagated is |w| ∗ δ for a convolution, the
 * greatest δ of a window for a maximum, and so on: how far f can carry its inputs apart. Node after node this holds the
 * whole network to its definition, and since the δ are those seen and not yet another bound, it stays near what happens:
 * bounds of bounds grow by the sum of |w| at each layer, and after ten layers would allow anything.
 */

import { algorithmNamed } from '../../src/algorithms/list.ts';
import type { Context } from '../../src/context/context.ts';
import type { Node } from '../../src/graph/graph.ts';
import { convolutionWindow } from '../../src/graph/ops/convolution.ts';
import { type Window, windowsOf } from '../../src/graph/ops/windows.ts';
import type {
  ConvolutionNode,
  FullyConnectedNode,
  LocalResponseNormalisationNode,
  NetworkNode,
} from '../../src/networks/network.ts';
import type { NodeReport } from '../../src/networks/plan.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { errorScale } from '../../src/testing/bounds.ts';
import { roundingsOf } from '../support/roundings.ts';
import { compute, type Tensor } from './naive.ts';
import { graphNode } from './on-graphs.ts';

const EPSILON = 2 ** -24;

/** What is known of a node's input: computed values, and how far each is from the value in double. */
export interface Seen {
  readonly value: Tensor;
  readonly error: Tensor;
}

/** The error allowed at each output of a node. */
export function allowedError(
  node: NetworkNode,
  inputs: readonly Seen[],
  { algorithm }: Pick<NodeReport, 'algorithm'>,
  context: Context,
): Float64Array {
  const [x] = inputs;
  const errors = inputs.map(({ error }) => error);
  switch (node.op) {
    case 'convolution':
      return add(convolutionBound(node, x.value, algorithm as string, context), linear(node, errors[0]));
    case 'fully-connected':
      return add(fullyConnectedBound(node, x.value, context), linear(node, errors[0]));
    case 'average-pooling':
    case 'global-average-pooling':
      // A mean in double, rounded once.
      return add(scaled(compute(node, [absolute(x.value)]).data, 1.01 * EPSILON), compute(node, errors).data);
    case 'max-pooling':
    case 'concatenation':
    case 'relu':
    case 'dropout':
    case 'identity':
    case 'flatten':
      // Exact, and no difference grows.
      return compute(node, errors).data;
    case 'local-response-normalisation':
      return responseBound(node, x, context);
    case 'softmax':
      return softmaxBound(node, x);
    default:
      throw new Error(`no bound for ${node.op}`);
  }
}

/** |w| ∗ δ: the node without bias or activation, which carries no two values further apart. */
function linear(node: ConvolutionNode | FullyConnectedNode, error: Tensor): Float64Array {
  const kernel = { data: node.kernel.data.map(Math.abs), shape: node.kernel.shape };
  return compute({ ...node, kernel, bias: undefined, activation: undefined }, [error]).data;
}

function convolutionBound(node: ConvolutionNode, x: Tensor, algorithm: string, context: Context): Float64Array {
  const { padding } = windowsOf(windowOf(node), x.shape[2], x.shape[3]);
  const shape = convolutionShape('test', x.shape, node.kernel.shape, { ...node, padding });
  const { constant, reachHeight, reachWidth } = algorithmNamed(algorithm as never).errorBound(
    shape,
    'forward',
    context,
  );
  const scale = errorScale(shape, x.data, node.kernel.data, node.bias ?? null, reachHeight, reachWidth);
  return scaled(scale, constant * EPSILON);
}

function windowOf(node: ConvolutionNode): Window {
  const [, , height, width] = node.kernel.shape;
  return convolutionWindow(graphNode(node).node as Node<'convolution'>, [height, width]);
}

function fullyConnectedBound(node: FullyConnectedNode, x: Tensor, context: Context): Float64Array {
  const channels = node.kernel.shape[1];
  const kernel = { data: node.kernel.data.map(Math.abs), shape: node.kernel.shape };
  const magnitudes = { ...node, kernel, bias: node.bias?.map(Math.abs), activation: undefined };
  // Roundings of the blocks of a sum, of the bias and of the result, as the layer's own test counts them.
  const count = context.kernels.gemmRoundings(channels) + 2;
  return scaled(compute(magnitudes, [absolute(x)]).data, 1.001 * count * EPSILON);
}

/**
 * y_c = x_c · s^(−β), s = b + α/n · Σ x_j². With t = 2 β α/n:
 *
 *   ∂y_c/∂x_c = s^(−β) (1 − t x_c² / s)       ∂y_c/∂x_j = −t x_c x_j s^(−β−1)
 *
 * For b = 1, s ≥ 1, and t x_c² / s ≤ 2β, so that the first is at most 1 in magnitude for β ≤ 1; the second is at most
 * t |x_c x_j|, where |x| ≤ |x̂| + δ all the way from x to x̂.
 */
function responseBound(
  node: LocalResponseNormalisationNode,
  { value, error }: Seen,
  { kernels }: Context,
): Float64Array {
  if (node.bias !== 1 || node.beta > 1) throw new Error('the bound is derived for b = 1, β ≤ 1');
  const most = value.data.map((v, i) => Math.abs(v) + error.data[i]);
  const [batch, channels, ...pixels] = value.shape;
  const plane = pixels.reduce((product, size) => product * size, 1);
  const t = (2 * node.beta * node.alpha) / node.size;
  const half = Math.floor((node.size - 1) / 2);
  const exact = compute(node, [value]).data;
  const roundings = roundingsOf(kernels).localResponse(node.size, node.beta);
  return exact.map((y, i) => {
    const channel = Math.floor(i / plane) % channels;
    let sum = error.data[i] + 1.001 * roundings * EPSILON * Math.abs(y);
    for (let j = channel - half; j < channel - half + node.size; j++) {
      if (j === channel || j < 0 || j >= channels) continue;
      const at = i + (j - channel) * plane;
      sum += t * most[i] * most[at] * error.data[at];
    }
    return batch > 0 ? sum : 0;
  });
}

/** All logits within ±d: every exponential by a factor within e^±d, and their sum too, so p by one within e^±2d. */
function softmaxBound(node: NetworkNode, { value, error }: Seen): Float64Array {
  const classes = value.shape[1];
  const exact = compute(node, [value]).data;
  return exact.map((p, i) => {
    const image = Math.floor(i / classes) * classes;
    const d = error.data.subarray(image, image + classes).reduce((most, e) => Math.max(most, e), 0);
    return Math.min(1, p * Math.expm1(2 * d)) + 2.001 * EPSILON * p;
  });
}

function absolute(x: Tensor): Tensor {
  return { shape: x.shape, data: x.data.map(Math.abs) };
}

function scaled(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => value * factor);
}

function add(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}
