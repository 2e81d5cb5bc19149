/** Small good layers models: one for each class of layer, in the forms of Keras 2 and 3, and one for each operation. */
import { FUNCTIONS, OPERATIONS } from '../../src/tfjs/operators/table.ts';
import type { KerasLayer, Weights } from './keras.ts';
import {
  type Entry,
  functional3,
  inputLayer,
  layer3,
  model3,
  numbers,
  operation,
  sequential3,
  tensor,
} from './keras3.ts';
import { functionalModel, layer, type Model, reading, sequentialModel } from './models.ts';

type Config = KerasLayer['config'];
/** Behind the batch. */
type Sizes = readonly (number | null)[];
type Shapes = Readonly<Record<string, readonly number[]>>;

const ROW: Sizes = [4];
const LINE: Sizes = [6, 2];
const PICTURE: Sizes = [6, null, 2];
const SQUARE: Sizes = [4, 6, 2];

const CONVOLUTION = { filters: 3, strides: 1, padding: 'same', dilation_rate: 1, use_bias: true, activation: 'relu' };
const POOLING = { pool_size: 2, strides: 2, padding: 'same', data_format: 'channels_last' };
const SCALED = { axis: -1, epsilon: 0.01, scale: true, center: true };
const FIT = { interpolation: 'lanczos3', antialias: true, crop_to_aspect_ratio: true, pad_to_aspect_ratio: false };

/** What a layer of each class reads, its config, and the shapes of its weights in Keras's order. */
const LAYERS: Readonly<Record<string, readonly [Sizes, Config, Shapes?]>> = {
  Conv1D: [LINE, { ...CONVOLUTION, kernel_size: [3], padding: 'causal' }, { kernel: [3, 2, 3], bias: [3] }],
  Conv2D: [PICTURE, { ...CONVOLUTION, kernel_size: [3, 2], groups: 1 }, { kernel: [3, 2, 2, 3], bias: [3] }],
  DepthwiseConv1D: [LINE, { kernel_size: 3, depth_multiplier: 2 }, { depthwise_kernel: [3, 2, 2], bias: [4] }],
  DepthwiseConv2D: [
    PICTURE,
    { kernel_size: [3, 1], depth_multiplier: 2 },
    { depthwise_kernel: [3, 1, 2, 2], bias: [4] },
  ],
  SeparableConv1D: [
    LINE,
    { ...CONVOLUTION, kernel_size: 2, activation: 'softmax' },
    { depthwise_kernel: [2, 2, 1], pointwise_kernel: [1, 2, 3], bias: [3] },
  ],
  SeparableConv2D: [
    PICTURE,
    { ...CONVOLUTION, kernel_size: [2, 1] },
    { depthwise_kernel: [2, 1, 2, 1], pointwise_kernel: [1, 1, 2, 3], bias: [3] },
  ],
  Conv1DTranspose: [LINE, { filters: 3, kernel_size: 2, output_padding: 1 }, { kernel: [2, 3, 2], bias: [3] }],
  Conv2DTranspose: [PICTURE, { ...CONVOLUTION, kernel_size: 2, strides: [2, 1] }, { kernel: [2, 2, 3, 2], bias: [3] }],
  Dense: [ROW, { units: 3, use_bias: true, activation: 'gelu' }, { kernel: [4, 3], bias: [3] }],
  MaxPooling1D: [LINE, POOLING],
  MaxPooling2D: [PICTURE, POOLING],
  AveragePooling1D: [LINE, POOLING],
  AveragePooling2D: [PICTURE, POOLING],
  GlobalMaxPooling1D: [LINE, { keepdims: true }],
  GlobalMaxPooling2D: [PICTURE, { keepdims: false, data_format: 'channels_first' }],
  GlobalAveragePooling1D: [LINE, { keepdims: false }],
  GlobalAveragePooling2D: [PICTURE, { keepdims: true }],
  AdaptiveAveragePooling2D: [SQUARE, { output_size: [3, 2] }],
  Activation: [ROW, { activation: 'hard_sigmoid' }],
  ReLU: [PICTURE, { max_value: 6, negative_slope: 0.5, threshold: 1 }],
  LeakyReLU: [PICTURE, { alpha: 0.25 }],
  PReLU: [PICTURE, { shared_axes: [1, 2] }, { alpha: [1, 1, 2] }],
  ELU: [ROW, { alpha: 2 }],
  ThresholdedReLU: [ROW, { theta: 0.5 }],
  Softmax: [PICTURE, { axis: [1, 2] }],
  BatchNormalization: [PICTURE, SCALED, { gamma: [2], beta: [2], moving_mean: [2], moving_variance: [2] }],
  LayerNormalization: [SQUARE, { ...SCALED, axis: [1] }, { gamma: [4], beta: [4] }],
  GroupNormalization: [SQUARE, { ...SCALED, groups: 2 }, { gamma: [2], beta: [2] }],
  UnitNormalization: [LINE, { axis: -1 }],
  RMSNormalization: [LINE, { axis: -1, epsilon: 0.01 }, { scale: [2] }],
  Normalization: [LINE, { axis: -1, mean: [1, 2], variance: [4, 1], invert: false }],
  Rescaling: [LINE, { scale: 0.5, offset: [1, 2] }],
  Flatten: [SQUARE, { data_format: 'channels_last' }],
  Reshape: [SQUARE, { target_shape: [2, -1] }],
  Permute: [PICTURE, { dims: [2, 1, 3] }],
  RepeatVector: [ROW, { n: 3 }],
  ZeroPadding1D: [LINE, { padding: [1, 2] }],
  ZeroPadding2D: [PICTURE, { padding: [2, 1], data_format: 'channels_last' }],
  Cropping1D: [LINE, { cropping: [1, 2] }],
  Cropping2D: [PICTURE, { cropping: [1, 0] }],
  UpSampling1D: [LINE, { size: 2 }],
  UpSampling2D: [SQUARE, { size: [2, 3], interpolation: 'bicubic' }],
  Resizing: [SQUARE, { ...FIT, height: 3, width: 8 }],
  CenterCrop: [SQUARE, { height: 3, width: 3 }],
  Dropout: [ROW, { rate: 0.5 }],
  SpatialDropout1D: [LINE, { rate: 0.5 }],
  SpatialDropout2D: [PICTURE, { rate: 0.5 }],
  AlphaDropout: [ROW, { rate: 0.5 }],
  GaussianDropout: [ROW, { rate: 0.5 }],
  GaussianNoise: [ROW, { stddev: 0.5 }],
  ActivityRegularization: [ROW, { l1: 0.5 }],
  Identity: [ROW, {}],
};

/** The same of classes that read two values. */
const MERGES: typeof LAYERS = {
  Add: [PICTURE, {}],
  Subtract: [ROW, {}],
  Multiply: [PICTURE, {}],
  Average: [ROW, {}],
  Maximum: [ROW, {}],
  Minimum: [PICTURE, {}],
  Concatenate: [PICTURE, { axis: -2 }],
  Dot: [LINE, { axes: [1, 1], normalize: true }],
};

const ones = (shapes: Shapes, scope: string): Weights =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [`${scope}/${name}`, numbers(shape, 1)]));

/** As Keras 2 writes it: a stack, where it reads one value. */
function inKeras2(className: string, [reads, config, shapes = {}]: Layer, reader: 'one' | 'two'): Model {
  const own = layer(className, { name: 'y', ...config });
  if (reader === 'one') return sequentialModel([own], ones(shapes, 'y'), reads);
  const given = layer('InputLayer', { name: 'x', batch_input_shape: [null, ...reads], dtype: 'float32' });
  return functionalModel([given, reading(['x', 'x'], own)], ones(shapes, 'y'));
}

/** As Keras 3 writes it, in a model in the model. */
function inKeras3(className: string, [reads, config, shapes = {}]: Layer, reader: 'one' | 'two'): Model {
  const called = reader === 'one' ? tensor('i') : [tensor('i'), tensor('i')];
  const inside = [inputLayer('i', ...reads), layer3(className, 'y', config, [called])];
  const inner = functional3('inner', inside, ['i', 0, 0], ['y', 0, 0]);
  const call = { ...inner, inbound_nodes: [{ args: [tensor('x')], kwargs: { mask: null } }] };
  const outer = functional3('outer', [inputLayer('x', ...reads), call], [['x', 0, 0]], { z: ['inner', 0, 0] });
  return model3(outer, ones(shapes, 'inner/y'));
}

/** An operation's config, and what it is called with beside or in place of x. */
interface Called {
  readonly config?: Config;
  readonly args?: readonly unknown[];
  readonly reads?: Sizes;
  readonly dtype?: string;
}

const x = tensor('x');
const cut = { class_name: '__slice__', config: { start: 0, stop: -1, step: 2 } };
const pooled: Called = { config: { pool_size: 2, strides: 2, padding: 'same' } };
const along: Called = { config: { axis: [1], keepdims: true } };
const truths: Called = { dtype: 'bool' };

/** Operations that need more than one or two values. */
const OPERATIONS_CALLED: Readonly<Record<string, Called>> = {
  ...{ Sum: along, Mean: along, Max: along, Min: along, Amax: along, Amin: along, Prod: along, Logsumexp: along },
  ...{ LogicalAnd: truths, LogicalOr: truths, LogicalXor: truths, LogicalNot: truths },
  ...{ AveragePool: pooled, MaxPool: pooled },
  Softmax: { config: { axis: -1 }, args: [x] },
  LogSoftmax: { config: { axis: -1 }, args: [x] },
  Gelu: { config: { approximate: false }, args: [x] },
  LeakyRelu: { config: { negative_slope: 0.1 }, args: [x] },
  Clip: { config: { x_min: 0, x_max: 6 }, args: [x] },
  Cast: { config: { dtype: 'int32' }, args: [x] },
  Where: { args: [x, 1, [[2, 3]]], reads: [2], dtype: 'bool' },
  Reshape: { config: { newshape: [-1, 8] }, args: [x] },
  Transpose: { config: { axes: [0, 2, 1, 3] }, args: [x] },
  ExpandDims: { config: { axis: 1 }, args: [x] },
  Squeeze: { config: { axis: 2 }, args: [x], reads: [4, 1] },
  Concatenate: { config: { axis: 1 }, args: [[x, x]] },
  Stack: { config: { axis: 0 }, args: [[x, x]] },
  Split: { config: { indices_or_sections: 2, axis: 1 }, args: [x] },
  GetItem: { args: [x, [cut, null, { class_name: '__ellipsis__', config: {} }, 1]] },
  Pad: {
    config: {
      pad_width: [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      mode: 'constant',
      constant_values: 1,
    },
    args: [x],
  },
  Resize: { config: { size: [3, 4], interpolation: 'bilinear', antialias: true }, args: [x] },
  Matmul: { args: [x, x], reads: [3, 3] },
  Einsum: { config: { subscripts: 'nij,nkj->nik' }, args: [x, x], reads: LINE },
};

/** An operation as Keras 3 writes it. */
function ofOperation(name: string, parameters: readonly string[]): Model {
  const { config = {}, args, reads = SQUARE, dtype = 'float32' } = OPERATIONS_CALLED[name] ?? {};
  const given = inputLayer('x', ...reads);
  const input: Entry = { ...given, config: { ...(given.config as Config), dtype } };
  const binary = parameters.includes('y') || parameters.includes('x2') ? [x, x] : [x];
  const own = operation(name, 'y', config, ...(args ?? binary));
  const layers = [input, { ...own, module: 'keras.src.ops.numpy' }];
  return model3(functional3('m', layers, ['x', 0, 0], ['y', 0, 0]), {});
}

/** A function of TensorFlow that takes one value or two, as Keras 2 writes it. */
function ofFunction(name: string, parameters: readonly string[]): Model {
  const dtype = name.includes('logical') ? 'bool' : 'float32';
  const given = layer('InputLayer', { name: 'x', batch_input_shape: [null, 4], dtype });
  const options = parameters.length === 1 ? {} : { y: ['x', 0, 0], name: null };
  const own = layer('TFOpLambda', { name: 'y', function: name });
  return functionalModel([given, { ...own, inbound_nodes: [['x', 0, 0, options]] }], {});
}

/** Layers that read one another, of which some become parts of others. */
function ofMany(): Model {
  const layers = [
    layer('InputLayer', { name: 'x', batch_input_shape: [null, 4, 6, 2] }),
    reading(['x'], layer('ZeroPadding2D', { name: 'z', padding: [1, 0] })),
    reading(['z'], layer('Conv2D', { name: 'c', filters: 2, kernel_size: [3, 1], use_bias: false })),
    reading(['c'], layer('BatchNormalization', { name: 'b', ...SCALED, axis: [3] })),
    reading(['b', 'x'], layer('Add', { name: 'a' })),
    reading(['a', 'b'], layer('Concatenate', { name: 'k', axis: 3 })),
    reading(['k'], layer('Flatten', { name: 'f' })),
    reading(['f'], layer('Dense', { name: 'd', units: 2, activation: 'softmax' })),
  ];
  const [, , statistics = {}] = LAYERS.BatchNormalization;
  const weights = { 'c/kernel': [3, 1, 2, 2], 'd/kernel': [96, 2], 'd/bias': [2] };
  const own = Object.entries(weights).map(([name, shape]) => [name, numbers(shape, 1)]);
  return functionalModel(layers, { ...Object.fromEntries(own), ...ones(statistics, 'b') }, ['d', 'a']);
}

/** Steps in time, and a layer that is called twice. */
function others(): Model[] {
  const inner = { class_name: 'Dense', config: { name: 'c', units: 2 } };
  const steps = layer3('TimeDistributed', 't', { layer: inner });
  const place = 'layers/time_distributed/layer/vars';
  const twice = layer3('Dense', 'd', { units: 2 }, [x], [tensor('d', 0)]);
  const weights = { kernel: [2, 2], bias: [2] };
  return [
    model3(sequential3('m', inputLayer('x', 3, 2), steps), {
      [`${place}/0`]: numbers([2, 2], 1),
      [`${place}/1`]: numbers([2], 1),
    }),
    model3(functional3('m', [inputLayer('x', 2), twice], ['x', 0, 0], ['d', 1, 0]), ones(weights, 'd')),
  ];
}

/** Whether a function takes one value, or two that are called x and y. */
const isPlain = (parameters: readonly string[]) => ['x', 'x,y'].includes(String(parameters));

type Layer = (typeof LAYERS)[string];

/** By what they are of. */
export const GOOD_LAYERS: ReadonlyMap<string, Model> = new Map([
  ...Object.entries(LAYERS).flatMap(([name, each]): [string, Model][] => [
    [name, inKeras2(name, each, 'one')],
    [`${name} in Keras 3`, inKeras3(name, each, 'one')],
  ]),
  ...Object.entries(MERGES).flatMap(([name, each]): [string, Model][] => [
    [name, inKeras2(name, each, 'two')],
    [`${name} in Keras 3`, inKeras3(name, each, 'two')],
  ]),
  ...[...OPERATIONS].map(([name, { parameters }]): [string, Model] => [
    `operation ${name}`,
    ofOperation(name, parameters),
  ]),
  ...[...FUNCTIONS]
    .filter(([, { parameters }]) => isPlain(parameters))
    .map(([name, { parameters }]): [string, Model] => {
      return [`function ${name}`, ofFunction(name, parameters)];
    }),
  ['many layers', ofMany()],
  ...others().map((model, i): [string, Model] => [`other ${i}`, model]),
]);
