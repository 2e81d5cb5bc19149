/** Layers that work element by element, or along one axis. */
import { activationOf, unary } from '../activations.ts';
import type { LayerReader } from '../layer.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import { axesFrom, axisFrom, slopeOf } from '../options.ts';
import type { Value } from '../value.ts';

export const identity: LayerReader =
  () =>
  ({ x, name, builder }) =>
    builder.elementwise('identity', [x], {}, name);

export const dropout: LayerReader =
  () =>
  ({ x, name, builder }) =>
    builder.elementwise('dropout', [x], {}, name);

export const activation: LayerReader = (layer) => {
  const of = activationOf(layer);
  return ({ x, name, builder }) => (of ?? unary('identity', {}))(builder, x, name);
};

/** max where x ≥ max, x where it is above the threshold, slope · (x − threshold) elsewhere */
export const relu: LayerReader = (layer) => {
  const { config } = layer;
  const slope = slopeOf(layer, 'negative_slope', 0);
  const threshold = config.number('threshold', 0);
  const max = config.has('max_value') ? config.number('max_value') : null;
  if (threshold === 0 && slope === 0 && max !== null && max >= 0) return activatedBy(unary('clamp', { min: 0, max }));
  if (threshold === 0 && max === null) return activatedBy(unary('relu', slope === 0 ? {} : { negativeSlope: slope }));
  return ({ x, name, builder }) => {
    const number = (what: string, value: number) => builder.numbers(`${name}/${what}`, x.dtype, [], [value]);
    const above = builder.elementwise('thresholded-relu', [x], { threshold }, `${name}/above`);
    const held = max === null ? above : builder.elementwise('minimum', [above, number('max', max)], {}, `${name}/held`);
    const under = builder.elementwise('subtraction', [number('threshold', threshold), x], {}, `${name}/under`);
    const below = builder.elementwise('relu', [under], {}, `${name}/below`);
    const tilted = builder.elementwise('multiplication', [below, number('slope', slope)], {}, `${name}/tilted`);
    return builder.elementwise('subtraction', [held, tilted], {}, name);
  };
};

/** Keras 2 calls it alpha. */
export const leakyRelu: LayerReader = (layer) => {
  const field = layer.config.has('negative_slope') ? 'negative_slope' : 'alpha';
  const negativeSlope = slopeOf(layer, field, 0.3);
  return activatedBy(unary('relu', { negativeSlope }));
};

export const elu: LayerReader = ({ config }) =>
  activatedBy(unary('elu', { alpha: config.number('alpha', 1), scale: 1 }));

export const thresholdedRelu: LayerReader = ({ config }) =>
  activatedBy(unary('thresholded-relu', { threshold: config.number('theta', 1) }));

function activatedBy(of: ReturnType<typeof unary>): ReturnType<LayerReader> {
  return ({ x, name, builder }) => of(builder, x, name);
}

/** A slope for each element of an image, axes that share them have one. */
export const parametricRelu: LayerReader = (layer) => {
  const shared = layer.config.has('shared_axes') ? layer.config.array('shared_axes') : [];
  return (call) => {
    const { x, name, builder } = call;
    const axes = new Set(shared.map((axis) => axisFrom(layer, axis, x.rank)));
    const shape = x.shape.slice(1).map((size, i) => (axes.has(i + 1) ? 1 : typeof size === 'number' ? size : null));
    const [alpha] = call.weights([{ names: ['alpha'], shape }]) as [Value];
    return builder.elementwise('parametric-relu', [x, alpha], {}, name);
  };
};

export const softmax: LayerReader = (layer) => {
  const given = layer.config.value('axis') ?? -1;
  return ({ x, name, builder }) => {
    const axes = axesFrom(layer, given, x.rank);
    return softmaxOver(builder, x, axes, name);
  };
};

export function softmaxOver(builder: LayoutBuilder, x: Value, axes: readonly number[], name: string): Value {
  if (axes.length === 1) return builder.alongAxis('softmax-along-axis', x, axes[0], (axis) => ({ axis }), name);
  const most = builder.reduction(x, 'maximum', axes, true, `${name}/most`);
  const power = builder.elementwise('subtraction', [x, most], {}, `${name}/power`);
  const terms = builder.elementwise('exponential', [power], {}, `${name}/terms`);
  const total = builder.reduction(terms, 'sum', axes, true, `${name}/total`);
  return builder.elementwise('division', [terms, total], {}, name);
}

/** x · scale + offset: a number, or one for each channel */
export const rescaling: LayerReader = (layer) => {
  const numbersOf = (field: string, absent: number): readonly number[] => {
    const value = layer.config.value(field) ?? absent;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isNumber = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n);
    return list.every(isNumber) ? list : layer.config.fail(field, 'a number or a list of numbers');
  };
  const [scale, offset] = [numbersOf('scale', 1), numbersOf('offset', 0)];
  return ({ x: given, name, builder }) => {
    const x = builder.cast(given, layer.dtype, `${name}/input`);
    const constant = (what: string, numbers: readonly number[]) =>
      builder.numbers(`${name}/${what}`, x.dtype, numbers.length === 1 ? [] : [numbers.length], numbers);
    const isShifted = offset.some((n) => n !== 0);
    const product = builder.elementwise(
      'multiplication',
      [x, constant('scale', scale)],
      {},
      isShifted ? `${name}/scaled` : name,
    );
    return isShifted ? builder.elementwise('sum', [product, constant('offset', offset)], {}, name) : product;
  };
};
