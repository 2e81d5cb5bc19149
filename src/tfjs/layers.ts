/** What each class of Keras layer becomes in a network. A node has the name of its layer. */
import { NnpackError, show } from '../errors.ts';
import type { Activation, ConvolutionNode, DenseArray, NetworkNode, Sides } from '../networks/network.ts';
import { type Layer, type NetworkBuilder, refuseFlattened, type Value } from './builder.ts';
import { channelsFirst, toOutputFirst } from './kernels.ts';

type Converter = (builder: NetworkBuilder, layer: Layer, inputs: readonly Value[]) => Value;

const CONVERTERS: ReadonlyMap<string, Converter> = new Map<string, Converter>([
  ['Conv2D', convertConvolution],
  ['DepthwiseConv2D', convertDepthwise],
  ['SeparableConv2D', convertSeparable],
  ['Dense', convertDense],
  ['Activation', convertActivation],
  ['ReLU', convertRelu],
  ['LeakyReLU', convertLeakyRelu],
  ['Softmax', convertSoftmax],
  ['BatchNormalization', convertBatchNormalisation],
  ['MaxPooling2D', convertPooling],
  ['AveragePooling2D', convertPooling],
  ['GlobalAveragePooling2D', convertGlobalPooling],
  ['Concatenate', convertConcatenation],
  ['Add', convertAddition],
  ['UpSampling2D', convertUpsampling],
  ['Dropout', (builder, { name }, [x]) => elementwise(builder, { op: 'dropout', name, inputs: [x.name] }, x)],
  ['Flatten', convertFlatten],
  ['ZeroPadding2D', convertZeroPadding],
]);

/** Appends what a layer becomes, and returns its value. */
export function convertLayer(builder: NetworkBuilder, layer: Layer, inputs: readonly Value[]): Value {
  const convert = CONVERTERS.get(layer.className);
  const { who } = layer.config;
  if (layer.className === 'InputLayer') {
    throw new NnpackError('invalid-model', `${who}: is read, expected it among the model's input_layers`);
  }
  if (convert === undefined) {
    throw new NnpackError('unsupported-layer', `${who}: this class of layer is not supported`);
  }
  const many = layer.className === 'Concatenate' || layer.className === 'Add';
  if (many ? inputs.length === 0 : inputs.length !== 1) {
    const expected = many ? 'at least one' : 'one';
    throw new NnpackError('invalid-model', `${who}: reads ${inputs.length} layers, expected ${expected}`);
  }
  // only a convolution may take over the zeros of a ZeroPadding2D
  const takesZeros = layer.className.endsWith('Conv2D') && layer.config.string('padding', 'valid') === 'valid';
  return convert(builder, layer, takesZeros ? inputs : inputs.map((value) => builder.padded(value)));
}

/** kernel is (R, S, C / groups, K) in the file */
function convertConvolution(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name } = layer;
  const { height, width } = config.pair('kernel_size');
  const filters = config.count('filters');
  const groups = config.count('groups', 1);
  const channels = x.shape[0] === null ? null : x.shape[0] / groups;
  const kernel = toOutputFirst(builder.weight(layer, 'kernel', [height, width, channels, filters]));
  const bias = biasOf(builder, layer, filters);
  return emitActivated(
    builder,
    layer,
    { op: 'convolution', name, inputs: [x.name], kernel, bias, groups, ...windowOf(layer, x) },
    x,
  );
}

/** kernel is (R, S, C, M) in the file: M outputs of each channel, one after the other */
function convertDepthwise(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { name } = layer;
  const { kernel, channels } = depthwiseKernel(builder, layer, x);
  const bias = biasOf(builder, layer, kernel.shape[0]);
  const inputs = [x.name];
  return emitActivated(
    builder,
    layer,
    { op: 'convolution', name, inputs, kernel, bias, groups: channels, ...windowOf(layer, x) },
    x,
  );
}

/** A depthwise convolution, then a 1×1 convolution with kernel (1, 1, C · M, K). */
function convertSeparable(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name } = layer;
  const { kernel, channels } = depthwiseKernel(builder, layer, x);
  const depthwise = builder.emit(
    { op: 'convolution', name: `${name}/depthwise`, inputs: [x.name], kernel, groups: channels, ...windowOf(layer, x) },
    [x],
  );
  const filters = config.count('filters');
  const pointwise = toOutputFirst(builder.weight(layer, 'pointwise_kernel', [1, 1, kernel.shape[0], filters]));
  const bias = biasOf(builder, layer, filters);
  const inputs = [depthwise.name];
  return emitActivated(builder, layer, { op: 'convolution', name, inputs, kernel: pointwise, bias }, depthwise);
}

/** kernel is (C, K) in the file; over a picture it works at each pixel */
function convertDense(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name } = layer;
  const units = config.count('units');
  const transposed = toOutputFirst(builder.weight(layer, 'kernel', [x.shape[0], units]));
  const bias = biasOf(builder, layer, units);
  const inputs = [x.name];
  if (x.shape.length === 3) {
    const kernel = { data: transposed.data, shape: [...transposed.shape, 1, 1] };
    return emitActivated(builder, layer, { op: 'convolution', name, inputs, kernel, bias }, x);
  }
  const kernel = x.flattened === undefined ? transposed : channelsFirst(transposed, x.flattened);
  return emitActivated(builder, layer, { op: 'fully-connected', name, inputs, kernel, bias }, x);
}

function convertActivation(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { name } = layer;
  const inputs = [x.name];
  const activation = activationOf(layer);
  if (activation === undefined) return elementwise(builder, { op: 'dropout', name, inputs }, x);
  if (activation === 'softmax') return elementwise(builder, { op: 'softmax', name, inputs }, x);
  if (activation === 'relu') return elementwise(builder, { op: 'relu', name, inputs }, x);
  return elementwise(builder, { op: 'clamp', name, inputs, min: activation.min, max: activation.max }, x);
}

function convertRelu(builder: NetworkBuilder, { config, name }: Layer, [x]: readonly Value[]): Value {
  const inputs = [x.name];
  const negativeSlope = config.number('negative_slope', 0);
  if (config.number('threshold', 0) !== 0) unsupported(config.who, 'threshold', config.value('threshold'), '0');
  if (!config.has('max_value')) return elementwise(builder, { op: 'relu', name, inputs, negativeSlope }, x);
  if (negativeSlope !== 0) unsupported(config.who, 'negative_slope', negativeSlope, '0 with a max_value');
  return elementwise(builder, { op: 'clamp', name, inputs, min: 0, max: config.number('max_value') }, x);
}

function convertLeakyRelu(builder: NetworkBuilder, { config, name }: Layer, [x]: readonly Value[]): Value {
  const negativeSlope = config.number(config.has('negative_slope') ? 'negative_slope' : 'alpha', 0.3);
  return elementwise(builder, { op: 'relu', name, inputs: [x.name], negativeSlope }, x);
}

function convertSoftmax(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  expectLastAxis(layer, x);
  return elementwise(builder, { op: 'softmax', name: layer.name, inputs: [x.name] }, x);
}

function convertBatchNormalisation(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name } = layer;
  expectLastAxis(layer, x);
  const read = (weight: string) => {
    const { data, shape } = builder.weight(layer, weight, [x.shape[0]]);
    return x.flattened === undefined ? data : channelsFirst({ data, shape: [1, ...shape] }, x.flattened).data;
  };
  const mean = read('moving_mean');
  const variance = read('moving_variance');
  const gamma = config.boolean('scale', true) ? read('gamma') : new Float32Array(mean.length).fill(1);
  const beta = config.boolean('center', true) ? read('beta') : new Float32Array(mean.length);
  const epsilon = config.number('epsilon', 1e-3);
  return elementwise(
    builder,
    { op: 'batch-normalisation', name, inputs: [x.name], gamma, beta, mean, variance, epsilon },
    x,
  );
}

function convertPooling(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name, className } = layer;
  expectChannelsLast(layer);
  const poolingSize = config.pair('pool_size', 2);
  const stride = config.has('strides') ? config.pair('strides') : poolingSize;
  const convention = paddingOf(layer);
  const op = className === 'MaxPooling2D' ? 'max-pooling' : 'average-pooling';
  return builder.emit({ op, name, inputs: [x.name], poolingSize, stride, convention }, [x]);
}

function convertGlobalPooling(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  expectChannelsLast(layer);
  if (layer.config.boolean('keepdims', false)) unsupported(layer.config.who, 'keepdims', true, 'false');
  return builder.emit({ op: 'global-average-pooling', name: layer.name, inputs: [x.name] }, [x]);
}

function convertConcatenation(builder: NetworkBuilder, layer: Layer, inputs: readonly Value[]): Value {
  expectLastAxis(layer, inputs[0]);
  for (const input of inputs) refuseFlattened(layer.config.who, input);
  return builder.emit({ op: 'concatenation', name: layer.name, inputs: inputs.map(({ name }) => name) }, inputs);
}

function convertAddition(builder: NetworkBuilder, { config, name }: Layer, inputs: readonly Value[]): Value {
  const [{ flattened }] = inputs;
  const mixed = inputs.some((input) => input.flattened !== flattened);
  if (mixed) for (const input of inputs) refuseFlattened(config.who, input);
  return { ...builder.emit({ op: 'addition', name, inputs: inputs.map((x) => x.name) }, inputs), flattened };
}

/**
 * tfjs resizes bilinearly from the corner, x(i / s), the last sample repeated. For a whole scale s that is the mean of
 * s neighbours of the nearest-neighbour result: s·i + t has s − t times x(i) and t times x(i + 1) behind it.
 */
function convertUpsampling(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name } = layer;
  expectChannelsLast(layer);
  const scale = config.pair('size', 2);
  const mode = config.string('interpolation', 'nearest');
  if (mode === 'nearest') return builder.emit({ op: 'resize', name, inputs: [x.name], mode, scale }, [x]);
  if (mode !== 'bilinear') return unsupported(config.who, 'interpolation', mode, "'nearest' or 'bilinear'");
  const nearest = builder.emit({ op: 'resize', name: `${name}/nearest`, inputs: [x.name], mode: 'nearest', scale }, [
    x,
  ]);
  const padding = { bottom: scale.height - 1, right: scale.width - 1 };
  const inputs = [nearest.name];
  return builder.emit({ op: 'average-pooling', name, inputs, poolingSize: scale, stride: 1, padding }, [nearest]);
}

function convertFlatten(builder: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  expectChannelsLast(layer);
  const value = builder.emit({ op: 'flatten', name: layer.name, inputs: [x.name] }, [x]);
  const [channels, height, width] = x.shape;
  const sameOrder = x.shape.length === 1 || channels === 1 || (height === 1 && width === 1);
  if (sameOrder) return { ...value, flattened: x.flattened };
  if (channels !== null) return { ...value, flattened: channels };
  throw new NnpackError('unsupported-layer', `${layer.config.who}: expected a known number of channels`);
}

/** padding is p, [rows, columns] or [[top, bottom], [left, right]] */
function convertZeroPadding(_: NetworkBuilder, layer: Layer, [x]: readonly Value[]): Value {
  const { config, name } = layer;
  expectChannelsLast(layer);
  const padding = config.value('padding') ?? 1;
  const axes = Array.isArray(padding) ? padding : [padding, padding];
  const [rows, columns] = axes.map((axis: unknown) => (Array.isArray(axis) ? axis : [axis, axis]));
  const zeros = [...(rows ?? []), ...(columns ?? [])];
  if (axes.length !== 2 || zeros.length !== 4 || !zeros.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    config.fail('padding', 'n, [rows, columns] or [[top, bottom], [left, right]]');
  }
  if (x.shape.length !== 3) config.fail('padding', 'a picture to pad');
  const [top, bottom, left, right] = zeros as number[];
  return { ...x, zeros: { sides: { top, right, bottom, left }, layer: name } };
}

/** What works element by element passes on how its input was flattened. */
function elementwise(builder: NetworkBuilder, node: NetworkNode, x: Value): Value {
  return { ...builder.emit(node, [x]), flattened: x.flattened };
}

/** A convolution or fully-connected node with the activation that its layer has; a softmax is a node of its own. */
function emitActivated(
  builder: NetworkBuilder,
  layer: Layer,
  node: Extract<NetworkNode, { op: 'convolution' | 'fully-connected' }>,
  x: Value,
): Value {
  const activation = activationOf(layer);
  if (activation !== 'softmax') return builder.emit({ ...node, activation }, [x]);
  const logits = builder.emit({ ...node, name: `${node.name}/logits` }, [x]);
  return builder.emit({ op: 'softmax', name: node.name, inputs: [logits.name] }, [logits]);
}

type KerasActivation = Exclude<Activation, { type: 'leaky' }> | 'softmax' | undefined;

function activationOf({ config }: Layer): KerasActivation {
  const activation = config.value('activation') ?? 'linear';
  if (activation === 'linear') return undefined;
  if (activation === 'relu' || activation === 'softmax') return activation;
  if (activation === 'relu6') return { type: 'clamp', min: 0, max: 6 };
  return unsupported(config.who, 'activation', activation, "'linear', 'relu', 'relu6' or 'softmax'");
}

/** Stride, dilation and padding of a convolution; the zeros around x become its padding. */
function windowOf(layer: Layer, x: Value): Pick<ConvolutionNode, 'stride' | 'dilation' | 'padding'> {
  const { config } = layer;
  expectChannelsLast(layer);
  const none: Sides = { top: 0, right: 0, bottom: 0, left: 0 };
  const padding = paddingOf(layer) === 'same' ? 'same' : (x.zeros?.sides ?? none);
  return { stride: config.pair('strides', 1), dilation: config.pair('dilation_rate', 1), padding };
}

function paddingOf({ config }: Layer): 'same' | 'valid' {
  const padding = config.string('padding', 'valid');
  if (padding === 'same' || padding === 'valid') return padding;
  return unsupported(config.who, 'padding', padding, "'same' or 'valid'");
}

function biasOf(builder: NetworkBuilder, layer: Layer, length: number): Float32Array | undefined {
  return layer.config.boolean('use_bias', true) ? builder.weight(layer, 'bias', [length]).data : undefined;
}

/** (R, S, C, M) → (C · M, 1, R, S) */
function depthwiseKernel(builder: NetworkBuilder, layer: Layer, x: Value): { kernel: DenseArray; channels: number } {
  const { height, width } = layer.config.pair('kernel_size');
  const multiplier = layer.config.count('depth_multiplier', 1);
  const weight = builder.weight(layer, 'depthwise_kernel', [height, width, x.shape[0], multiplier]);
  const channels = weight.shape[2];
  const flat = { data: weight.data, shape: [height, width, 1, channels * multiplier] };
  return { kernel: toOutputFirst(flat), channels };
}

function expectChannelsLast({ config }: Layer): void {
  const format = config.string('data_format', 'channels_last');
  if (format !== 'channels_last') unsupported(config.who, 'data_format', format, "'channels_last'");
}

/** The channels are the last axis of tfjs: −1, 3 of a picture, 1 of a vector. */
function expectLastAxis({ config }: Layer, { shape }: Value): void {
  const value = config.value('axis') ?? -1;
  const axis = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (axis !== -1 && axis !== shape.length) {
    unsupported(config.who, 'axis', value, `${shape.length} or -1 (the channels)`);
  }
}

function unsupported(who: string, field: string, value: unknown, expected: string): never {
  throw new NnpackError('unsupported-layer', `${who}: ${field} expected ${expected}, got ${show(value)}`);
}
