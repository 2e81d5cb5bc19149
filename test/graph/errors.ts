/**
 * How errors go through the nodes of a graph. With x the values in double, x̂ those computed, and δ ≥ |x̂ − x|:
 *
 *     |ŷ − y|  ≤  |f(x̂) − f(x)|  +  local        local  =  c · ε · M(|x| + δ)
 *
 * M is f on magnitudes: of every term that f adds up, with what each activation could only bring nearer left out. What is
 * linear in x alone carries δ as M(δ), less what it adds itself; what multiplies two inputs as M(|x| + δ) − M(|x|), which
 * holds errors of its weights as well.
 */
import type { Graph, Node } from '../../src/graph/graph.ts';
import { operationOf } from '../../src/graph/ops/table.ts';
import { type DoubleTensor, doublesOf, type Name } from '../../src/graph/values.ts';

export const EPSILON = 2 ** -24;

type Read = readonly (DoubleTensor | null)[];

/** M: a node on magnitudes. */
function onMagnitudes(node: Node, read: Read): readonly DoubleTensor[] {
  const { attributes } = node;
  const [x] = read as readonly DoubleTensor[];
  switch (node.op) {
    case 'batch-normalisation': {
      const [, gamma, beta, mean, variance] = read as readonly DoubleTensor[];
      return operationOf(node).reference(node, [x, gamma, beta, mapped(mean, (v) => -v), variance]);
    }
    case 'relu': {
      const { negativeSlope = 0 } = attributes as { negativeSlope?: number };
      return [mapped(x, (v) => Math.max(1, Math.abs(negativeSlope)) * v)];
    }
    case 'clamp': {
      const { min, max } = attributes as { min: number; max: number };
      return [mapped(x, (v) => Math.max(v, min, -max))];
    }
    case 'pad': {
      const { value } = attributes as { value?: number };
      const magnitude = value === undefined ? undefined : Math.abs(value);
      return operationOf(node).reference({ ...node, attributes: { ...attributes, value: magnitude } } as Node, read);
    }
    default: {
      const plain = { ...node, attributes: { ...attributes, activation: undefined } } as Node;
      return operationOf(node).reference(plain, read);
    }
  }
}

/** How far the errors of what a node reads carry its outputs apart. */
function carried(node: Node, read: Read, errors: Read): readonly DoubleTensor[] {
  const [x] = read as readonly DoubleTensor[];
  const [error] = errors as readonly DoubleTensor[];
  const most = read.map((each, i) => (each === null ? null : wider(each, errors[i] as DoubleTensor)));
  switch (node.op) {
    case 'convolution':
    case 'fully-connected':
    case 'batch-normalisation':
    case 'scale-shift': {
      if (node.op === 'batch-normalisation' && (errors[4] as DoubleTensor).data.some((v) => v !== 0)) {
        throw new Error('no bound for errors of variances');
      }
      const upper = onMagnitudes(node, most);
      const lower = onMagnitudes(node, magnitudes(read));
      // The difference is itself rounded, in double.
      return upper.map(({ shape, data }, k) => {
        return { shape, data: data.map((v, i) => v - lower[k].data[i] + 1e-12 * v) };
      });
    }
    case 'clamp':
      return [error];
    case 'pad':
      return onMagnitudes({ ...node, attributes: { ...node.attributes, value: 0 } } as Node, errors);
    case 'local-response-normalisation':
      return [responseError(node as Node<'local-response-normalisation'>, most[0] as DoubleTensor, error)];
    case 'softmax':
      return [softmaxError(node, x, error)];
    default:
      return onMagnitudes(node, errors);
  }
}

/**
 * y_c = x_c · s^(−β), s = 1 + α/n · Σ x_j², β ≤ 1. With t = 2 β α/n, ∂y_c/∂x_c is between −1 and 1, and ∂y_c/∂x_j at most
 * t · |x_c x_j|.
 */
function responseError({ attributes }: Node<'local-response-normalisation'>, most: DoubleTensor, error: DoubleTensor) {
  const { size, alpha, beta, bias } = attributes;
  if (bias !== 1 || beta > 1) throw new Error('the bound is derived for b = 1, β ≤ 1');
  const [, channels, ...pixels] = most.shape;
  const plane = pixels.reduce((product, extent) => product * extent, 1);
  const t = (2 * beta * alpha) / size;
  const half = Math.floor((size - 1) / 2);
  return mapped(error, (own, i) => {
    const channel = Math.floor(i / plane) % channels;
    let sum = own;
    for (let j = channel - half; j < channel - half + size; j++) {
      if (j === channel || j < 0 || j >= channels) continue;
      const at = i + (j - channel) * plane;
      sum += t * most.data[i] * most.data[at] * error.data[at];
    }
    return sum;
  });
}

/** All logits of a pixel within ±d: every exponential by a factor within e^±d, and their sum too, so p by one within e^±2d. */
function softmaxError(node: Node, x: DoubleTensor, error: DoubleTensor): DoubleTensor {
  const [, channels, ...pixels] = x.shape;
  const plane = pixels.reduce((product, extent) => product * extent, 1);
  const [exact] = operationOf(node).reference(node, [x]);
  return mapped(exact, (p, i) => {
    const image = Math.floor(i / (channels * plane)) * channels;
    let d = 0;
    for (let c = 0; c < channels; c++) d = Math.max(d, error.data[(image + c) * plane + (i % plane)]);
    return Math.min(1, p * Math.expm1(2 * d));
  });
}

/** Roundings of a node by itself, as so many of its magnitude; `spread` where they reach over a whole plane. */
export interface Local {
  readonly constant: number;
  readonly spreads?: boolean;
}

/** The error allowed to every value of a graph, where each node may round as `localOf` says. */
export function allowedErrors(
  graph: Graph,
  values: ReadonlyMap<Name, DoubleTensor>,
  localOf: (node: Node) => Local,
): ReadonlyMap<Name, DoubleTensor> {
  const errors = new Map<Name, DoubleTensor>();
  const zero = (value: DoubleTensor) => mapped(value, () => 0);
  for (const [name, parameter] of graph.parameters) errors.set(name, zero(doublesOf(parameter)));
  for (const name of graph.inputs.keys()) errors.set(name, zero(values.get(name) as DoubleTensor));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => (name === null ? null : (values.get(name) as DoubleTensor)));
    const error = node.inputs.map((name) => (name === null ? null : (errors.get(name) as DoubleTensor)));
    const most = read.map((each, i) => (each === null ? null : wider(each, error[i] as DoubleTensor)));
    const { constant, spreads = false } = localOf(node);
    if (spreads) most[0] = greatestOfPlanes(most[0] as DoubleTensor);
    const scales = onMagnitudes(node, most);
    for (const [k, each] of carried(node, read, error).entries()) {
      const own = (spreads ? greatestOfPlanes(scales[k]) : scales[k]).data;
      // What is too small for a float32 is rounded by that much.
      errors.set(
        node.outputs[k],
        mapped(each, (v, i) => v + constant * EPSILON * own[i] + 2 ** -140),
      );
    }
  }
  return errors;
}

/** Each element of a plane as the greatest of it. */
function greatestOfPlanes(x: DoubleTensor): DoubleTensor {
  const plane = x.shape.slice(2).reduce((product, size) => product * size, 1);
  const greatest = new Float64Array(x.data.length / plane);
  x.data.forEach((v, i) => {
    const at = Math.floor(i / plane);
    greatest[at] = Math.max(greatest[at], v);
  });
  return mapped(x, (_, i) => greatest[Math.floor(i / plane)]);
}

function mapped(x: DoubleTensor, f: (v: number, i: number) => number): DoubleTensor {
  return { shape: x.shape, data: x.data.map(f) };
}

function magnitudes(read: Read): Read {
  return read.map((x) => (x === null ? null : mapped(x, Math.abs)));
}

function wider(x: DoubleTensor, error: DoubleTensor): DoubleTensor {
  return mapped(x, (v, i) => Math.abs(v) + error.data[i]);
}
