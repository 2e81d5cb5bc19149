/**
 * The shapes of all values of a network, and what each node costs.
 *
 * Along one axis of H elements, a window of k elements, `dilation` apart, spans e = dilation · (k − 1) + 1, and with
 * p zeros before and q after it starts at every stride-th place:
 *
 *     valid   ⌊(H + p + q − e) / stride⌋ + 1 windows
 *     full    ⌈(H + p + q − e) / stride⌉ + 1 windows, the last of which may hang over the edge; one where e > H + p + q
 *     same    ⌈H / stride⌉ windows; p + q is what they need, the odd zero in q (TensorFlow's rule)
 *
 * A size that a network leaves open (null) stays null through all of this, so that ranks and channels can be checked
 * as soon as a network is read, before the size of a picture is known.
 */
import { type ErrorCode, NnpackError, show } from '../errors.ts';
import type { ConvolutionNode, Network, NetworkNode, PoolingNode, Sides } from './network.ts';
import { axesOf, sidesOf, whoIs } from './network.ts';
import { parseNetwork } from './parse.ts';
import { parseByName, parseList } from './parse-values.ts';

/** [C, H, W] or [C]. */
export type Shape = readonly number[];
/** A shape with null where a size is not known yet. */
export type PartialShape = readonly (number | null)[];

export interface NodeShape {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Of the whole batch, as the field counts them: convolutions and fully-connected layers only. */
  readonly multiplyAdds: number;
  /** Learnt numbers; the moving statistics of a batch normalisation are not among them. */
  readonly parameters: number;
}

/** The shape of every value of a network, and what its nodes compute. */
export interface NetworkShapes {
  /** Images in a run. */
  readonly batch: number;
  /** Of the network's inputs and of every node, batch apart. */
  readonly values: ReadonlyMap<string, Shape>;
  /** In the order of the network's nodes. */
  readonly nodes: readonly NodeShape[];
  /** Of all nodes and the whole batch. */
  readonly multiplyAdds: number;
  /** Of all nodes. */
  readonly parameters: number;
}

/** The windows of a convolution or pooling over a plane: the padding in use, and how many windows there are. */
export interface Windows {
  readonly padding: Sides;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/**
 * All shapes and costs of a network for inputs of the given shapes. An input may be left out if the network declares
 * all of its sizes.
 *
 * @example
 * inferShapes(network, { image: [3, 224, 224] }, 8).multiplyAdds
 */
export function inferShapes(given: Network, inputs: Readonly<Record<string, Shape>> = {}, batch = 1): NetworkShapes {
  const network = parseNetwork(given);
  if (!Number.isSafeInteger(batch) || batch < 1) {
    const who = `network ${show(network.name)}`;
    throw new NnpackError('invalid-batch-size', `${who}: batch expected an integer ≥ 1, got ${show(batch)}`);
  }
  const values = inputShapes(network, inputs);
  const nodes = network.nodes.map((node): NodeShape => {
    const shapes = node.inputs.map((name) => values.get(name)!);
    const output = outputShape(node, shapes) as Shape;
    values.set(node.name, output);
    const multiplyAdds = batch * multiplyAddsOf(node, output);
    return { name: node.name, inputs: shapes, output, multiplyAdds, parameters: parametersOf(node) };
  });
  const sum = (count: (node: NodeShape) => number) => nodes.reduce((total, node) => total + count(node), 0);
  return {
    batch,
    values,
    nodes,
    multiplyAdds: sum((node) => node.multiplyAdds),
    parameters: sum((node) => node.parameters),
  };
}

/** The shapes that follow from the network's own declarations, null where they follow from an open size. */
export function declaredShapes(given: Network): Map<string, PartialShape> {
  const network = parseNetwork(given);
  const values = new Map<string, PartialShape>();
  for (const input of network.inputs) values.set(input.name, input.shape);
  for (const node of network.nodes) {
    const shapes = node.inputs.map((name) => values.get(name)!);
    values.set(node.name, outputShape(node, shapes));
  }
  return values;
}

/** The shape of what a node makes of inputs of these shapes; null only where it follows from a null. */
export function outputShape(node: NetworkNode, inputs: readonly PartialShape[]): PartialShape {
  const [input] = inputs;
  switch (node.op) {
    case 'convolution': {
      const [channels, height, width] = expectRank3(node, input);
      const expected = node.kernel.shape[1] * (node.groups ?? 1);
      if (channels !== null && channels !== expected) {
        const what = `input has ${channels} channels, expected ${expected} (the kernel's, times the groups)`;
        throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
      }
      return [node.kernel.shape[0], windowCount(node, 0, height), windowCount(node, 1, width)];
    }
    case 'fully-connected': {
      const expected = node.kernel.shape[1];
      const count = elementsOf(input);
      if (count !== null && count !== expected) {
        const what = `input has ${count} elements, expected ${expected} (the kernel's input channels)`;
        throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
      }
      return [node.kernel.shape[0]];
    }
    case 'max-pooling':
    case 'average-pooling': {
      const [channels, height, width] = expectRank3(node, input);
      return [channels, windowCount(node, 0, height), windowCount(node, 1, width)];
    }
    case 'global-average-pooling':
      return [expectRank3(node, input)[0]];
    case 'batch-normalisation':
      return expectChannels(node, input, node.gamma.length);
    case 'scale-shift':
      return expectChannels(node, input, node.scale.length);
    case 'resize': {
      const [channels, height, width] = expectRank3(node, input);
      const [scaleHeight, scaleWidth] = axesOf(node.scale);
      const resized = (size: number | null, scale: number) =>
        size === null ? null : expectPositive(node, Math.floor(size * scale), size);
      return [channels, resized(height, scaleHeight), resized(width, scaleWidth)];
    }
    case 'concatenation': {
      const channels = inputs.map((shape) => shape[0]);
      const rest = inputs.map((shape): PartialShape => shape.slice(1)).reduce((a, b) => agree(node, a, b));
      return [channels.includes(null) ? null : channels.reduce((sum: number, c) => sum + c!, 0), ...rest];
    }
    case 'addition':
      return inputs.reduce((a, b) => agree(node, a, b));
    case 'flatten':
      return [elementsOf(input)];
    default:
      return input;
  }
}

/** The windows of a convolution or pooling node over a plane of height × width. */
export function windowsOf(node: ConvolutionNode | PoolingNode, height: number, width: number): Windows {
  const rows = windowsAlong(node, 0, height);
  const columns = windowsAlong(node, 1, width);
  return {
    padding: { top: rows.before, right: columns.after, bottom: rows.after, left: columns.before },
    outputHeight: rows.count,
    outputWidth: columns.count,
  };
}

/** The window of a convolution or pooling node along the rows (axis 0) or the columns (axis 1): what it spans, and its stride. */
export function windowAlong(node: ConvolutionNode | PoolingNode, axis: 0 | 1): { span: number; stride: number } {
  if (node.op !== 'convolution') {
    return { span: axesOf(node.poolingSize)[axis], stride: axesOf(node.stride ?? node.poolingSize)[axis] };
  }
  const span = axesOf(node.dilation ?? 1)[axis] * (node.kernel.shape[2 + axis] - 1) + 1;
  return { span, stride: axesOf(node.stride ?? 1)[axis] };
}

/** The windows along an axis of `size` elements: the padding before and after it, and how many there are. */
function windowsAlong(
  node: ConvolutionNode | PoolingNode,
  axis: 0 | 1,
  size: number,
): { before: number; after: number; count: number } {
  const convolves = node.op === 'convolution';
  const { span, stride } = windowAlong(node, axis);
  if (node.padding === 'same' || (!convolves && node.convention === 'same')) {
    // count = ⌈H / stride⌉, p + q = max((count − 1) · stride + e − H, 0), p = ⌊(p + q) / 2⌋
    const count = Math.ceil(size / stride);
    const zeros = Math.max((count - 1) * stride + span - size, 0);
    const before = Math.floor(zeros / 2);
    return { before, after: zeros - before, count };
  }
  const { top, right, bottom, left } = sidesOf(node.padding ?? 0);
  const [before, after] = axis === 0 ? [top, bottom] : [left, right];
  const free = size + before + after - span;
  if (!convolves && node.convention === 'full') {
    return { before, after, count: Math.ceil(Math.max(free, 0) / stride) + 1 };
  }
  if (free < 0) {
    const what = `a window of ${span} does not fit the padded input of ${size + before + after}`;
    throw new NnpackError(convolves ? 'invalid-kernel-size' : 'invalid-pooling-size', `${whoIs(node)}: ${what}`);
  }
  return { before, after, count: Math.floor(free / stride) + 1 };
}

function windowCount(node: ConvolutionNode | PoolingNode, axis: 0 | 1, size: number | null): number | null {
  return size === null ? null : windowsAlong(node, axis, size).count;
}

function multiplyAddsOf(node: NetworkNode, output: Shape): number {
  if (node.op !== 'convolution' && node.op !== 'fully-connected') return 0;
  // every output element sums over one row of the kernel matrix: C / groups · R · S, or C
  const perOutput = node.kernel.data.length / node.kernel.shape[0];
  return perOutput * output.reduce((product, size) => product * size, 1);
}

function parametersOf(node: NetworkNode): number {
  switch (node.op) {
    case 'convolution':
    case 'fully-connected':
      return node.kernel.data.length + (node.bias?.length ?? 0);
    case 'batch-normalisation':
      return node.gamma.length + node.beta.length;
    case 'scale-shift':
      return node.scale.length + node.shift.length;
    default:
      return 0;
  }
}

/** The shapes of the network's inputs: those given, or declared. */
function inputShapes(network: Network, inputs: Readonly<Record<string, Shape>>): Map<string, Shape> {
  const who = `network ${show(network.name)}`;
  const names = network.inputs.map(({ name }) => name);
  const given = parseByName(who, 'inputs', inputs, names, 'invalid-argument');
  return new Map(network.inputs.map(({ name, shape }) => [name, inputShape(who, name, shape, given.get(name))]));
}

function inputShape(network: string, name: string, declared: PartialShape, given: unknown): Shape {
  const who = `${network}: input ${show(name)}`;
  const shape = given === undefined ? declared : parseList(who, 'shape', given, 'invalid-input-size');
  const fits =
    shape.length === declared.length && shape.every((size, axis) => declared[axis] === null || size === declared[axis]);
  if (!fits) {
    const expected = `expected ${show([...declared])} (null is any size)`;
    throw new NnpackError('invalid-input-size', `${who} ${expected}, got ${show([...shape])}`);
  }
  if (!shape.every((size): size is number => Number.isSafeInteger(size) && (size as number) > 0)) {
    throw new NnpackError('invalid-input-size', `${who} expected positive sizes, got ${show([...shape])}`);
  }
  return shape;
}

function elementsOf(shape: PartialShape): number | null {
  return shape.includes(null) ? null : shape.reduce((product: number, size) => product * size!, 1);
}

function expectRank3(node: NetworkNode, shape: PartialShape): PartialShape {
  if (shape.length === 3) return shape;
  throw new NnpackError('invalid-rank', `${whoIs(node)}: input expected [C, H, W], got ${show([...shape])}`);
}

function expectChannels(node: NetworkNode, shape: PartialShape, expected: number): PartialShape {
  if (shape[0] === null || shape[0] === expected) return shape;
  const what = `input has ${shape[0]} channels, expected ${expected}`;
  throw new NnpackError('invalid-channels', `${whoIs(node)}: ${what}`);
}

function expectPositive(node: NetworkNode, size: number, from: number): number {
  if (size > 0) return size;
  throw new NnpackError('invalid-input-size', `${whoIs(node)}: the scale leaves nothing of ${from} elements`);
}

/** Two shapes that must be the same; each tells the other what it leaves open. */
function agree(node: NetworkNode, a: PartialShape, b: PartialShape): PartialShape {
  const same = a.length === b.length && a.every((size, axis) => size === null || b[axis] === null || size === b[axis]);
  const code: ErrorCode = a.length === b.length ? 'invalid-input-size' : 'invalid-rank';
  if (!same) {
    const what = node.op === 'concatenation' ? 'the inputs behind their channels' : 'the inputs';
    const got = `${show([...a])} and ${show([...b])}`;
    throw new NnpackError(code, `${whoIs(node)}: expected one shape for ${what}, got ${got}`);
  }
  return a.map((size, axis) => size ?? b[axis]);
}
