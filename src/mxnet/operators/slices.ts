/** Parts of values. */
import type { Name } from '../../graph/values.ts';
import { boolean, orNone, tuple, whole } from '../attributes.ts';
import { calculated, known, listed, sizeAlong, sizeOf, type Whole } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axesFrom, axisOf, type Converters, type SymbolReader } from './converter.ts';

/** No axis is as long: an end beyond it means the axis's own. */
const ENDLESS = 2 ** 31 - 1;
/** Parts of an axis of unknown length that a file may ask for. */
const MOST_PARTS = 2 ** 16;

export const SLICES: Converters = {
  SliceChannel: parted,
  split: parted,

  /** At places, of which the first is 0; or in equal parts. */
  _split_v2(node, builder) {
    const { indices, axis, squeeze_axis, sections } = node.read({
      indices: tuple(whole({ least: 0 }), { absent: [] as readonly number[] }),
      axis: whole({ absent: 1 }),
      squeeze_axis: boolean({ absent: false }),
      sections: whole({ least: 0, absent: 0 }),
    });
    const x = node.input(0);
    const at = axisOf(node, axis, builder.shapeOf(x).length);
    if (sections > 0) return equalParts(node, builder, at, sections, squeeze_axis);
    for (const [i, start] of indices.entries()) {
      const output = node.output(i);
      if (output === null) continue;
      const part = squeeze_axis ? builder.fresh(`${output}.part`) : output;
      sliced(builder, x, { axes: [at], starts: [start], ends: [indices[i + 1] ?? ENDLESS] }, part);
      if (squeeze_axis) builder.emit('squeeze', [part, builder.list([at])], {}, [output]);
    }
  },

  slice: slice,
  crop: slice,

  slice_axis(node, builder) {
    const { axis, begin, end } = node.read({ axis: whole(), begin: whole(), end: orNone(whole()) });
    const x = node.input(0);
    const at = axisOf(node, axis, builder.shapeOf(x).length);
    sliced(builder, x, { axes: [at], starts: [begin], ends: [end ?? ENDLESS] }, node.first);
  },

  /** The first elements, as many as another value has along these axes. */
  slice_like(node, builder) {
    const { axes } = node.read({ axes: tuple(whole(), { absent: [] as readonly number[] }) });
    const [x, like] = [node.input(0), node.input(1)];
    const rank = builder.shapeOf(x).length;
    const chosen = axes.length === 0 ? axesFrom(0, rank) : axes.map((axis) => axisOf(node, axis, rank));
    const sizes = chosen.map((axis) => sizeAlong(builder, like, axis));
    cropped(
      builder,
      x,
      chosen,
      chosen.map(() => known(0)),
      sizes,
      node.first,
    );
  },
};

interface Parts {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps?: readonly number[];
}

function sliced(builder: SymbolBuilder, x: Name, { axes, starts, ends, steps }: Parts, y: Name): void {
  const lists = [starts, ends, axes, ...(steps === undefined ? [] : [steps])].map((list) => builder.list(list));
  builder.emit('slice', [x, ...lists], {}, [y]);
}

/** So many elements of some axes. */
export function cropped(
  builder: SymbolBuilder,
  x: Name,
  axes: readonly number[],
  starts: readonly Whole[],
  sizes: readonly Whole[],
  y: Name,
): void {
  const ends = starts.map((start, i) => calculated(builder, 'sum', start, sizes[i]));
  builder.emit('slice', [x, listed(builder, starts), listed(builder, ends), builder.list(axes)], {}, [y]);
  const made = builder.shapeOf(x).map((size, axis) => (axes.includes(axis) ? sizeOf(sizes[axes.indexOf(axis)]) : size));
  builder.assume(y, builder.dtypeOf(x), made);
}

function slice(node: SymbolReader, builder: SymbolBuilder): void {
  const list = tuple(orNone(whole()));
  const { begin, end, step } = node.read({ begin: list, end: list, step: { ...list, absent: [] as readonly null[] } });
  const x = node.input(0);
  const rank = builder.shapeOf(x).length;
  const isMisfit = begin.length !== end.length || begin.length > rank || ![0, begin.length].includes(step.length);
  if (isMisfit)
    node.invalid(`begin, end and step are (${begin}), (${end}) and (${step}), expected numbers of ${rank} axes`);
  const steps = begin.map((_, i) => step[i] ?? 1);
  if (steps.includes(0)) node.invalid(`step is (${step}), expected none of 0`);
  const axes = axesFrom(0, begin.length);
  const starts = begin.map((start, i) => start ?? (steps[i] > 0 ? 0 : ENDLESS));
  const ends = end.map((last, i) => last ?? (steps[i] > 0 ? ENDLESS : -ENDLESS));
  sliced(builder, x, { axes, starts, ends, steps }, node.first);
}

function parted(node: SymbolReader, builder: SymbolBuilder): void {
  const { num_outputs, axis, squeeze_axis } = node.read({
    num_outputs: whole({ least: 1 }),
    axis: whole({ absent: 1 }),
    squeeze_axis: boolean({ absent: false }),
  });
  const at = axisOf(node, axis, builder.shapeOf(node.input(0)).length);
  equalParts(node, builder, at, num_outputs, squeeze_axis);
}

function equalParts(node: SymbolReader, builder: SymbolBuilder, axis: number, count: number, squeezes: boolean): void {
  const x = node.input(0);
  const size = builder.shapeOf(x)[axis];
  if (typeof size === 'number' && size % count !== 0) {
    node.invalid(`${count} parts of ${size} elements are asked for, expected a divisor`, 'invalid-input-size');
  }
  if (count > MOST_PARTS) node.unsupported(`${count} parts`);
  const outputs = Array.from({ length: count }, (_, i) => node.output(i));
  const parts = outputs.map((output) => (squeezes && output !== null ? builder.fresh(`${output}.part`) : output));
  builder.emit('general-split', [x], { axis }, parts);
  if (!squeezes) return;
  for (const [i, output] of outputs.entries()) {
    if (output !== null) builder.emit('squeeze', [parts[i], builder.list([axis])], {}, [output]);
  }
}
