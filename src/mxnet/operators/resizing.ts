/** What gives pictures another size. */
import type { ResamplingAttributes } from '../../graph/ops/resampling.ts';
import type { Name } from '../../graph/values.ts';
import { boolean, number, oneOf, orNone, tuple, whole } from '../attributes.ts';
import { calculated, known, listed, sizeAlong, sizeOf, type Whole } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import type { Converters, SymbolReader } from './converter.ts';
import { dataOf } from './layout.ts';
import { cropped } from './slices.ts';

export const RESIZING: Converters = {
  UpSampling(node, builder) {
    const read = node.read({
      scale: whole({ least: 1 }),
      num_filter: whole({ absent: 0 }),
      sample_type: oneOf(['nearest', 'bilinear']),
      multi_input_mode: oneOf(['concat', 'sum'], { absent: 'concat' }),
      num_args: whole({ least: 1, absent: 1 }),
      workspace: whole({ absent: 512 }),
    });
    if (read.sample_type === 'bilinear') spreadBilinear(node, builder, read);
    else spreadNearest(node, builder, read);
  },

  _contrib_BilinearResize2D(node, builder) {
    const read = node.read({
      height: whole({ least: 1, absent: 1 }),
      width: whole({ least: 1, absent: 1 }),
      scale_height: orNone(number()),
      scale_width: orNone(number()),
      mode: oneOf(['size', 'odd_scale', 'like', 'to_even_down', 'to_even_up', 'to_odd_down', 'to_odd_up'], {
        absent: 'size',
      }),
      align_corners: boolean({ absent: true }),
    });
    const x = dataOf(node, builder, 2);
    const { scale_height: byHeight, scale_width: byWidth } = read;
    const lengths =
      read.mode === 'like'
        ? [2, 3].map((axis) => sizeAlong(builder, node.input(1), axis))
        : read.mode !== 'size'
          ? node.unsupported(`mode=${read.mode}`)
          : byHeight !== null && byWidth !== null
            ? [scaled(builder, x, 2, byHeight), scaled(builder, x, 3, byWidth)]
            : [known(read.height), known(read.width)];
    const coordinates = read.align_corners ? 'align-corners' : 'half-pixel';
    resampled(builder, x, lengths, { mode: 'linear', coordinates }, node.first);
  },

  /** To the height and width that are told, or to those of the second input, whose channels play no part. */
  Crop(node, builder) {
    const { num_args, offset, h_w, center_crop } = node.read({
      num_args: whole({ least: 1 }),
      offset: tuple(whole({ least: 0 }), { absent: [0, 0] as readonly number[] }),
      h_w: tuple(whole({ least: 0 }), { absent: [0, 0] as readonly number[] }),
      center_crop: boolean({ absent: false }),
    });
    const x = dataOf(node, builder, 2);
    if (offset.length !== 2 || h_w.length !== 2) node.invalid('offset and h_w expected two numbers each');
    const sizes = num_args > 1 ? [2, 3].map((axis) => sizeAlong(builder, node.input(1), axis)) : h_w.map(known);
    const starts = sizes.map((size, i): Whole => {
      const left = calculated(builder, 'subtraction', sizeAlong(builder, x, i + 2), size);
      const start = center_crop ? calculated(builder, 'division', left, known(2)) : known(offset[i]);
      const isBeyond = 'number' in left && 'number' in start && start.number > left.number;
      if (isBeyond || ('number' in left && left.number < 0)) {
        node.invalid(
          `offset is (${offset}), expected at most ${left.number} along axis ${i + 2}`,
          'invalid-input-size',
        );
      }
      return start;
    });
    cropped(builder, x, [2, 3], starts, sizes, node.first);
  },
};

interface UpSampling {
  readonly scale: number;
  readonly num_filter: number;
  readonly multi_input_mode: 'concat' | 'sum';
}

/** A convolution turned round, with the weight that is stored: the border is darker. */
function spreadBilinear(node: SymbolReader, builder: SymbolBuilder, { scale, num_filter }: UpSampling): void {
  const x = dataOf(node, builder, 2);
  const pad = Math.ceil((scale - 1) / 2);
  const size = 2 * scale - (scale % 2);
  const weight = builder.shapeOf(node.input(1));
  if (String(weight) !== String([num_filter, 1, size, size])) {
    node.invalid(`its weight is [${weight.join(', ')}], expected [${num_filter}, 1, ${size}, ${size}]`);
  }
  const [sides, stride] = [
    [pad, pad],
    [scale, scale],
  ];
  const attributes = { stride, padding: { before: sides, after: sides }, groups: num_filter };
  builder.emit('transposed-convolution', [x, node.input(1)], attributes, [node.first]);
}

/** Further inputs become as large as the first does. */
function spreadNearest(
  node: SymbolReader,
  builder: SymbolBuilder,
  { scale, multi_input_mode: mode }: UpSampling,
): void {
  const [y, x] = [node.first, dataOf(node, builder, 2)];
  if (node.inputs.length === 1) {
    builder.emit('resize', [x], { mode: 'nearest', scale }, [y]);
    return;
  }
  const lengths = [2, 3].map((axis) =>
    calculated(builder, 'multiplication', sizeAlong(builder, x, axis), known(scale)),
  );
  const parts = node.inputs.map((input, i) => {
    if (i === 0) return builder.value('resize', [x], { mode: 'nearest', scale }, `${y}.part`);
    const part = builder.fresh(`${y}.part`);
    resampled(builder, input, lengths, { mode: 'nearest', coordinates: 'asymmetric', rounding: 'floor' }, part);
    return part;
  });
  if (mode === 'sum') builder.emit('sum', parts, {}, [y]);
  else builder.emit('general-concatenation', parts, { axis: 1 }, [y]);
}

/** Rows and columns become so many. */
function resampled(
  builder: SymbolBuilder,
  x: Name,
  lengths: readonly Whole[],
  way: Omit<ResamplingAttributes, 'tells' | 'axes'>,
  y: Name,
): void {
  const attributes = { ...way, tells: 'lengths', axes: [2, 3] } as const;
  builder.emit('resampling', [x, listed(builder, lengths)], attributes, [y]);
  builder.assume(y, builder.dtypeOf(x), [...builder.shapeOf(x).slice(0, 2), ...lengths.map(sizeOf)]);
}

/** ⌊size · scale⌋ */
function scaled(builder: SymbolBuilder, x: Name, axis: number, scale: number): Whole {
  const size = sizeAlong(builder, x, axis);
  if ('number' in size) return known(Math.floor(size.number * scale));
  const real = builder.value('conversion', [size.name], { dtype: 'float64' }, 'real');
  const product = builder.value('multiplication', [real, builder.scalar(scale, real)], {}, 'product');
  return { name: builder.value('conversion', [product], { dtype: 'int64' }, 'size') };
}
