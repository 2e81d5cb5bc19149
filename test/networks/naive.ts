/**
 * The oracle of networks: every op as its defining loop, in double precision, sharing nothing with the library but the
 * type of a network. Slow, and meant to be.
 */

import type { Activation, Network, NetworkNode } from '../../src/networks/network.ts';
import type { Padding, PerAxis } from '../../src/tensor/convolution-shape.ts';

/** N C H W or N C. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

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
  const [x] = inputs;
  switch (node.op) {
    case 'convolution':
      return convolution(node, x);
    case 'fully-connected':
      return fullyConnected(node, x);
    case 'max-pooling':
    case 'average-pooling':
      return pooling(node, x);
    case 'global-average-pooling': {
      const [n, c, h, w] = x.shape;
      return build([n, c], ([i, j]) => sum(h * w, (p) => x.data[(i * c + j) * h * w + p]) / (h * w));
    }
    case 'relu':
      return map(x, (v) => (v < 0 ? v * (node.negativeSlope ?? 0) : v));
    case 'clamp':
      return map(x, (v) => Math.min(Math.max(v, node.min), node.max));
    case 'softmax':
      return build(x.shape, ([n, c, ...p]) => {
        const logits = Array.from({ length: x.shape[1] }, (_, k) => at(x, [n, k, ...p]));
        const most = Math.max(...logits);
        return Math.exp(logits[c] - most) / sum(logits.length, (k) => Math.exp(logits[k] - most));
      });
    case 'local-response-normalisation':
      return build(x.shape, ([n, c, ...p]) => {
        // the window of `size` channels has its centre at c; an even one reaches one further up
        const first = c - Math.floor((node.size - 1) / 2);
        const squares = sum(node.size, (k) => at(x, [n, first + k, ...p]) ** 2);
        return at(x, [n, c, ...p]) * (node.bias + (node.alpha / node.size) * squares) ** -node.beta;
      });
    case 'batch-normalisation':
      return build(x.shape, (index) => {
        const c = index[1];
        const normal = (at(x, index) - node.mean[c]) / Math.sqrt(node.variance[c] + node.epsilon);
        return node.gamma[c] * normal + node.beta[c];
      });
    case 'scale-shift':
      return build(x.shape, (index) => at(x, index) * node.scale[index[1]] + node.shift[index[1]]);
    case 'concatenation':
      return concatenation(inputs);
    case 'addition':
      return build(x.shape, (index) =>
        activate(
          sum(inputs.length, (i) => at(inputs[i], index)),
          node.activation,
        ),
      );
    case 'resize':
      return resize(node, x);
    case 'dropout':
      return x;
    case 'flatten':
      return { shape: [x.shape[0], x.data.length / x.shape[0]], data: x.data };
  }
}

type NodeOf<Op extends NetworkNode['op']> = Extract<NetworkNode, { op: Op }>;

/** x is (N, C, H, W), kernel is (K, C / groups, R, S) */
function convolution(node: NodeOf<'convolution'>, x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const [outputs, groupInputs, r, s] = node.kernel.shape;
  const [strideH, strideW] = both(node.stride ?? 1);
  const [dilationH, dilationW] = both(node.dilation ?? 1);
  const groups = node.groups ?? 1;
  const padding = node.padding ?? 0;
  const same = padding === 'same';
  const sides = around(same ? 0 : padding);
  const spanH = (r - 1) * dilationH + 1;
  const spanW = (s - 1) * dilationW + 1;
  const [top, outH] = same
    ? sameAxis(height, spanH, strideH)
    : [sides.top, windows(height, sides.top, sides.bottom, spanH, strideH)];
  const [left, outW] = same
    ? sameAxis(width, spanW, strideW)
    : [sides.left, windows(width, sides.left, sides.right, spanW, strideW)];

  const kernel = Float64Array.from(node.kernel.data);
  const y = new Float64Array(batch * outputs * outH * outW);
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const firstChannel = Math.floor(k / (outputs / groups)) * groupInputs;
      for (let i = 0; i < outH; i++) {
        for (let j = 0; j < outW; j++) {
          let total = node.bias ? node.bias[k] : 0;
          for (let c = 0; c < groupInputs; c++) {
            for (let p = 0; p < r; p++) {
              const row = i * strideH - top + p * dilationH;
              if (row < 0 || row >= height) continue;
              const xRow = ((n * channels + firstChannel + c) * height + row) * width;
              const kRow = ((k * groupInputs + c) * r + p) * s;
              for (let q = 0; q < s; q++) {
                const column = j * strideW - left + q * dilationW;
                if (column < 0 || column >= width) continue;
                total += x.data[xRow + column] * kernel[kRow + q];
              }
            }
          }
          y[((n * outputs + k) * outH + i) * outW + j] = activate(total, node.activation);
        }
      }
    }
  }
  return { shape: [batch, outputs, outH, outW], data: y };
}

/** x is (N, C) once flattened, kernel is (K, C) */
function fullyConnected(node: NodeOf<'fully-connected'>, x: Tensor): Tensor {
  const [outputs, channels] = node.kernel.shape;
  return build([x.shape[0], outputs], ([n, k]) => {
    const product = sum(channels, (c) => node.kernel.data[k * channels + c] * x.data[n * channels + c]);
    return activate(product + (node.bias?.[k] ?? 0), node.activation);
  });
}

function pooling(node: NodeOf<'max-pooling' | 'average-pooling'>, x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const [poolH, poolW] = both(node.poolingSize);
  const [strideH, strideW] = both(node.stride ?? node.poolingSize);
  const padding = node.padding ?? 0;
  const sides = around(padding);
  const count = node.convention === 'full' ? windowsFull : windows;
  const [top, outH] =
    node.convention === 'same'
      ? sameAxis(height, poolH, strideH)
      : [sides.top, count(height, sides.top, sides.bottom, poolH, strideH)];
  const [left, outW] =
    node.convention === 'same'
      ? sameAxis(width, poolW, strideW)
      : [sides.left, count(width, sides.left, sides.right, poolW, strideW)];
  return build([batch, channels, outH, outW], ([n, c, i, j]) => {
    const inside: number[] = [];
    for (let p = 0; p < poolH; p++) {
      for (let q = 0; q < poolW; q++) {
        const row = i * strideH - top + p;
        const column = j * strideW - left + q;
        if (row >= 0 && row < height && column >= 0 && column < width) inside.push(at(x, [n, c, row, column]));
      }
    }
    if (node.op === 'max-pooling') return inside.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = inside.reduce((a, b) => a + b, 0);
    if (node.countPadding) return total / (poolH * poolW);
    return inside.length === 0 ? 0 : total / inside.length;
  });
}

function concatenation(inputs: readonly Tensor[]): Tensor {
  const [batch, , ...plane] = inputs[0].shape;
  const channels = inputs.map((x) => x.shape[1]);
  return build([batch, channels.reduce((a, b) => a + b), ...plane], ([n, c, ...p]) => {
    let from = 0;
    let channel = c;
    while (channel >= channels[from]) channel -= channels[from++];
    return at(inputs[from], [n, channel, ...p]);
  });
}

function resize(node: NodeOf<'resize'>, x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const [scaleH, scaleW] = both(node.scale);
  const [outH, outW] = [Math.floor(height * scaleH), Math.floor(width * scaleW)];
  if (node.mode === 'nearest') {
    return build([batch, channels, outH, outW], ([n, c, i, j]) =>
      at(x, [n, c, Math.floor((i * height) / outH), Math.floor((j * width) / outW)]),
    );
  }
  return build([batch, channels, outH, outW], ([n, c, i, j]) => {
    const [i0, i1, u] = between(i, height, outH);
    const [j0, j1, v] = between(j, width, outW);
    const above = at(x, [n, c, i0, j0]) * (1 - v) + at(x, [n, c, i0, j1]) * v;
    const below = at(x, [n, c, i1, j0]) * (1 - v) + at(x, [n, c, i1, j1]) * v;
    return above * (1 - u) + below * u;
  });
}

/**
 * The two samples around output i, and the weight of the second: (i + ½) · size / out − ½ = (2i + 1) · size / 2out − ½.
 * In whole numbers, so that the weight is the same for outputs a whole period apart.
 */
function between(i: number, size: number, out: number): [number, number, number] {
  const twice = (2 * i + 1) * size - out; // 2 · out · the position
  const first = Math.floor(twice / (2 * out));
  const weight = (twice - first * 2 * out) / (2 * out);
  const clip = (k: number) => Math.min(Math.max(k, 0), size - 1);
  return [clip(first), clip(first + 1), weight];
}

function activate(v: number, activation: Activation | undefined): number {
  if (activation === undefined) return v;
  if (activation === 'relu') return Math.max(v, 0);
  if (activation.type === 'leaky') return v < 0 ? v * activation.slope : v;
  return Math.min(Math.max(v, activation.min), activation.max);
}

/** Windows counted one by one: all that end inside the padded input. */
function windows(size: number, before: number, after: number, span: number, stride: number): number {
  let count = 0;
  while (count * stride + span <= before + size + after) count++;
  return count;
}

/** One more where the last of them leaves elements over, or there is none. */
function windowsFull(size: number, before: number, after: number, span: number, stride: number): number {
  const count = windows(size, before, after, span, stride);
  return count === 0 || (count - 1) * stride + span < before + size + after ? count + 1 : count;
}

/** TensorFlow's 'same': the zeros before the first element, and the outputs. */
function sameAxis(size: number, span: number, stride: number): [number, number] {
  let count = 0;
  while (count * stride < size) count++;
  const missing = (count - 1) * stride + span - size;
  return [missing > 0 ? Math.floor(missing / 2) : 0, count];
}

function both(value: PerAxis): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : [value.height, value.width];
}

function around(padding: Padding) {
  if (typeof padding === 'number') return { top: padding, right: padding, bottom: padding, left: padding };
  return { top: 0, right: 0, bottom: 0, left: 0, ...padding };
}

function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

function map(x: Tensor, f: (v: number) => number): Tensor {
  return { shape: x.shape, data: x.data.map(f) };
}

/** The element at an index; outside of the tensor there are zeros. */
function at(x: Tensor, index: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < x.shape.length; axis++) {
    if (index[axis] < 0 || index[axis] >= x.shape[axis]) return 0;
    place = place * x.shape[axis] + index[axis];
  }
  return x.data[place];
}

function build(shape: readonly number[], f: (index: readonly number[]) => number): Tensor {
  const data = new Float64Array(shape.reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}
