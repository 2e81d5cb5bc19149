/** The activations of Keras 2 and 3 by their names. Some names mean two things. */
import { NnpackError } from '../errors.ts';
import type { Attributes, OpName } from '../graph/ops/table.ts';
import type { Name } from '../graph/values.ts';
import type { Layer } from './layer.ts';
import type { LayoutBuilder } from './layout-builder.ts';
import type { Value } from './value.ts';

/** f(x), under a name. */
export type Activation = (builder: LayoutBuilder, x: Value, name: Name) => Value;

/** An operation that takes one value. */
export function unary<O extends OpName>(op: O, attributes: Attributes[O]): Activation {
  return (builder, x, name) => builder.elementwise(op, [x], attributes, name);
}

export const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const;

export const SOFTMAX: Activation = (builder, x, name) =>
  builder.alongAxis('softmax-along-axis', x, x.rank - 1, (axis) => ({ axis }), name);

const LOG_SOFTMAX: Activation = (builder, x, name) =>
  builder.alongAxis('log-softmax', x, x.rank - 1, (axis) => ({ axis }), name);

const COMMON: Readonly<Record<string, Activation>> = {
  linear: (_, x) => x,
  relu: unary('relu', {}),
  relu6: unary('clamp', { min: 0, max: 6 }),
  elu: unary('elu', { alpha: 1, scale: 1 }),
  selu: unary('elu', SELU),
  gelu: unary('gelu', {}),
  sigmoid: unary('sigmoid', {}),
  tanh: unary('hyperbolic-tangent', {}),
  softplus: unary('softplus', {}),
  softsign: unary('softsign', {}),
  exponential: unary('exponential', {}),
  swish: unary('swish', { slope: 1 }),
  silu: unary('swish', { slope: 1 }),
  mish: unary('mish', {}),
  softmax: SOFTMAX,
  log_softmax: LOG_SOFTMAX,
  leaky_relu: unary('relu', { negativeSlope: 0.2 }),
};

const OF_KERAS_2: Readonly<Record<string, Activation>> = {
  hard_sigmoid: unary('hard-sigmoid', { slope: 0.2, offset: 0.5 }),
};

const OF_KERAS_3: Readonly<Record<string, Activation>> = {
  hard_sigmoid: unary('hard-sigmoid', { slope: 1 / 6, offset: 0.5 }),
  hard_silu: unary('hard-swish', {}),
  hard_swish: unary('hard-swish', {}),
  celu: unary('celu', { alpha: 1 }),
  glu: (builder, x, name) => {
    const size = x.shape[x.rank - 1];
    const half = typeof size === 'number' ? size / 2 : 0;
    const part = (start: number, end: number) =>
      builder.slice(x, [{ axis: x.rank - 1, start, end, step: 1 }], `${name}/part`);
    const gate = builder.elementwise('sigmoid', [part(half, 2 * half)], {}, `${name}/gate`);
    return builder.elementwise('multiplication', [part(0, half), gate], {}, name);
  },
  hard_shrink: unary('shrinkage', { threshold: 0.5, offset: 0 }),
  soft_shrink: unary('shrinkage', { threshold: 0.5, offset: 0.5 }),
  hard_tanh: unary('clamp', { min: -1, max: 1 }),
  tanh_shrink: (builder, x, name) => {
    const tanh = builder.elementwise('hyperbolic-tangent', [x], {}, `${name}/tanh`);
    return builder.elementwise('subtraction', [x, tanh], {}, name);
  },
  log_sigmoid: (builder, x, name) => {
    const negative = builder.elementwise('negation', [x], {}, `${name}/negative`);
    const softplus = builder.elementwise('softplus', [negative], {}, `${name}/softplus`);
    return builder.elementwise('negation', [softplus], {}, name);
  },
  // ((x + 1) / 2)² between −1 and 1, then x
  sparse_plus: (builder, x, name) => {
    const one = builder.numbers(`${name}/one`, x.dtype, [], [1]);
    const ramp = builder.elementwise('hard-sigmoid', [x], { slope: 0.5, offset: 0.5 }, `${name}/ramp`);
    const square = builder.elementwise('multiplication', [ramp, ramp], {}, `${name}/square`);
    const rest = builder.elementwise(
      'relu',
      [builder.elementwise('subtraction', [x, one], {}, `${name}/over`)],
      {},
      `${name}/rest`,
    );
    return builder.elementwise('sum', [square, rest], {}, name);
  },
  sparse_sigmoid: unary('hard-sigmoid', { slope: 0.5, offset: 0.5 }),
  // (x + √(x² + 4)) / 2
  squareplus: (builder, x, name) => {
    const number = (what: string, value: number) => builder.numbers(`${name}/${what}`, x.dtype, [], [value]);
    const square = builder.elementwise('multiplication', [x, x], {}, `${name}/square`);
    const root = builder.elementwise(
      'square-root',
      [builder.elementwise('sum', [square, number('four', 4)], {}, `${name}/sum`)],
      {},
      `${name}/root`,
    );
    const whole = builder.elementwise('sum', [x, root], {}, `${name}/whole`);
    return builder.elementwise('multiplication', [whole, number('half', 0.5)], {}, name);
  },
  sparsemax,
};

/** Elements that sparsemax is made for. */
const MOST_SORTED = 2 ** 20;

/** max(x − τ, 0), where τ makes the sum 1: of the k greatest numbers, for the greatest k with 1 + k · x_k > their sum. */
function sparsemax(builder: LayoutBuilder, given: Value, name: Name): Value {
  const axis = given.rank - 1;
  const count = Number(given.shape[axis]);
  if (!(count <= MOST_SORTED)) {
    throw new NnpackError(
      'unsupported-layer',
      `${name}: sparsemax expected a known size of at most ${MOST_SORTED}, got ${given.shape[axis]}`,
    );
  }
  const x = builder.made(builder.nameOf(given), [...given.shape.keys()]);
  const k = builder.list(`${name}/k`, [count]);
  const [sorted] = builder.emit('top-k', [builder.nameOf(x), k], { axis }, `${name}/sorted`, 2);
  const z = builder.made(sorted, x.order);
  const place = builder.list(`${name}/axis`, [axis]);
  const attributes = { isExclusive: false, isReverse: false };
  const sums = builder.made(builder.emit('cumulative-sum', [sorted, place], attributes, `${name}/sums`)[0], x.order);
  const ks = builder.numbers(
    `${name}/counts`,
    x.dtype,
    [count],
    Array.from({ length: count }, (_, i) => i + 1),
  );
  const one = builder.numbers(`${name}/one`, x.dtype, [], [1]);
  const scaled = builder.elementwise(
    'sum',
    [builder.elementwise('multiplication', [z, ks], {}, `${name}/scaled`), one],
    {},
    `${name}/bound`,
  );
  const isIn = builder.cast(builder.elementwise('greater', [scaled, sums], {}, `${name}/isIn`), x.dtype, `${name}/in`);
  const total = builder.reduction(
    builder.elementwise('multiplication', [z, isIn], {}, `${name}/kept`),
    'sum',
    [axis],
    true,
    `${name}/total`,
  );
  const size = builder.reduction(isIn, 'sum', [axis], true, `${name}/size`);
  const excess = builder.elementwise('subtraction', [total, one], {}, `${name}/excess`);
  const tau = builder.elementwise('division', [excess, size], {}, `${name}/tau`);
  return builder.elementwise('relu', [builder.elementwise('subtraction', [x, tau], {}, `${name}/over`)], {}, name);
}

const KERAS_2 = new Map(Object.entries({ ...COMMON, ...OF_KERAS_2 }));
const KERAS_3 = new Map(Object.entries({ ...COMMON, ...OF_KERAS_3 }));

/** The activation of a field, null where it is none. */
export function activationOf({ config, isKeras3 }: Layer, field = 'activation'): Activation | null {
  const name = nameOf(config.value(field) ?? 'linear');
  if (name === 'linear') return null;
  const known = isKeras3 ? KERAS_3 : KERAS_2;
  return (
    (typeof name === 'string' ? known.get(name) : undefined) ??
    config.unsupported(field, `one of ${[...known.keys()].join(', ')}`)
  );
}

/** Some files have a function's name in an object. */
function nameOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { class_name: className, config } = value as Readonly<Record<string, unknown>>;
  return className === 'function' ? config : value;
}
