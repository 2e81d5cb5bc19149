/**
 * What each class of Keras layer becomes in a network. A node has the name of its layer.
 *
 * It is done in two steps: `readLayer` reads all that the layer's configuration says, and refuses what has no word
 * here; what it returns makes the nodes, once the layer's inputs and weights are known. So a file is not searched for
 * weights, and no layer is blamed for its shape, while another layer is one that we cannot do.
 */
import { NnpackError } from '../errors.ts';
import type { NetworkNode } from '../networks/network.ts';
import { type Convert, type Layer, type NetworkBuilder, refuseFlattened, type Value } from './builder.ts';
import { readConvolution, readDense, readDepthwise, readSeparable } from './convolutions.ts';
import { channelsFirst } from './kernels.ts';
import { activationOf, expectChannelsLast, expectLastAxis, paddingOf, slopeOf } from './options.ts';

type LayerReader = (layer: Layer) => Convert;

const READERS: ReadonlyMap<string, LayerReader> = new Map<string, LayerReader>([
  ['InputLayer', readInput],
  ['Conv2D', readConvolution],
  ['DepthwiseConv2D', readDepthwise],
  ['SeparableConv2D', readSeparable],
  ['Dense', readDense],
  ['Activation', readActivation],
  ['ReLU', readRelu],
  ['LeakyReLU', readLeakyRelu],
  ['Softmax', readSoftmax],
  ['BatchNormalization', readBatchNormalisation],
  ['MaxPooling2D', readPooling],
  ['AveragePooling2D', readPooling],
  ['GlobalAveragePooling2D', readGlobalPooling],
  ['Concatenate', readConcatenation],
  ['Add', readAddition],
  ['UpSampling2D', readUpsampling],
  ['Dropout', readDropout],
  ['Flatten', readFlatten],
  ['ZeroPadding2D', readZeroPadding],
]);

/** How many layers a layer of a class reads, at least and at most; all others read one. */
const INPUTS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['Concatenate', [1, Infinity]],
  ['Add', [2, Infinity]],
]);

/** @throws NnpackError if layers of this class are none of ours */
export function expectSupported(who: string, className: string): void {
  if (!READERS.has(className)) {
    throw new NnpackError('unsupported-layer', `${who}: this class of layer is not supported`);
  }
}

/** Reads a layer of a supported class. */
export function readLayer(layer: Layer): Convert {
  const { className, config } = layer;
  const convert = READERS.get(className)!(layer);
  const [least, most] = INPUTS.get(className) ?? [1, 1];
  // only a convolution may take over the zeros of a ZeroPadding2D
  const takesZeros = className.endsWith('Conv2D') && paddingOf(layer) === 'valid';
  return (builder, inputs) => {
    if (inputs.length < least || inputs.length > most) {
      const expected = most === 1 ? '1' : `at least ${least}`;
      throw new NnpackError('invalid-model', `${config.who}: reads ${inputs.length} layers, expected ${expected}`);
    }
    return convert(builder, takesZeros ? inputs : inputs.map((value) => builder.padded(value)));
  };
}

/** The inputs of a model are known before its layers are converted; no other layer of this class has a meaning. */
function readInput({ config }: Layer): Convert {
  return () => {
    throw new NnpackError('invalid-model', `${config.who}: reads a layer, expected an input of the model`);
  };
}

function readDropout({ name }: Layer): Convert {
  return (builder, [x]) => elementwise(builder, { op: 'dropout', name, inputs: [x.name] }, x);
}

function readActivation(layer: Layer): Convert {
  const { name } = layer;
  const activation = activationOf(layer);
  return (builder, [x]) => {
    const inputs = [x.name];
    if (activation === undefined) return elementwise(builder, { op: 'identity', name, inputs }, x);
    if (activation === 'softmax') return elementwise(builder, { op: 'softmax', name, inputs }, x);
    if (activation === 'relu') return elementwise(builder, { op: 'relu', name, inputs }, x);
    return elementwise(builder, { op: 'clamp', name, inputs, min: activation.min, max: activation.max }, x);
  };
}

function readRelu(layer: Layer): Convert {
  const { config, name } = layer;
  const negativeSlope = slopeOf(layer, 'negative_slope', 0);
  if (config.number('threshold', 0) !== 0) config.unsupported('threshold', '0');
  if (!config.has('max_value')) {
    return (builder, [x]) => elementwise(builder, { op: 'relu', name, inputs: [x.name], negativeSlope }, x);
  }
  if (negativeSlope !== 0) config.unsupported('negative_slope', '0 with a max_value');
  const max = config.number('max_value');
  return (builder, [x]) => elementwise(builder, { op: 'clamp', name, inputs: [x.name], min: 0, max }, x);
}

function readLeakyRelu(layer: Layer): Convert {
  const { config, name } = layer;
  const negativeSlope = slopeOf(layer, config.has('negative_slope') ? 'negative_slope' : 'alpha', 0.3);
  return (builder, [x]) => elementwise(builder, { op: 'relu', name, inputs: [x.name], negativeSlope }, x);
}

function readSoftmax(layer: Layer): Convert {
  return (builder, [x]) => {
    expectLastAxis(layer, x);
    return elementwise(builder, { op: 'softmax', name: layer.name, inputs: [x.name] }, x);
  };
}

function readBatchNormalisation(layer: Layer): Convert {
  const { config, name } = layer;
  const hasScale = config.boolean('scale', true);
  const hasCenter = config.boolean('center', true);
  const epsilon = config.number('epsilon', 1e-3);
  return (builder, [x]) => {
    expectLastAxis(layer, x);
    const read = (weight: string) => {
      const { data, shape } = builder.weight(layer, weight, [x.shape[0]]);
      const row = { data, shape: [1, ...shape] };
      return x.flattened === undefined ? data : channelsFirst(config.who, row, x.flattened).data;
    };
    const mean = read('moving_mean');
    const variance = read('moving_variance');
    const gamma = hasScale ? read('gamma') : new Float32Array(mean.length).fill(1);
    const beta = hasCenter ? read('beta') : new Float32Array(mean.length);
    const inputs = [x.name];
    return elementwise(builder, { op: 'batch-normalisation', name, inputs, gamma, beta, mean, variance, epsilon }, x);
  };
}

function readPooling(layer: Layer): Convert {
  const { config, name, className } = layer;
  expectChannelsLast(layer);
  const poolingSize = config.pair('pool_size', 2);
  const stride = config.has('strides') ? config.pair('strides') : poolingSize;
  const convention = paddingOf(layer);
  const op = className === 'MaxPooling2D' ? 'max-pooling' : 'average-pooling';
  return (builder, [x]) => builder.emit({ op, name, inputs: [x.name], poolingSize, stride, convention }, [x]);
}

function readGlobalPooling(layer: Layer): Convert {
  const { config, name } = layer;
  expectChannelsLast(layer);
  if (config.boolean('keepdims', false)) config.unsupported('keepdims', 'false');
  return (builder, [x]) => builder.emit({ op: 'global-average-pooling', name, inputs: [x.name] }, [x]);
}

function readConcatenation(layer: Layer): Convert {
  return (builder, inputs) => {
    expectLastAxis(layer, inputs[0]);
    for (const input of inputs) refuseFlattened(layer.config.who, input);
    return builder.emit({ op: 'concatenation', name: layer.name, inputs: inputs.map(({ name }) => name) }, inputs);
  };
}

function readAddition({ config, name }: Layer): Convert {
  return (builder, inputs) => {
    const [{ flattened }] = inputs;
    const mixed = inputs.some((input) => input.flattened !== flattened);
    if (mixed) for (const input of inputs) refuseFlattened(config.who, input);
    return { ...builder.emit({ op: 'addition', name, inputs: inputs.map((x) => x.name) }, inputs), flattened };
  };
}

/**
 * tfjs resizes bilinearly from the corner, x(i / s), the last sample repeated. For a whole scale s that is the mean of
 * s neighbours of the nearest-neighbour result: s·i + t has s − t times x(i) and t times x(i + 1) behind it.
 */
function readUpsampling(layer: Layer): Convert {
  const { config, name } = layer;
  expectChannelsLast(layer);
  const scale = config.pair('size', 2);
  const mode = config.string('interpolation', 'nearest');
  if (mode === 'nearest') {
    return (builder, [x]) => builder.emit({ op: 'resize', name, inputs: [x.name], mode, scale }, [x]);
  }
  if (mode !== 'bilinear') return config.unsupported('interpolation', "'nearest' or 'bilinear'");
  const padding = { bottom: scale.height - 1, right: scale.width - 1 };
  return (builder, [x]) => {
    const part = builder.partName(name, 'nearest');
    const nearest = builder.emit({ op: 'resize', name: part, inputs: [x.name], mode: 'nearest', scale }, [x]);
    const inputs = [nearest.name];
    return builder.emit({ op: 'average-pooling', name, inputs, poolingSize: scale, stride: 1, padding }, [nearest]);
  };
}

function readFlatten(layer: Layer): Convert {
  expectChannelsLast(layer);
  return (builder, [x]) => {
    const value = builder.emit({ op: 'flatten', name: layer.name, inputs: [x.name] }, [x]);
    const [channels, height, width] = x.shape;
    const sameOrder = x.shape.length === 1 || channels === 1 || (height === 1 && width === 1);
    if (sameOrder) return { ...value, flattened: x.flattened };
    if (channels !== null) return { ...value, flattened: channels };
    throw new NnpackError('unsupported-layer', `${layer.config.who}: expected a known number of channels`);
  };
}

/** padding is p, [rows, columns] or [[top, bottom], [left, right]] */
function readZeroPadding(layer: Layer): Convert {
  const { config, name } = layer;
  expectChannelsLast(layer);
  const padding = config.value('padding') ?? 1;
  const axes = Array.isArray(padding) ? padding : [padding, padding];
  const [rows, columns] = axes.map((axis: unknown) => (Array.isArray(axis) ? axis : [axis, axis]));
  const zeros = [...(rows ?? []), ...(columns ?? [])];
  if (
    axes.length !== 2 ||
    rows.length !== 2 ||
    columns.length !== 2 ||
    !zeros.every((n) => Number.isSafeInteger(n) && n >= 0)
  ) {
    config.fail('padding', 'n, [rows, columns] or [[top, bottom], [left, right]]');
  }
  const [top, bottom, left, right] = zeros as number[];
  return (_, [x]) => {
    if (x.shape.length !== 3) config.fail('padding', 'a picture to pad');
    return { ...x, zeros: { sides: { top, right, bottom, left }, layer: name } };
  };
}

/** What works element by element passes on how its input was flattened. */
function elementwise(builder: NetworkBuilder, node: NetworkNode, x: Value): Value {
  return { ...builder.emit(node, [x]), flattened: x.flattened };
}
