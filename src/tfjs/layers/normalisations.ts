/** Layers that bring numbers to one size. Statistics of moving means are constants, others are taken of each input. */
import type { Name } from '../../graph/values.ts';
import type { ExpectedWeight, LayerCall, LayerReader } from '../layer.ts';
import { axesFrom, axisFrom } from '../options.ts';
import { isPlain, type Order, plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';

/** What Keras adds to what it divides by, or holds it above. */
const EPSILON = 1e-7;

/** The axis that is normalised, right behind the batch. */
function axisBehindBatch(axis: number, rank: number): Order {
  return [0, axis, ...plainOrder(rank).filter((other) => other !== 0 && other !== axis)];
}

export const batchNormalisation: LayerReader = (layer) => {
  const { config } = layer;
  const given = config.value('axis') ?? -1;
  const hasScale = config.boolean('scale', true);
  const hasCentre = config.boolean('center', true);
  const epsilon = config.number('epsilon', 1e-3);
  const axis = Array.isArray(given) && given.length === 1 ? given[0] : given;
  return (call) => {
    const { x, builder, name } = call;
    const at = axisFrom(layer, axis, x.rank);
    if (at === 0) config.unsupported('axis', 'another one than that of the batch');
    const size = x.shape[at];
    const shape = [typeof size === 'number' ? size : null];
    const [gamma, beta, mean, variance] = call.weights([
      hasScale ? { names: ['gamma'], shape } : null,
      hasCentre ? { names: ['beta'], shape } : null,
      { names: ['moving_mean'], shape, role: 'statistic' },
      { names: ['moving_variance'], shape, role: 'statistic' },
    ]) as [Value | null, Value | null, Value, Value];
    const count = Number(mean.shape[0]);
    const all = [gamma ?? call.filled('gamma', count, 1), beta ?? call.filled('beta', count, 0), mean, variance];
    const { flat } = x;
    const weights = all.map((weight) => (flat === null ? builder.nameOf(weight) : builder.columnsOf(weight, flat)));
    // it may lie so already
    const order = x.order[1] === at ? x.order : axisBehindBatch(at, x.rank);
    const [made] = builder.emit(
      'batch-normalisation-nd',
      [flat === null ? builder.nameOf(x, order) : builder.rowsOf(x), ...weights],
      { epsilon },
      name,
    );
    return flat === null ? builder.made(made, order) : builder.alike(made, x);
  };
};

export const layerNormalisation: LayerReader = (layer) => {
  const { config } = layer;
  const hasScale = config.boolean('scale', true);
  const hasCentre = config.boolean('center', true);
  const epsilon = config.number('epsilon', 1e-3);
  if (config.boolean('rms_scaling', false)) config.unsupported('rms_scaling', 'false');
  return (call) => {
    const { x, builder, name } = call;
    const axes = axesFrom(layer, config.value('axis') ?? -1, x.rank);
    const shape = axes.map((axis) => knownSize(call, axis));
    const [gamma, beta] = call.weights([
      hasScale ? { names: ['gamma'], shape } : null,
      hasCentre ? { names: ['beta'], shape } : null,
    ]);
    const areLast = axes.every((axis, i) => axis === x.rank - axes.length + i);
    if (areLast && isPlain(x.order) && x.flat === null) {
      const scale = gamma ?? builder.numbers(call.part('gamma'), x.dtype, [1], [1]);
      const attributes = { axis: axes[0], epsilon };
      return builder.apply('layer-normalisation', [x, scale, beta], attributes, name);
    }
    const mean = builder.reduction(x, 'mean', axes, true, call.part('mean'));
    const centred = builder.elementwise('subtraction', [x, mean], {}, call.part('centred'));
    const square = builder.elementwise('multiplication', [centred, centred], {}, call.part('square'));
    const variance = builder.reduction(square, 'mean', axes, true, call.part('variance'));
    const normal = builder.elementwise('division', [centred, rootOf(call, variance, epsilon)], {}, call.part('normal'));
    return scaled(call, normal, alongAxesOf(call, gamma, axes), alongAxesOf(call, beta, axes));
  };
};

/** √(x + epsilon) */
function rootOf(call: LayerCall, x: Value, epsilon: number): Value {
  const { builder } = call;
  const more = builder.numbers(call.part('epsilon'), x.dtype, [], [epsilon]);
  const sum = builder.elementwise('sum', [x, more], {}, call.part('sum'));
  return builder.elementwise('square-root', [sum], {}, call.part('root'));
}

/** A weight of some axes with the others as axes of one element, to be stretched. */
function alongAxesOf(call: LayerCall, weight: Value | null, axes: readonly number[]): Value | null {
  if (weight?.constant == null) return weight;
  const { constant } = weight;
  const shape = call.x.shape.map((_, axis) => (axes.includes(axis) ? Number(call.x.shape[axis]) : 1));
  const type = { dtype: weight.dtype, shape };
  return call.builder.constant(weight.hint, { ...constant, type });
}

/** normal · gamma + beta, as far as there are any. */
function scaled(call: LayerCall, normal: Value, gamma: Value | null, beta: Value | null): Value {
  const { builder, name } = call;
  const product =
    gamma && builder.elementwise('multiplication', [normal, gamma], {}, beta === null ? name : call.part('scaled'));
  const last = product ?? normal;
  if (beta !== null) return builder.elementwise('sum', [last, beta], {}, name);
  return product ?? builder.elementwise('identity', [normal], {}, name);
}

export const groupNormalisation: LayerReader = (layer) => {
  const { config } = layer;
  const groups = config.number('groups', 32);
  const hasScale = config.boolean('scale', true);
  const hasCentre = config.boolean('center', true);
  const epsilon = config.number('epsilon', 1e-3);
  if (groups !== -1 && !(Number.isSafeInteger(groups) && groups > 0))
    config.fail('groups', '-1 or a positive whole number');
  return (call) => {
    const { x, builder, name } = call;
    const axis = axisFrom(layer, config.value('axis') ?? -1, x.rank);
    if (axis === 0) config.unsupported('axis', 'another one than that of the batch');
    const channels = knownSize(call, axis);
    const count = groups === -1 ? channels : groups;
    if (channels % count !== 0) config.fail('groups', `a divisor of ${channels} channels`);
    const [gamma, beta] = call.weights([
      hasScale ? { names: ['gamma'], shape: [channels] } : null,
      hasCentre ? { names: ['beta'], shape: [channels] } : null,
    ]);
    const order = axisBehindBatch(axis, x.rank);
    const weights = [gamma ?? call.filled('gamma', channels, 1), beta ?? call.filled('beta', channels, 0)];
    const inputs = [builder.nameOf(x, order), ...weights.map((weight) => builder.nameOf(weight))];
    return builder.made(builder.emit('group-normalisation', inputs, { epsilon, groups: count }, name)[0], order);
  };
};

/** x / √max(Σx², 10⁻¹²) */
export const unitNormalisation: LayerReader = (layer) => (call) => {
  const axes = axesFrom(layer, layer.config.value('axis') ?? -1, call.x.rank);
  return unitNormalised(call, call.x, axes, call.name);
};

export function unitNormalised(call: LayerCall, x: Value, axes: readonly number[], name: Name): Value {
  const { builder } = call;
  const squares = builder.reduction(x, 'square-sum', axes, true, call.part('squares'));
  const least = builder.numbers(call.part('least'), x.dtype, [], [1e-12]);
  const held = builder.elementwise('maximum', [squares, least], {}, call.part('held'));
  const root = builder.elementwise('square-root', [held], {}, call.part('root'));
  return builder.elementwise('division', [x, root], {}, name);
}

/** x / √(mean of x² + epsilon) · scale */
export const rmsNormalisation: LayerReader = (layer) => {
  const epsilon = layer.config.number('epsilon', 1e-6);
  return (call) => {
    const { x, builder } = call;
    const axes = axesFrom(layer, layer.config.value('axis') ?? -1, x.rank);
    const shape = axes.map((axis) => knownSize(call, axis));
    const [scale] = call.weights([{ names: ['scale', 'gamma'], shape }]);
    const square = builder.elementwise('multiplication', [x, x], {}, call.part('square'));
    const mean = builder.reduction(square, 'mean', axes, true, call.part('mean'));
    const normal = builder.elementwise('division', [x, rootOf(call, mean, epsilon)], {}, call.part('normal'));
    return scaled(call, normal, alongAxesOf(call, scale, axes), null);
  };
};

/** (x − mean) / max(√variance, ε), or back; mean and variance are in the config, or were adapted to data. */
export const normalisation: LayerReader = (layer) => {
  const { config } = layer;
  const isInverse = config.boolean('invert', false);
  const isTold = config.has('mean') || config.has('variance');
  const told = isTold ? [numbersOf(config, 'mean'), numbersOf(config, 'variance')] : null;
  return (call) => {
    const { builder, name } = call;
    const x = builder.cast(call.x, layer.dtype, call.part('input'));
    const list = config.value('axis');
    const axes = list === undefined ? [] : axesFrom(layer, list, x.rank);
    const shape = x.shape.map((_, axis) => (axes.includes(axis) ? knownSize(call, axis) : 1));
    const [mean, variance] =
      told ??
      adapted(
        call,
        shape.filter((_, axis) => axes.includes(axis)),
      );
    const constant = (what: string, numbers: readonly number[]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      if (numbers.length !== 1 && numbers.length !== count) config.fail(what, `1 or ${count} numbers`);
      return builder.numbers(call.part(what), x.dtype, numbers.length === 1 ? [] : shape, numbers);
    };
    const deviations = variance.map((value) => Math.max(Math.fround(Math.sqrt(value)), EPSILON));
    const [shift, scale] = [constant('mean', mean), constant('deviation', deviations)];
    if (isInverse) {
      const product = builder.elementwise('multiplication', [x, scale], {}, call.part('scaled'));
      return builder.elementwise('sum', [product, shift], {}, name);
    }
    const centred = builder.elementwise('subtraction', [x, shift], {}, call.part('centred'));
    return builder.elementwise('division', [centred, scale], {}, name);
  };
};

function adapted(call: LayerCall, shape: readonly number[]): readonly (readonly number[])[] {
  const own = (name: string): ExpectedWeight => ({ names: [name], shape, role: 'statistic', isAlone: true });
  return call.weights([own('mean'), own('variance')]).map((value) => Array.from(value?.constant?.data ?? [], Number));
}

function numbersOf(config: LayerCall['layer']['config'], field: string): readonly number[] {
  const value = config.value(field);
  const list: readonly unknown[] = Array.isArray(value) ? value.flat(4) : [value];
  const isNumber = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n);
  return list.every(isNumber) ? list : config.fail(field, 'a number or a list of numbers');
}

function knownSize({ x, layer }: LayerCall, axis: number): number {
  const size = x.shape[axis];
  return typeof size === 'number' ? size : layer.config.invalid(`axis ${axis} has no known size, expected one`);
}
