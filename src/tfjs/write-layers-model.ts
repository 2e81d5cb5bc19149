/**
 * A network as a tfjs layers model, functional, as Keras 2 writes it: pictures are N H W C. Every node is the layer of the
 * same name, with others before it where Keras says in several what a node is. What Keras says otherwise is refused, all
 * of it at once. The reader gives a network of the same results.
 */
import { NnpackError } from '../errors.ts';
import { axesOf } from '../graph/attributes.ts';
import type {
  AveragePoolingNode,
  ConvolutionNode,
  FullyConnectedNode,
  MaxPoolingNode,
  Network,
  NetworkNode,
  NodeOf,
  NodeOp,
  PartialShape,
} from '../networks/network.ts';
import { type Order, reordered } from './orders.ts';
import { Layers, rowsAndColumns } from './write-layers.ts';

/** What the reader takes: model.json, and the files that it names. */
export interface WrittenModel {
  readonly json: string;
  readonly shards: ReadonlyMap<string, Uint8Array>;
}

/** Appends what one node becomes, or refuses it. */
type Writer<Op extends NodeOp> = (node: NodeOf<Op>, layers: Layers) => void;

const SHARD = 'group1-shard1of1.bin';

/** @throws NnpackError 'unsupported-layer' with all nodes that Keras has no layer for */
export function writeLayersModel(network: Network): WrittenModel {
  const layers = new Layers(network);
  for (const { name, shape } of network.inputs) {
    layers.append('InputLayer', [], name, { batch_input_shape: [null, ...channelsLast(shape)] });
  }
  for (const node of network.nodes) {
    // The writer is that of the node's operation.
    const write = WRITERS[node.op] as Writer<NodeOp>;
    write(node, layers);
  }
  if (layers.refused.length > 0) {
    throw new NnpackError('unsupported-layer', `network: what Keras says otherwise: ${layers.refused.join(', ')}`);
  }
  const ends = (names: readonly string[]) => names.map((name) => [name, 0, 0]);
  const config = {
    name: network.name,
    layers: layers.list,
    input_layers: ends(network.inputs.map(({ name }) => name)),
    output_layers: ends(network.outputs),
  };
  const json = JSON.stringify({
    format: 'layers-model',
    generatedBy: 'nnpack-ts',
    modelTopology: {
      keras_version: '2.4.0',
      backend: 'tensorflow',
      model_config: { class_name: 'Functional', config },
    },
    weightsManifest: [{ paths: [SHARD], weights: layers.entries }],
  });
  return { json, shards: new Map([[SHARD, layers.bytes()]]) };
}

const WRITERS: { readonly [Op in NodeOp]: Writer<Op> } = {
  convolution: convolve,
  'fully-connected': connect,
  'max-pooling': (node, layers) => pool('MaxPooling2D', node, layers),
  'average-pooling': (node, layers) => pool('AveragePooling2D', node, layers),
  'global-average-pooling': ({ name, inputs }, layers) => layers.append('GlobalAveragePooling2D', inputs, name),
  relu(node, layers) {
    const { negativeSlope: slope = 0 } = node;
    layers.activate(node.inputs[0], node, slope === 0 ? 'relu' : { type: 'leaky', slope });
  },
  clamp: (node, layers) => layers.activate(node.inputs[0], node, { type: 'clamp', min: node.min, max: node.max }),
  softmax: ({ name, inputs }, layers) => layers.append('Softmax', inputs, name, { axis: -1 }),
  'local-response-normalisation': (node, layers) => layers.refuse(node, 'is no layer'),
  'batch-normalisation': (node, layers) => normalise(node, layers, node),
  // x · scale / √(1 + 0) + shift
  'scale-shift'(node, layers) {
    const { scale: gamma, shift: beta } = node;
    const mean = new Float32Array(gamma.length);
    normalise(node, layers, { gamma, beta, mean, variance: mean.map(() => 1), epsilon: 0 });
  },
  concatenation({ name, inputs }, layers) {
    // Keras takes two or more.
    if (inputs.length === 1) layers.append('Activation', inputs, name, { activation: 'linear' });
    else layers.append('Concatenate', inputs, name, { axis: -1 });
  },
  addition(node, layers) {
    const { name, inputs, activation } = node;
    const sum = activation === undefined ? name : layers.fresh(`${name}/sum`);
    layers.append('Add', inputs, sum);
    if (activation !== undefined) layers.activate(sum, node, activation);
  },
  resize(node, layers) {
    const size = axesOf(node.scale);
    if (!size.every(Number.isSafeInteger)) layers.refuse(node, `scales by ${size.join(' × ')}`);
    layers.append('UpSampling2D', node.inputs, node.name, { size, interpolation: node.mode });
  },
  pad(node, layers) {
    const { name, inputs, padding, mode = 'constant', value = 0 } = node;
    if (mode !== 'constant' || value !== 0) layers.refuse(node, mode === 'constant' ? `of ${value}` : mode);
    layers.append('ZeroPadding2D', inputs, name, { padding: rowsAndColumns(padding) });
  },
  dropout: ({ name, inputs }, layers) => layers.append('Dropout', inputs, name, { rate: 0.5 }),
  identity: ({ name, inputs }, layers) => layers.append('Activation', inputs, name, { activation: 'linear' }),
  flatten({ name, inputs: [input] }, layers) {
    const picture = layers.shapeOf(input);
    const isPicture = picture.length === 3;
    const goesWith = isPicture && isKnown(picture) && layers.isForColumns(name);
    if (goesWith) layers.flat.set(name, picture);
    // Otherwise the elements go to their places in C H W before.
    const planes = isPicture && !goesWith ? layers.fresh(`${name}/planes`) : input;
    if (planes !== input) layers.append('Permute', input, planes, { dims: [3, 1, 2] });
    layers.append('Flatten', planes, name);
  },
};

/** The kernel is [R, S, C / groups, K]; of a depthwise layer, which makes M outputs of each channel, [R, S, C, M]. */
function convolve(node: ConvolutionNode, layers: Layers): void {
  const { kernel, bias, groups = 1, padding = 0, activation } = node;
  const [strides, dilations] = [axesOf(node.stride ?? 1), axesOf(node.dilation ?? 1)];
  if (Math.max(...strides) > 1 && Math.max(...dilations) > 1) layers.refuse(node, 'has a stride and a dilation');
  const [outputs, groupChannels, ...size] = kernel.shape;
  // Depthwise layers have one stride.
  const isDepthwise = groups > 1 && groupChannels === 1 && strides[0] === strides[1];
  const input = padding === 'same' ? node.inputs[0] : layers.padded(node.inputs[0], node, padding);
  const own = isDepthwise ? { depth_multiplier: outputs / groups } : { filters: outputs, groups };
  const config = {
    ...own,
    ...{ kernel_size: size, strides, dilation_rate: dilations, use_bias: bias !== undefined },
    padding: padding === 'same' ? 'same' : 'valid',
  };
  const layer = layers.activated(isDepthwise ? 'DepthwiseConv2D' : 'Conv2D', input, node, config, activation);
  if (isDepthwise) {
    const shape = [groups, outputs / groups, ...size];
    const data = reorderedOf(kernel.data, shape, [2, 3, 0, 1]);
    layers.weight(layer, 'depthwise_kernel', data, [...size, groups, outputs / groups]);
  } else {
    const data = reorderedOf(kernel.data, kernel.shape, [2, 3, 1, 0]);
    layers.weight(layer, 'kernel', data, [...size, groupChannels, outputs]);
  }
  if (bias !== undefined) layers.weight(layer, 'bias', bias, [outputs]);
}

/** Columns go along with the elements of a picture, which lie as H W C. */
function connect(node: FullyConnectedNode, layers: Layers): void {
  const { name, kernel, bias, activation, inputs } = node;
  const [outputs, columns] = kernel.shape;
  const shape = layers.shapeOf(inputs[0]);
  const isPicture = shape.length === 3;
  if (isPicture && !isKnown(shape)) layers.refuse(node, 'reads a picture of any size');
  const input = isPicture ? layers.fresh(`${name}/flatten`) : inputs[0];
  if (isPicture) layers.append('Flatten', inputs, input);
  const picture = isPicture && isKnown(shape) ? shape : layers.flat.get(inputs[0]);
  const config = { units: outputs, use_bias: bias !== undefined };
  const layer = layers.activated('Dense', input, node, config, activation);
  const [channels, height, width] = picture ?? [columns, 1, 1];
  const moved = reorderedOf(kernel.data, [outputs, channels, height, width], [2, 3, 1, 0]);
  layers.weight(layer, 'kernel', moved, [columns, outputs]);
  if (bias !== undefined) layers.weight(layer, 'bias', bias, [outputs]);
}

/** Zeros count in a mean where they are those of a layer before it. */
function pool(className: string, node: MaxPoolingNode | AveragePoolingNode, layers: Layers): void {
  const { name, poolingSize, stride = poolingSize, padding = 0, convention = 'valid' } = node;
  const countsPadding = node.op === 'average-pooling' && node.countPadding === true;
  const isSame = convention === 'same';
  const isPadded = rowsAndColumns(padding)
    .flat()
    .some((count) => count > 0);
  if (convention === 'full') layers.refuse(node, 'has windows that hang over');
  else if (isSame && (countsPadding || isPadded)) layers.refuse(node, "has more than the padding 'same'");
  else if (isPadded && !countsPadding) layers.refuse(node, 'leaves out a padding of its own');
  const input = layers.padded(node.inputs[0], node, padding);
  const windows = { pool_size: axesOf(poolingSize), strides: axesOf(stride), padding: isSame ? 'same' : 'valid' };
  layers.append(className, input, name, windows);
}

type Statistics = Pick<NodeOf<'batch-normalisation'>, 'gamma' | 'beta' | 'mean' | 'variance' | 'epsilon'>;

function normalise({ name, inputs }: NetworkNode, layers: Layers, statistics: Statistics): void {
  const { gamma, beta, mean, variance, epsilon } = statistics;
  layers.append('BatchNormalization', inputs, name, { axis: -1, epsilon, center: true, scale: true });
  const weights = { gamma, beta, moving_mean: mean, moving_variance: variance };
  for (const [weight, data] of Object.entries(weights)) layers.weight(name, weight, data, [data.length]);
}

function isKnown(shape: PartialShape): shape is readonly number[] {
  return !shape.includes(null);
}

function channelsLast([channels, ...sizes]: PartialShape): PartialShape {
  return [...sizes, channels];
}

/** Numbers of a shape with their axes in another order. */
function reorderedOf(data: Float32Array, shape: readonly number[], order: Order): Float32Array {
  const made = new Float32Array(data.length);
  reordered(data, shape, order, made);
  return made;
}
