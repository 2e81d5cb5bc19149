/** Operations that work element by element. */

import { show } from '../../errors.ts';
import type { OpName } from '../../graph/ops/table.ts';
import { type Activation, SELU, unary } from '../activations.ts';
import type { Value } from '../value.ts';
import type { OperatorCall, Signature } from './operator-call.ts';

type Pair =
  | 'sum'
  | 'subtraction'
  | 'multiplication'
  | 'division'
  | 'power'
  | 'maximum'
  | 'minimum'
  | 'remainder'
  | 'modulo'
  | 'equality'
  | 'greater'
  | 'less'
  | 'greater-or-equal'
  | 'less-or-equal'
  | 'and'
  | 'or'
  | 'exclusive-or';

export function binary(op: Pair & OpName): Signature {
  return {
    parameters: ['x', 'y'],
    operator: (call) => {
      const second = call.written('x2') !== undefined ? 'x2' : 'y';
      return call.builder.elementwise(op, call.pair('x', second), {}, call.name);
    },
  };
}

export function one(activation: Activation): Signature {
  return { parameters: ['x'], operator: (call) => activation(call.builder, inputOf(call), call.name) };
}

/** Named differently from one function to the other. */
export function inputOf(call: OperatorCall): Value {
  for (const name of ['x', 'input', 'inputs', 'features', 'tensor', 'logits', 'input_tensor']) {
    const value = call.optional(name);
    if (value !== null) return value;
  }
  return call.fail('x', 'a value');
}

const SQUARE: Activation = (builder, x, name) => builder.elementwise('multiplication', [x, x], {}, name);

const ROOT_RECIPROCAL: Activation = (builder, x, name) => {
  const root = builder.elementwise('square-root', [x], {}, `${name}/root`);
  return builder.elementwise('reciprocal', [root], {}, name);
};

const NOT_EQUAL: Signature = {
  parameters: ['x', 'y'],
  operator: (call) => {
    const equal = call.builder.elementwise('equality', call.pair(), {}, call.part('equal'));
    return call.builder.elementwise('not', [equal], {}, call.name);
  },
};

const CLIP: Signature = {
  parameters: ['x', 'x_min', 'x_max'],
  operator: (call) => {
    const [min, max] = [
      call.number(undefined, 'x_min', 'clip_value_min'),
      call.number(undefined, 'x_max', 'clip_value_max'),
    ];
    return call.builder.elementwise('clamp', [inputOf(call)], { min, max }, call.name);
  },
};

const WHERE: Signature = {
  parameters: ['condition', 'x1', 'x2'],
  operator: (call) => {
    const names = call.optional('x1') === null ? ['x', 'y'] : ['x1', 'x2'];
    return call.builder.elementwise(
      'selection',
      [call.value('condition'), ...call.pair(names[0], names[1])],
      {},
      call.name,
    );
  },
};

const CAST: Signature = {
  parameters: ['x', 'dtype'],
  operator: (call) => {
    const dtype = call.text('dtype');
    const known = (
      ['float32', 'float64', 'float16', 'bfloat16', 'int32', 'int64', 'uint8', 'int8', 'bool'] as const
    ).find((name) => name === dtype);
    return call.builder.elementwise(
      'conversion',
      [inputOf(call)],
      { dtype: known ?? call.unsupported(`the type ${show(dtype)}`) },
      call.name,
    );
  },
};

const GELU: Signature = {
  parameters: ['x', 'approximate'],
  operator: (call) =>
    call.builder.elementwise('gelu', [inputOf(call)], { isApproximate: call.flag('approximate', true) }, call.name),
};

const LEAKY_RELU: Signature = {
  parameters: ['x', 'negative_slope'],
  operator: (call) => {
    const negativeSlope = call.number(0.2, 'negative_slope', 'alpha');
    return call.builder.elementwise('relu', [inputOf(call)], { negativeSlope }, call.name);
  },
};

/** Softmax along an axis. */
export function softmaxAlong(op: 'softmax-along-axis' | 'log-softmax'): Signature {
  return {
    parameters: ['x', 'axis'],
    operator: (call) => {
      const x = inputOf(call);
      return call.builder.alongAxis(op, x, call.axis(x.rank, -1), (axis) => ({ axis }), call.name);
    },
  };
}

const ELEMENTS = {
  relu: one(unary('relu', {})),
  relu6: one(unary('clamp', { min: 0, max: 6 })),
  elu: one(unary('elu', { alpha: 1, scale: 1 })),
  selu: one(unary('elu', SELU)),
  sigmoid: one(unary('sigmoid', {})),
  tanh: one(unary('hyperbolic-tangent', {})),
  softplus: one(unary('softplus', {})),
  softsign: one(unary('softsign', {})),
  swish: one(unary('swish', { slope: 1 })),
  absolute: one(unary('absolute-value', {})),
  negative: one(unary('negation', {})),
  exponential: one(unary('exponential', {})),
  exponentialMinusOne: one(unary('exponential-minus-one', {})),
  logarithm: one(unary('logarithm', {})),
  root: one(unary('square-root', {})),
  square: one(SQUARE),
  rootReciprocal: one(ROOT_RECIPROCAL),
  reciprocal: one(unary('reciprocal', {})),
  floor: one(unary('floor', {})),
  ceiling: one(unary('ceiling', {})),
  rounding: one(unary('rounding', {})),
  sign: one(unary('sign', {})),
  sine: one(unary('sine', {})),
  cosine: one(unary('cosine', {})),
  tangent: one(unary('tangent', {})),
  errorFunction: one(unary('error-function', {})),
  not: one(unary('not', {})),
  identity: one(unary('identity', {})),
  mish: one(unary('mish', {})),
  hardSigmoid: one(unary('hard-sigmoid', { slope: 1 / 6, offset: 0.5 })),
  hardSilu: one(unary('hard-swish', {})),
} as const;

/** Operations of Keras 3, by their class. */
export const ELEMENTWISE_CLASSES: Readonly<Record<string, Signature>> = {
  Add: binary('sum'),
  Subtract: binary('subtraction'),
  Multiply: binary('multiplication'),
  Divide: binary('division'),
  TrueDivide: binary('division'),
  Power: binary('power'),
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  Mod: binary('modulo'),
  Equal: binary('equality'),
  NotEqual: NOT_EQUAL,
  Greater: binary('greater'),
  GreaterEqual: binary('greater-or-equal'),
  Less: binary('less'),
  LessEqual: binary('less-or-equal'),
  LogicalAnd: binary('and'),
  LogicalOr: binary('or'),
  LogicalXor: binary('exclusive-or'),
  LogicalNot: ELEMENTS.not,
  Absolute: ELEMENTS.absolute,
  Abs: ELEMENTS.absolute,
  Negative: ELEMENTS.negative,
  Exp: ELEMENTS.exponential,
  Expm1: ELEMENTS.exponentialMinusOne,
  Log: ELEMENTS.logarithm,
  Sqrt: ELEMENTS.root,
  Square: ELEMENTS.square,
  Rsqrt: ELEMENTS.rootReciprocal,
  Reciprocal: ELEMENTS.reciprocal,
  Floor: ELEMENTS.floor,
  Ceil: ELEMENTS.ceiling,
  Round: ELEMENTS.rounding,
  Sign: ELEMENTS.sign,
  Sin: ELEMENTS.sine,
  Cos: ELEMENTS.cosine,
  Tan: ELEMENTS.tangent,
  Tanh: ELEMENTS.tanh,
  Erf: ELEMENTS.errorFunction,
  Relu: ELEMENTS.relu,
  Relu6: ELEMENTS.relu6,
  Elu: ELEMENTS.elu,
  Selu: ELEMENTS.selu,
  Sigmoid: ELEMENTS.sigmoid,
  Silu: ELEMENTS.swish,
  Softplus: ELEMENTS.softplus,
  Softsign: ELEMENTS.softsign,
  HardSigmoid: ELEMENTS.hardSigmoid,
  HardSilu: ELEMENTS.hardSilu,
  Mish: ELEMENTS.mish,
  Gelu: GELU,
  LeakyRelu: LEAKY_RELU,
  Softmax: softmaxAlong('softmax-along-axis'),
  LogSoftmax: softmaxAlong('log-softmax'),
  Clip: CLIP,
  Where: WHERE,
  Cast: CAST,
};

/** Functions of TensorFlow, which Keras 2 calls in layers of their own. */
export const ELEMENTWISE_FUNCTIONS: Readonly<Record<string, Signature>> = {
  '__operators__.add': binary('sum'),
  'math.add': binary('sum'),
  'math.subtract': binary('subtraction'),
  'math.multiply': binary('multiplication'),
  'math.truediv': binary('division'),
  'math.divide': binary('division'),
  'math.pow': binary('power'),
  'math.maximum': binary('maximum'),
  'math.minimum': binary('minimum'),
  'math.floormod': binary('modulo'),
  'math.equal': binary('equality'),
  'math.not_equal': NOT_EQUAL,
  'math.greater': binary('greater'),
  'math.greater_equal': binary('greater-or-equal'),
  'math.less': binary('less'),
  'math.less_equal': binary('less-or-equal'),
  'math.logical_and': binary('and'),
  'math.logical_or': binary('or'),
  'math.logical_not': ELEMENTS.not,
  'math.abs': ELEMENTS.absolute,
  'math.negative': ELEMENTS.negative,
  'math.exp': ELEMENTS.exponential,
  'math.expm1': ELEMENTS.exponentialMinusOne,
  'math.log': ELEMENTS.logarithm,
  'math.sqrt': ELEMENTS.root,
  'math.square': ELEMENTS.square,
  'math.rsqrt': ELEMENTS.rootReciprocal,
  'math.reciprocal': ELEMENTS.reciprocal,
  'math.floor': ELEMENTS.floor,
  'math.ceil': ELEMENTS.ceiling,
  'math.round': ELEMENTS.rounding,
  'math.sign': ELEMENTS.sign,
  'math.sin': ELEMENTS.sine,
  'math.cos': ELEMENTS.cosine,
  'math.tanh': ELEMENTS.tanh,
  'math.sigmoid': ELEMENTS.sigmoid,
  'math.softplus': ELEMENTS.softplus,
  'math.erf': ELEMENTS.errorFunction,
  'nn.relu': ELEMENTS.relu,
  'nn.relu6': ELEMENTS.relu6,
  'nn.elu': ELEMENTS.elu,
  'nn.selu': ELEMENTS.selu,
  'nn.silu': ELEMENTS.swish,
  'nn.swish': ELEMENTS.swish,
  'nn.softsign': ELEMENTS.softsign,
  'nn.gelu': {
    ...GELU,
    operator: (call) =>
      call.builder.elementwise('gelu', [inputOf(call)], { isApproximate: call.flag('approximate', false) }, call.name),
  },
  'nn.leaky_relu': LEAKY_RELU,
  'nn.softmax': softmaxAlong('softmax-along-axis'),
  'nn.log_softmax': softmaxAlong('log-softmax'),
  clip_by_value: CLIP,
  where: WHERE,
  cast: CAST,
  identity: ELEMENTS.identity,
};
