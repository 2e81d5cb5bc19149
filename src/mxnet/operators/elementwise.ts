/** Functions of one value, element by element. */
import type { OpName } from '../../graph/ops/table.ts';
import { DTYPES, type Dtype, isFloat, type Name } from '../../graph/values.ts';
import { boolean, number, oneOf, orNone, single, text, tuple, whole } from '../attributes.ts';
import { copied, exactly, reshaped } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import type { Converter, Converters, SymbolReader } from './converter.ts';

/** Operators without attributes that are operations of graphs. */
const SAME = {
  relu: 'relu',
  sigmoid: 'sigmoid',
  softsign: 'softsign',
  abs: 'absolute-value',
  sqrt: 'square-root',
  exp: 'exponential',
  expm1: 'exponential-minus-one',
  log: 'logarithm',
  negative: 'negation',
  reciprocal: 'reciprocal',
  floor: 'floor',
  ceil: 'ceiling',
  sin: 'sine',
  cos: 'cosine',
  tan: 'tangent',
  arcsin: 'arcsine',
  arccos: 'arccosine',
  arctan: 'arctangent',
  sinh: 'hyperbolic-sine',
  cosh: 'hyperbolic-cosine',
  tanh: 'hyperbolic-tangent',
  arcsinh: 'inverse-hyperbolic-sine',
  arccosh: 'inverse-hyperbolic-cosine',
  arctanh: 'inverse-hyperbolic-tangent',
  erf: 'error-function',
  _copy: 'identity',
  identity: 'identity',
  BlockGrad: 'identity',
  stop_gradient: 'identity',
  make_loss: 'identity',
} as const satisfies Readonly<Record<string, OpName>>;

const ACTIVATIONS = {
  relu: 'relu',
  sigmoid: 'sigmoid',
  tanh: 'hyperbolic-tangent',
  softrelu: 'softplus',
  softsign: 'softsign',
  mish: 'mish',
} as const;

export const ELEMENTWISE: Converters = {
  ...Object.fromEntries(
    Object.entries(SAME).map(([operator, op]): [string, Converter] => [
      operator,
      (node, builder) => {
        node.read({});
        builder.emit(op, [node.input(0)], {}, [node.first]);
      },
    ]),
  ),

  Activation(node, builder) {
    const names = ['relu', 'sigmoid', 'log_sigmoid', 'mish', 'tanh', 'softrelu', 'softsign'] as const;
    const { act_type } = node.read({ act_type: oneOf(names) });
    const x = node.input(0);
    if (act_type !== 'log_sigmoid') return builder.emit(ACTIVATIONS[act_type], [x], {}, [node.first]);
    // ln(1 / (1 + e^−x)) = −ln(1 + e^−x)
    const negated = builder.value('negation', [x], {}, `${node.first}.negated`);
    const log = builder.value('softplus', [negated], {}, `${node.first}.log`);
    builder.emit('negation', [log], {}, [node.first]);
  },

  LeakyReLU: leakyRelu,

  hard_sigmoid(node, builder) {
    const { alpha, beta } = node.read({ alpha: single({ absent: 0.2 }), beta: single({ absent: 0.5 }) });
    builder.emit('hard-sigmoid', [node.input(0)], { slope: alpha, offset: beta }, [node.first]);
  },

  clip(node, builder) {
    const { a_min, a_max } = node.read({ a_min: single(), a_max: single() });
    const x = node.input(0);
    if (isFloat(builder.dtypeOf(x))) return builder.emit('clamp', [x], { min: a_min, max: a_max }, [node.first]);
    builder.emit('clip', [x, builder.scalar(a_min, x), builder.scalar(a_max, x)], {}, [node.first]);
  },

  square: (node, builder) => builder.emit('multiplication', [node.input(0), node.input(0)], {}, [node.first]),
  rsqrt(node, builder) {
    const root = builder.value('square-root', [node.input(0)], {}, `${node.first}.root`);
    builder.emit('reciprocal', [root], {}, [node.first]);
  },
  cbrt: (node, builder) => cubeRoot(builder, node.input(0), node.first),

  round: roundsWith('half-away'),
  rint: roundsWith('half-down'),
  fix: roundsWith('towards-zero'),
  trunc: roundsWith('towards-zero'),

  /** Of NaN it is 0. */
  sign(node, builder) {
    const x = node.input(0);
    const zero = builder.scalar(0, x);
    const [above, below] = (['greater', 'less'] as const).map((op) => {
      return numbersOf(builder, builder.value(op, [x, zero], {}, `${node.first}.${op}`), builder.dtypeOf(x));
    });
    builder.emit('subtraction', [above, below], {}, [node.first]);
  },
  logical_not(node, builder) {
    const x = node.input(0);
    const made = builder.value('not', [truthOf(builder, x)], {}, `${node.first}.not`);
    numbersOf(builder, made, builder.dtypeOf(x), node.first);
  },

  Cast: cast,
  cast,
  amp_cast: cast,

  Dropout(node, builder) {
    const { mode } = node.read({
      p: number({ absent: 0.5 }),
      mode: oneOf(['training', 'always'], { absent: 'training' }),
      axes: tuple(whole(), { absent: [] as readonly number[] }),
      cudnn_off: orNone(boolean()),
    });
    if (mode === 'always') node.unsupported('mode=always');
    builder.emit('dropout', [node.input(0)], {}, [node.first]);
  },

  MakeLoss(node, builder) {
    node.read({
      grad_scale: number({ absent: 1 }),
      valid_thresh: number({ absent: 0 }),
      normalization: oneOf(['null', 'batch', 'valid'], { absent: 'null' }),
    });
    builder.emit('identity', [node.input(0)], {}, [node.first]);
  },

  zeros_like: filledWith(0),
  ones_like: filledWith(1),

  /** Everything but 0 is true, and NaN too. A vector chooses among rows. */
  where(node, builder) {
    const [condition, a, b] = [node.input(0), node.input(1), node.input(2)];
    const rank = builder.shapeOf(a).length;
    const isVector = builder.shapeOf(condition).length === 1 && rank > 1;
    const shape = [copied(0), ...new Array(rank - 1).fill(exactly(1))];
    const truth = truthOf(builder, condition);
    builder.emit('selection', [isVector ? reshaped(builder, truth, shape) : truth, a, b], {}, [node.first]);
  },
};

function leakyRelu(node: SymbolReader, builder: SymbolBuilder): void {
  const { act_type, slope, lower_bound, upper_bound } = node.read({
    act_type: oneOf(['leaky', 'elu', 'gelu', 'prelu', 'rrelu', 'selu'], { absent: 'leaky' }),
    slope: single({ absent: 0.25 }),
    lower_bound: single({ absent: 0.125 }),
    upper_bound: single({ absent: 0.334 }),
  });
  const [x, y] = [node.input(0), [node.first]];
  const kinds = {
    leaky: () => builder.emit('relu', [x], { negativeSlope: slope }, y),
    // Drawn between the bounds in training; their mean otherwise.
    rrelu: () => builder.emit('relu', [x], { negativeSlope: (lower_bound + upper_bound) / 2 }, y),
    elu: () => builder.emit('elu', [x], { alpha: slope, scale: 1 }, y),
    selu: () => builder.emit('elu', [x], { alpha: 1.6732632423543772, scale: 1.0507009873554805 }, y),
    gelu: () => builder.emit('gelu', [x], {}, y),
    prelu: () => builder.emit('parametric-relu', [x, slopesOf(node, builder, x)], {}, y),
  };
  kinds[act_type]();
}

/** One for each channel, or for all; channels are the second axis. */
function slopesOf(node: SymbolReader, builder: SymbolBuilder, x: Name): Name {
  const gamma = node.input(1);
  const rank = builder.shapeOf(x).length;
  const [count, ...others] = builder.shapeOf(gamma);
  if (others.length > 0) return gamma;
  return rank <= 2 || count === 1
    ? gamma
    : reshaped(builder, gamma, [copied(0), ...new Array(rank - 2).fill(exactly(1))]);
}

type Rounding = 'half-away' | 'half-down' | 'towards-zero';

/** From ⌊x⌋, or of |x| with its sign, and what is over: adding a half would round on its own. */
function roundsWith(rounding: Rounding): Converter {
  return (node, builder) => {
    node.read({});
    const [x, y] = [node.input(0), node.first];
    const isSigned = rounding !== 'half-down';
    const size = isSigned ? builder.value('absolute-value', [x], {}, `${y}.size`) : x;
    const below = builder.value('floor', [size], {}, `${y}.below`);
    const over = builder.value('subtraction', [size, below], {}, `${y}.over`);
    const compare = rounding === 'half-down' ? 'greater' : 'greater-or-equal';
    const isMore = builder.value(compare, [over, builder.scalar(0.5, x)], {}, `${y}.more`);
    const more = () => numbersOf(builder, isMore, builder.dtypeOf(x));
    if (!isSigned) return builder.emit('sum', [below, more()], {}, [y]);
    const rounded = rounding === 'towards-zero' ? below : builder.value('sum', [below, more()], {}, `${y}.rounded`);
    withSignOf(builder, x, rounded, y);
  };
}

/** ∛x = sign x · |x|^⅓ */
export function cubeRoot(builder: SymbolBuilder, x: Name, y: Name): void {
  const size = builder.value('absolute-value', [x], {}, `${y}.size`);
  const root = builder.value('power', [size, builder.scalar(1 / 3, x)], {}, `${y}.root`);
  withSignOf(builder, x, root, y);
}

function withSignOf(builder: SymbolBuilder, x: Name, size: Name, y: Name): void {
  // Where x is infinite the product is as well, and where it is NaN its sign is.
  builder.emit('multiplication', [size, builder.value('sign', [x], {}, `${y}.sign`)], {}, [y]);
}

/** What is not 0 is true; NaN is not. */
export function truthOf(builder: SymbolBuilder, x: Name): Name {
  return builder.dtypeOf(x) === 'bool' ? x : builder.value('conversion', [x], { dtype: 'bool' }, `${x}.truth`);
}

/** Truth as 0 and 1. */
export function numbersOf(builder: SymbolBuilder, truth: Name, dtype: Dtype, output?: Name): Name {
  const to = output ?? builder.fresh(`${truth}.number`);
  builder.emit('conversion', [truth], { dtype }, [to]);
  return to;
}

function cast(node: SymbolReader, builder: SymbolBuilder): void {
  const { dtype } = node.read({ dtype: text() });
  const known = DTYPES.find((name) => name === dtype) ?? node.unsupported(`dtype=${dtype}`);
  builder.emit('conversion', [node.input(0)], { dtype: known }, [node.first]);
}

function filledWith(value: number): Converter {
  return (node, builder) => {
    const x = node.input(0);
    const shape = builder.value('shape', [x], {}, `${node.first}.shape`);
    builder.emit('fill', [shape], { dtype: builder.dtypeOf(x), value }, [node.first]);
  };
}
