/** What becomes of the layers that have a kernel: convolutions, and Dense. */
import type { ConvolutionNode, DenseArray, NetworkNode, Sides } from '../networks/network.ts';
import type { Convert, Layer, NetworkBuilder, Value } from './builder.ts';
import { channelsFirst, toOutputFirst } from './kernels.ts';
import { activationOf, expectChannelsLast, type KerasActivation, paddingOf } from './options.ts';

/** kernel is (R, S, C / groups, K) in the file */
export function readConvolution(layer: Layer): Convert {
  const { config, name } = layer;
  const { height, width } = config.pair('kernel_size');
  const filters = config.count('filters');
  const groups = config.count('groups', 1);
  const hasBias = config.boolean('use_bias', true);
  const window = windowOf(layer);
  const activation = activationOf(layer);
  return (builder, [x]) => {
    const channels = x.shape[0] === null ? null : x.shape[0] / groups;
    const weight = builder.weight(layer, 'kernel', [height, width, channels, filters]);
    const kernel = toOutputFirst(config.who, weight);
    const bias = hasBias ? biasOf(builder, layer, filters) : undefined;
    const inputs = [x.name];
    return emitActivated(
      builder,
      { op: 'convolution', name, inputs, kernel, bias, groups, ...window(x) },
      activation,
      x,
    );
  };
}

/** kernel is (R, S, C, M) in the file: M outputs of each channel, one after the other */
export function readDepthwise(layer: Layer): Convert {
  const { config, name } = layer;
  const kernelOf = depthwiseKernel(layer);
  const hasBias = config.boolean('use_bias', true);
  const window = windowOf(layer);
  const activation = activationOf(layer);
  return (builder, [x]) => {
    const { kernel, groups } = kernelOf(builder, x);
    const bias = hasBias ? biasOf(builder, layer, kernel.shape[0]) : undefined;
    const inputs = [x.name];
    return emitActivated(
      builder,
      { op: 'convolution', name, inputs, kernel, bias, groups, ...window(x) },
      activation,
      x,
    );
  };
}

/** A depthwise convolution, then a 1×1 convolution with kernel (1, 1, C · M, K). */
export function readSeparable(layer: Layer): Convert {
  const { config, name } = layer;
  const kernelOf = depthwiseKernel(layer);
  const filters = config.count('filters');
  const hasBias = config.boolean('use_bias', true);
  const window = windowOf(layer);
  const activation = activationOf(layer);
  return (builder, [x]) => {
    const { kernel, groups } = kernelOf(builder, x);
    const part = builder.partName(name, 'depthwise');
    const node = { op: 'convolution', name: part, inputs: [x.name], kernel, groups, ...window(x) } as const;
    const depthwise = builder.emit(node, [x]);
    const weight = builder.weight(layer, 'pointwise_kernel', [1, 1, kernel.shape[0], filters]);
    const pointwise = toOutputFirst(config.who, weight);
    const bias = hasBias ? biasOf(builder, layer, filters) : undefined;
    const inputs = [depthwise.name];
    return emitActivated(builder, { op: 'convolution', name, inputs, kernel: pointwise, bias }, activation, depthwise);
  };
}

/** kernel is (C, K) in the file; over a picture it works at each pixel */
export function readDense(layer: Layer): Convert {
  const { config, name } = layer;
  const units = config.count('units');
  const hasBias = config.boolean('use_bias', true);
  const activation = activationOf(layer);
  return (builder, [x]) => {
    const transposed = toOutputFirst(config.who, builder.weight(layer, 'kernel', [x.shape[0], units]));
    const bias = hasBias ? biasOf(builder, layer, units) : undefined;
    const inputs = [x.name];
    if (x.shape.length === 3) {
      const kernel = { data: transposed.data, shape: [...transposed.shape, 1, 1] };
      return emitActivated(builder, { op: 'convolution', name, inputs, kernel, bias }, activation, x);
    }
    const kernel = x.flattened === undefined ? transposed : channelsFirst(config.who, transposed, x.flattened);
    return emitActivated(builder, { op: 'fully-connected', name, inputs, kernel, bias }, activation, x);
  };
}

/** A node with the activation that its layer has; a softmax is a node of its own. */
function emitActivated(
  builder: NetworkBuilder,
  node: Extract<NetworkNode, { op: 'convolution' | 'fully-connected' }>,
  activation: KerasActivation,
  x: Value,
): Value {
  if (activation !== 'softmax') return builder.emit({ ...node, activation }, [x]);
  const logits = builder.emit({ ...node, name: builder.partName(node.name, 'logits') }, [x]);
  return builder.emit({ op: 'softmax', name: node.name, inputs: [logits.name] }, [logits]);
}

type Window = Pick<ConvolutionNode, 'stride' | 'dilation' | 'padding'>;

/** Stride, dilation and padding of a convolution over x; the zeros around x become its padding. */
function windowOf(layer: Layer): (x: Value) => Window {
  const { config } = layer;
  expectChannelsLast(layer);
  const isSame = paddingOf(layer) === 'same';
  const stride = config.pair('strides', 1);
  const dilation = config.pair('dilation_rate', 1);
  const none: Sides = { top: 0, right: 0, bottom: 0, left: 0 };
  return (x) => ({ stride, dilation, padding: isSame ? 'same' : (x.zeros?.sides ?? none) });
}

function biasOf(builder: NetworkBuilder, layer: Layer, length: number): Float32Array {
  return builder.weight(layer, 'bias', [length]).data;
}

/** (R, S, C, M) → (C · M, 1, R, S), a group for each channel */
function depthwiseKernel(layer: Layer): (builder: NetworkBuilder, x: Value) => { kernel: DenseArray; groups: number } {
  const { height, width } = layer.config.pair('kernel_size');
  const multiplier = layer.config.count('depth_multiplier', 1);
  return (builder, x) => {
    const { data, shape } = builder.weight(layer, 'depthwise_kernel', [height, width, x.shape[0], multiplier]);
    const channels = shape[2];
    const flat = { data, shape: [height, width, 1, channels * multiplier] };
    return { kernel: toOutputFirst(layer.config.who, flat), groups: channels };
  };
}
