/** Operators that work element by element. */
import { show } from '../../errors.ts';
import type { OpName } from '../../graph/ops/table.ts';
import { isFloat } from '../../graph/values.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { channelsFirst } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converter, Converters } from './converter.ts';

/** Operators that are operations of graphs with the same inputs and nothing else. */
const SAME = {
  AddN: 'sum',
  Sub: 'subtraction',
  RealDiv: 'division',
  Div: 'division',
  Maximum: 'maximum',
  Minimum: 'minimum',
  Pow: 'power',
  FloorMod: 'modulo',
  Mod: 'remainder',
  TruncateMod: 'remainder',
  Abs: 'absolute-value',
  Neg: 'negation',
  Reciprocal: 'reciprocal',
  Inv: 'reciprocal',
  Sign: 'sign',
  Floor: 'floor',
  Ceil: 'ceiling',
  Round: 'rounding',
  Rint: 'rounding',
  Sqrt: 'square-root',
  Exp: 'exponential',
  Expm1: 'exponential-minus-one',
  Log: 'logarithm',
  Log1p: 'logarithm-of-one-more',
  Erf: 'error-function',
  Sin: 'sine',
  Cos: 'cosine',
  Tan: 'tangent',
  Asin: 'arcsine',
  Acos: 'arccosine',
  Atan: 'arctangent',
  Atan2: 'arctangent-of-two',
  Sinh: 'hyperbolic-sine',
  Cosh: 'hyperbolic-cosine',
  Tanh: 'hyperbolic-tangent',
  Asinh: 'inverse-hyperbolic-sine',
  Acosh: 'inverse-hyperbolic-cosine',
  Atanh: 'inverse-hyperbolic-tangent',
  Sigmoid: 'sigmoid',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Relu: 'relu',
  Prelu: 'parametric-relu',
  IsNan: 'is-nan',
  LogicalNot: 'not',
  LogicalAnd: 'and',
  LogicalOr: 'or',
  Equal: 'equality',
  Greater: 'greater',
  GreaterEqual: 'greater-or-equal',
  Less: 'less',
  LessEqual: 'less-or-equal',
  SelectV2: 'selection',
} as const satisfies Readonly<Record<string, OpName>>;

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const;

/** What TensorFlow uses where a file says none. */
const LEAKY_SLOPE = 0.2;

export const ELEMENTWISE: Converters = {
  ...Object.fromEntries(
    Object.entries(SAME).map(([operator, op]): [string, Converter] => {
      return [operator, (node, builder) => builder.elementwise(op, node.inputs, {}, node.name)];
    }),
  ),
  Add: plus,
  AddV2: plus,
  Mul: times,
  BiasAdd(node, builder) {
    const [value, bias] = [node.input(0), node.input(1)];
    const isLast = node.string('data_format', 'NHWC') === 'NHWC' || value.rank < 3;
    if (isLast) return plus(node, builder);
    const axes = Array.from({ length: value.rank - 2 }, (_, i) => i + 1);
    const columns = builder.unsqueeze(bias, axes, `${node.name}/bias`);
    return builder.elementwise('sum', [value, columns], {}, node.name);
  },
  Rsqrt(node, builder) {
    const root = builder.elementwise('square-root', [node.input(0)], {}, `${node.name}/root`);
    return builder.elementwise('reciprocal', [root], {}, node.name);
  },
  Square: (node, builder) => square(builder, node.input(0), node.name),
  SquaredDifference(node, builder) {
    return square(builder, builder.elementwise('subtraction', node.inputs, {}, `${node.name}/difference`), node.name);
  },
  DivNoNan(node, builder) {
    const [a, b] = [node.input(0), node.input(1)];
    const zero = builder.numbers(`${node.name}/zero`, b.dtype, [], [0]);
    const isZero = builder.elementwise('equality', [b, zero], {}, `${node.name}/is-zero`);
    const quotient = builder.elementwise('division', [a, b], {}, `${node.name}/quotient`);
    return builder.elementwise('selection', [isZero, zero, quotient], {}, node.name);
  },
  FloorDiv(node, builder) {
    const [a, b] = [node.input(0), node.input(1)];
    if (isFloat(a.dtype)) {
      const quotient = builder.elementwise('division', [a, b], {}, `${node.name}/quotient`);
      return builder.elementwise('floor', [quotient], {}, node.name);
    }
    const rest = builder.elementwise('modulo', [a, b], {}, `${node.name}/rest`);
    const whole = builder.elementwise('subtraction', [a, rest], {}, `${node.name}/whole`);
    return builder.elementwise('division', [whole, b], {}, node.name);
  },
  IsInf: (node, builder) => isInfinite(builder, node.input(0), node.name),
  IsFinite(node, builder) {
    const x = node.input(0);
    const infinite = isInfinite(builder, x, `${node.name}/is-infinite`);
    const nan = builder.elementwise('is-nan', [x], {}, `${node.name}/is-nan`);
    const either = builder.elementwise('or', [infinite, nan], {}, `${node.name}/either`);
    return builder.elementwise('not', [either], {}, node.name);
  },
  NotEqual(node, builder) {
    const equal = builder.elementwise('equality', node.inputs, {}, `${node.name}/equal`);
    return builder.elementwise('not', [equal], {}, node.name);
  },
  Relu6: (node, builder) => activated(node, builder, 'Relu6', node.input(0), node.name),
  Elu: (node, builder) => activated(node, builder, 'Elu', node.input(0), node.name),
  Selu: (node, builder) => builder.elementwise('elu', [node.input(0)], SELU, node.name),
  LeakyRelu(node, builder) {
    const negativeSlope = node.float('alpha', LEAKY_SLOPE);
    return builder.elementwise('relu', [node.input(0)], { negativeSlope }, node.name);
  },
  ClipByValue(node, builder) {
    const [x, ...bounds] = [node.input(0), node.input(1), node.input(2)];
    const names = [builder.nameOf(x, x.order), ...bounds.map((bound) => builder.nameOf(bound))];
    return builder.made(builder.emit('clip', names, {}, node.name)[0], x.order);
  },
  Cast(node, builder) {
    const [x, dtype] = [node.input(0), node.dtype('DstT')];
    // Only what a list may be made of is needed at once; each of many nodes would make a large constant anew.
    if (x.constant === null || x.type.elements !== undefined) return builder.cast(x, dtype, node.name);
    return x.dtype === dtype ? x : builder.elementwise('conversion', [x], { dtype }, node.name);
  },
  Select(node, builder) {
    const [condition, ...values] = [node.input(0), node.input(1), node.input(2)];
    const rank = values[0].rank;
    // A list of truths chooses among whole rows.
    const axes = condition.rank === 1 ? Array.from({ length: rank - 1 }, (_, i) => i + 1) : [];
    const wide = axes.length === 0 ? condition : builder.unsqueeze(condition, axes, `${node.name}/condition`);
    return builder.elementwise('selection', [wide, ...values], {}, node.name);
  },
  ZerosLike: filledLike(0),
  OnesLike: filledLike(1),
};

/**
 * What a fused node does last: an activation by TensorFlow's name.
 *
 * @param slopes of Prelu
 */
export function activated(
  node: NodeReader,
  builder: LayoutBuilder,
  activation: string,
  x: Value,
  hint: string,
  slopes?: Value,
): Value {
  switch (activation) {
    case 'Relu':
      return builder.elementwise('relu', [x], {}, hint);
    case 'Relu6':
      return builder.elementwise('clamp', [x], { min: 0, max: 6 }, hint);
    case 'Elu':
      return builder.elementwise('elu', [x], { alpha: 1, scale: 1 }, hint);
    case 'LeakyRelu':
      return builder.elementwise('relu', [x], { negativeSlope: node.float('leakyrelu_alpha', LEAKY_SLOPE) }, hint);
    case 'Prelu':
      if (slopes === undefined) return node.invalid('Prelu has no slopes');
      return builder.elementwise('parametric-relu', [x, slopes], {}, hint);
    case 'Sigmoid':
      return builder.elementwise('sigmoid', [x], {}, hint);
    case 'Tanh':
      return builder.elementwise('hyperbolic-tangent', [x], {}, hint);
    default:
      return node.unsupported(`the fused operator ${show(activation)}`);
  }
}

function square(builder: LayoutBuilder, x: Value, hint: string): Value {
  return builder.elementwise('multiplication', [x, x], {}, hint);
}

function isInfinite(builder: LayoutBuilder, x: Value, hint: string): Value {
  return builder.elementwise('is-infinite', [x], { positive: true, negative: true }, hint);
}

/** Times 0, and then plus a number, would keep NaN: only the shape is looked at. */
function filledLike(value: number): Converter {
  return (node, builder) => {
    const x = node.input(0);
    const [shape] = builder.emit('shape', [builder.nameOf(x, x.order)], {}, `${node.name}/shape`);
    const inMemory = { dtype: x.dtype, shape: builder.typeOf(builder.nameOf(x, x.order)).shape };
    const [made] = builder.emit('fill', [shape], { dtype: x.dtype, value }, node.name, 1, inMemory);
    return builder.made(made, x.order);
  };
}

function plus(node: NodeReader, builder: LayoutBuilder): Value {
  const pair = perChannel(node);
  if (pair === null) return builder.elementwise('sum', node.inputs, {}, node.name);
  return scaleShift(
    builder,
    pair.x,
    pair.numbers.map(() => 1),
    pair.numbers,
    node.name,
  );
}

function times(node: NodeReader, builder: LayoutBuilder): Value {
  const pair = perChannel(node);
  if (pair === null) return builder.elementwise('multiplication', node.inputs, {}, node.name);
  return scaleShift(
    builder,
    pair.x,
    pair.numbers,
    pair.numbers.map(() => 0),
    node.name,
  );
}

/** Planes that are multiplied and shifted channel by channel, which disappears into a convolution before it. */
function scaleShift(
  builder: LayoutBuilder,
  x: Value,
  scale: readonly number[],
  shift: readonly number[],
  hint: string,
): Value {
  const vectors = Object.entries({ scale, shift }).map(([what, numbers]) =>
    builder.nameOf(builder.numbers(`${hint}/${what}`, 'float32', [numbers.length], numbers, 'weight')),
  );
  const [made] = builder.emit('scale-shift', [builder.planesOf(x), ...vectors], {}, hint);
  return builder.made(made, x.order);
}

/** Planes that lie channels first, and a constant number for each channel; null for anything else. */
function perChannel(node: NodeReader): { readonly x: Value; readonly numbers: readonly number[] } | null {
  const [a, b] = [node.input(0), node.input(1)];
  const [x, vector] = a.constant === null ? [a, b] : [b, a];
  const isVector = vector.shape.every((size, axis) => size === (axis === vector.rank - 1 ? x.shape[x.rank - 1] : 1));
  const arePlanes = x.rank === 4 && String(x.order) === String(channelsFirst(4));
  if (x.constant !== null || vector.constant === null || !arePlanes || !isVector) return null;
  if (vector.rank < 1 || vector.rank > 4 || x.dtype !== 'float32' || vector.dtype !== 'float32') return null;
  return { x, numbers: Array.from(vector.constant.data, Number) };
}
