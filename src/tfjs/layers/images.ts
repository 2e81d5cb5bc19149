/** Layers that make pictures of other sizes. */
import { NnpackError } from '../../errors.ts';
import type { Attributes } from '../../graph/ops/table.ts';
import type { Dtype, Name } from '../../graph/values.ts';
import type { Layer, LayerReader } from '../layer.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import { alongAxes } from '../matrices.ts';
import { expectRank, isChannelsFirst, planesOrder } from '../options.ts';
import type { Order } from '../orders.ts';
import { areaWeights, KERNELS, kernelWeights } from '../resampling-weights.ts';
import type { Value } from '../value.ts';

export const INTERPOLATIONS = [
  'nearest',
  'bilinear',
  'bicubic',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
  'area',
] as const;

export type Interpolation = (typeof INTERPOLATIONS)[number];

/** Whole factors. Bilinear samples lie at half pixels, as Keras has them. */
export const upsampling2d: LayerReader = (layer) => {
  const isFirst = isChannelsFirst(layer);
  const [height, width] = layer.config.counts('size', 2, 2);
  const interpolation = layer.config.oneOf('interpolation', INTERPOLATIONS, 'nearest');
  return ({ x, name, builder }) => {
    expectRank(layer, x, 4);
    const order = planesOrder(isFirst, 4);
    if (interpolation === 'nearest' || interpolation === 'bilinear') {
      const attributes = { mode: interpolation, scale: { height, width } };
      return builder.made(builder.emit('resize', [builder.nameOf(x, order)], attributes, name)[0], order);
    }
    const lengths = sizesOf(layer, x, order).map((size, i) => size * [height, width][i]);
    return resized(layer, builder, x, order, lengths, { interpolation, antialias: false }, name);
  };
};

export const upsampling1d: LayerReader = (layer) => {
  const [size] = layer.config.counts('size', 1, 2);
  return ({ x, name, builder }) => {
    expectRank(layer, x, 3);
    const order = planesOrder(false, 3);
    const scales = builder.nameOf(builder.numbers(`${name}/scales`, 'float32', [3], [1, 1, size]));
    const attributes: Attributes['resampling'] = {
      mode: 'nearest',
      tells: 'scales',
      coordinates: 'asymmetric',
      rounding: 'floor',
    };
    return builder.made(builder.emit('resampling', [builder.nameOf(x, order), scales], attributes, name)[0], order);
  };
};

/** Rows and columns of these lengths, sampled at half pixels. */
export function resized(
  layer: Pick<Layer, 'config'>,
  builder: LayoutBuilder,
  x: Value,
  order: Order,
  lengths: readonly number[],
  { interpolation, antialias }: { readonly interpolation: Interpolation; readonly antialias: boolean },
  name: Name,
): Value {
  if (interpolation === 'area') {
    return alongAxes(layer, builder, x, order, lengths, name, areaWeights);
  }
  const isPlain = interpolation === 'nearest' || interpolation === 'bilinear' || interpolation === 'bicubic';
  if (!isPlain || (antialias && interpolation !== 'nearest')) {
    return alongAxes(layer, builder, x, order, lengths, name, (size, length) => {
      return kernelWeights(size, length, KERNELS[interpolation], antialias);
    });
  }
  const sizes = builder.list(`${name}/lengths`, lengths);
  const [made] = builder.emit('resampling', [builder.nameOf(x, order), sizes], RESAMPLINGS[interpolation], name);
  return builder.made(made, order);
}

const RESAMPLINGS: Readonly<Record<'nearest' | 'bilinear' | 'bicubic', Attributes['resampling']>> = {
  nearest: { mode: 'nearest', tells: 'lengths', coordinates: 'pixel-centre', rounding: 'floor', axes: [2, 3] },
  bilinear: { mode: 'linear', tells: 'lengths', coordinates: 'half-pixel', axes: [2, 3] },
  bicubic: {
    ...{ mode: 'cubic', tells: 'lengths', coordinates: 'half-pixel', axes: [2, 3] },
    ...{ cubicCoefficient: -0.5, excludeOutside: true },
  },
};

/** The middle is cut out first, or the picture is filled up, so that its proportions stay. */
export const resizing: LayerReader = (layer) => {
  const { config } = layer;
  const isFirst = isChannelsFirst(layer);
  const lengths = [config.count('height'), config.count('width')];
  const interpolation = config.oneOf('interpolation', INTERPOLATIONS, 'bilinear');
  const antialias = config.boolean('antialias', false);
  const crops = config.boolean('crop_to_aspect_ratio', false);
  const pads = config.boolean('pad_to_aspect_ratio', false);
  const fill = config.number('fill_value', 0);
  if (pads) config.oneOf('fill_mode', ['constant'], 'constant');
  return ({ x: given, name, builder }) => {
    expectRank(layer, given, 4);
    const x = builder.cast(given, layer.dtype, `${name}/input`);
    const order = planesOrder(isFirst, 4);
    const fitted = crops ? cropped({ layer, builder, x, order, lengths }, `${name}/cropped`) : x;
    const frame = { layer, builder, x: fitted, order, lengths };
    const whole = pads && !crops ? filled(frame, fill, `${name}/filled`) : fitted;
    // Keras 3 makes whole numbers of whole ones
    const range = layer.isKeras3 && interpolation !== 'nearest' ? RANGES.get(given.dtype) : undefined;
    const how = { interpolation, antialias };
    if (range === undefined) return resized(layer, builder, whole, order, lengths, how, name);
    const samples = resized(layer, builder, whole, order, lengths, how, `${name}/samples`);
    const rounded = builder.elementwise('rounding', [samples], {}, `${name}/rounded`);
    return builder.elementwise('clamp', [rounded], range, name);
  };
};

/** What types of whole numbers hold. */
const RANGES: ReadonlyMap<Dtype, { readonly min: number; readonly max: number }> = new Map([
  ['uint8', { min: 0, max: 255 }],
  ['int8', { min: -128, max: 127 }],
  ['int32', { min: -(2 ** 31), max: 2 ** 31 }],
]);

/** A picture, and the lengths whose proportions it gets. */
interface Frame {
  readonly layer: Layer;
  readonly builder: LayoutBuilder;
  readonly x: Value;
  readonly order: Order;
  readonly lengths: readonly number[];
}

/** The sizes of a picture of the lengths' proportions: cut out of it, or around it. */
function proportional({ layer, x, order, lengths: [height, width] }: Frame, fits: typeof Math.min) {
  const [rows, columns] = sizesOf(layer, x, order);
  return [
    { size: rows, made: Math.max(fits(rows, Math.trunc((columns * height) / width)), 1) },
    { size: columns, made: Math.max(fits(columns, Math.trunc((rows * width) / height)), 1) },
  ];
}

function sizesOf({ config }: Pick<Layer, 'config'>, x: Value, order: Order): readonly number[] {
  return order.slice(2).map((axis) => {
    const size = x.shape[axis];
    if (typeof size === 'number') return size;
    throw new NnpackError(
      'unsupported-layer',
      `${config.who}: reads rows and columns of any size, expected known sizes`,
    );
  });
}

function cropped(frame: Frame, name: Name): Value {
  const { builder, x, order } = frame;
  const ranges = proportional(frame, Math.min).map(({ size, made }, i) => {
    const start = Math.trunc((size - made) / 2);
    return { axis: order[i + 2], start, end: start + made, step: 1 };
  });
  return builder.slice(x, ranges, name);
}

/** As many before as behind: an odd one is left out. */
function filled(frame: Frame, fill: number, name: Name): Value {
  const { builder, x, order } = frame;
  const around = proportional(frame, Math.max).map(({ size, made }) => Math.trunc((made - size) / 2));
  const sides = x.shape.map((_, axis) => {
    const count = around[order.indexOf(axis) - 2] ?? 0;
    return [count, count] as const;
  });
  return builder.pad(x, sides, { mode: 'constant', fill }, name);
}

/** The middle; of an odd rest, the smaller half is before it. */
export const centreCrop: LayerReader = (layer) => {
  const { config } = layer;
  const isFirst = isChannelsFirst(layer);
  const lengths = [config.count('height'), config.count('width')];
  return ({ x: given, name, builder }) => {
    expectRank(layer, given, 4);
    const x = builder.cast(given, layer.dtype, `${name}/input`);
    const order = planesOrder(isFirst, 4);
    const ranges = sizesOf(layer, x, order).map((size, i) => {
      if (size < lengths[i])
        config.unsupported(i === 0 ? 'height' : 'width', `at most ${size}, the size of what it reads`);
      const start = Math.floor((size - lengths[i]) / 2);
      return { axis: order[i + 2], start, end: start + lengths[i], step: 1 };
    });
    return builder.slice(x, ranges, name);
  };
};
