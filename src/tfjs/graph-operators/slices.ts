/** Operators that take parts of values, and put them together. */

import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { plainSize } from '../open-sizes.ts';
import { plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';

/** No axis is as long: an end beyond it is none. */
const ENDLESS = 2 ** 31 - 1;

export const SLICES: Converters = {
  StridedSlice: stridedSlice,
  Slice(node, builder) {
    const x = node.input(0);
    const starts = node.numbers(1);
    const sizes = node.sizes(2) ?? node.unsupported('a size that is computed');
    const ranges = plainOrder(x.rank).map((axis): Range => {
      const [start, size] = [starts[axis], sizes[axis]];
      if (size === -1 || (start === 0 && size !== null && plainSize(size) === x.shape[axis])) {
        return { axis, start, end: ENDLESS, step: 1 };
      }
      if (typeof size !== 'number' || start === undefined) return node.unsupported('a size that is computed');
      return { axis, start, end: start + size, step: 1 };
    });
    return builder.slice(x, ranges, node.name);
  },
  ReverseV2(node, builder) {
    const x = node.input(0);
    const axes = node.numbers(1).map((axis) => node.axisAmong(axis, x.rank));
    return builder.slice(x, axes.map(backwards), node.name);
  },
  ConcatV2: (node, builder) => concatenated(node, builder, node.inputs.slice(0, -1), node.inputs.length - 1),
  Concat: (node, builder) => concatenated(node, builder, node.inputs.slice(1), 0),
  Pack(node, builder) {
    const axis = node.axisAmong(node.int('axis', 0), node.input(0).rank + 1);
    const parts = node.inputs.map((value, i) => builder.unsqueeze(value, [axis], `${node.name}/part${i}`));
    return builder.concatenation(parts, axis, node.name);
  },
  Unpack(node, builder) {
    const x = node.input(0);
    const axis = node.axisAmong(node.int('axis', 0), x.rank);
    const parts = split(builder, x, axis, null, partCount(node, node.int('num')), `${node.name}/part`);
    return parts.map((part, i) => builder.squeeze(part, [axis], `${node.name}/${i}`));
  },
  Split(node, builder) {
    const x = node.input(1);
    const count = partCount(node, node.int('num_split'));
    const axis = node.axisAt(0, x.rank);
    const size = x.shape[axis];
    if (typeof size === 'number' && size % count !== 0) node.invalid(`${count} parts do not divide ${size} elements`);
    return split(builder, x, axis, null, count, node.name);
  },
  SplitV(node, builder) {
    const x = node.input(0);
    const axis = node.axisAt(2, x.rank);
    const sizes = [...node.numbers(1)];
    const open = sizes.indexOf(-1);
    if (open >= 0) {
      const whole = x.shape[axis];
      if (typeof whole !== 'number') return node.unsupported('an open part of an axis of open size');
      sizes[open] = whole - sizes.reduce((sum, size) => sum + size, 1);
    }
    return split(builder, x, axis, sizes, partCount(node, sizes.length), node.name);
  },
  GatherV2(node, builder) {
    if (node.int('batch_dims', 0) !== 0) node.unsupported('batch_dims');
    const axis = node.inputs.length > 2 ? node.axisAt(2, node.input(0).rank) : 0;
    return builder.apply('gather', [node.input(0), node.input(1)], { axis }, node.name);
  },
  Gather: (node, builder) => builder.apply('gather', [node.input(0), node.input(1)], { axis: 0 }, node.name),
  GatherNd: (node, builder) =>
    builder.apply('gather-slices', [node.input(0), node.input(1)], { batchAxes: 0 }, node.name),
};

/** A range of an axis, as the operation counts it. */
export type Range = Parameters<LayoutBuilder['slice']>[1][number];

/** All elements of an axis, the last one first. */
export function backwards(axis: number): Range {
  return { axis, start: -1, end: -ENDLESS, step: -1 };
}

function concatenated(node: NodeReader, builder: LayoutBuilder, values: readonly Value[], axisInput: number): Value {
  const [first] = values;
  if (first === undefined) return node.invalid('it has no inputs');
  const axis = node.axisAt(axisInput, first.rank);
  return values.length === 1 ? first : builder.concatenation(values, axis, node.name);
}

/** Outputs cost a name each, and a file may claim as many as it likes. */
const MOST_PARTS = 2 ** 10;

function partCount(node: NodeReader, count: number): number {
  return count >= 1 && count <= MOST_PARTS ? count : node.invalid(`${count} parts, expected 1 to ${MOST_PARTS}`);
}

function split(
  builder: LayoutBuilder,
  x: Value,
  axis: number,
  sizes: readonly number[] | null,
  count: number,
  hint: string,
): readonly Value[] {
  const list = sizes && builder.list(`${hint}/sizes`, sizes);
  const attributes = { axis: x.order.indexOf(axis) };
  const names = builder.emit('general-split', [builder.nameOf(x, x.order), list], attributes, hint, count);
  return names.map((name) => builder.made(name, x.order));
}

/** What becomes of the axes: ranges of those of x, of which some are dropped, and new ones of one element between. */
interface Sliced {
  readonly ranges: readonly Range[];
  readonly dropped: readonly number[];
  /** Places in the result. */
  readonly added: readonly number[];
}

/**
 * Starts, ends and steps are told for the first axes, or those on both sides of an ellipsis. Bit i of a mask is of their
 * place i: it stands for all axes that are not told, adds an axis, takes one element and drops the axis, or has no start or end.
 */
function stridedSlice(node: NodeReader, builder: LayoutBuilder): Value {
  const x = node.input(0);
  const { ranges, dropped, added } = slicedAxes(node, x);
  const part =
    ranges.length === 0
      ? x
      : builder.slice(x, ranges, dropped.length + added.length > 0 ? `${node.name}/part` : node.name);
  const less =
    dropped.length === 0 ? part : builder.squeeze(part, dropped, added.length > 0 ? `${node.name}/less` : node.name);
  if (added.length > 0) return builder.unsqueeze(less, added, node.name);
  return less;
}

function slicedAxes(node: NodeReader, x: Value): Sliced {
  const [starts, ends] = [1, 2].map((i) => node.sizes(i) ?? node.unsupported('a range that is computed'));
  const steps = node.numbers(3);
  const count = starts.length;
  if (ends.length !== count || steps.length !== count || count > 31)
    node.invalid('starts, ends and steps differ in length');
  const mask = (name: string) => {
    const bits = node.int(name, 0);
    return (place: number) => ((bits >> place) & 1) === 1;
  };
  const [isNew, isDropped, isEllipsis, isFromStart, isToEnd] = [
    'new_axis',
    'shrink_axis',
    'ellipsis',
    'begin',
    'end',
  ].map((name) => mask(`${name}_mask`));
  const ellipsis = plainOrder(count).find(isEllipsis) ?? count;
  const told = plainOrder(count).filter((place) => place !== ellipsis && !isNew(place)).length;
  const sliced = { ranges: [] as Range[], dropped: [] as number[], added: [] as number[] };
  let axis = 0;
  let made = 0;
  for (let place = 0; place < count; place++) {
    if (place === ellipsis) {
      const skipped = Math.max(x.rank - told, 0);
      axis += skipped;
      made += skipped;
    } else if (isNew(place)) {
      sliced.added.push(made++);
    } else {
      if (axis >= x.rank) node.invalid(`it slices ${told} axes, expected at most ${x.rank}`);
      const range = rangeOf(axis, place);
      if (range !== null) sliced.ranges.push(range);
      if (isDropped(place)) sliced.dropped.push(axis);
      else made++;
      axis++;
    }
  }
  return sliced;

  /** null for the whole axis. */
  function rangeOf(axis: number, place: number): Range | null {
    const step = steps[place];
    if (step === 0) node.invalid('a step is 0');
    // One element, whatever the step.
    if (isDropped(place)) {
      const start = numberOf(starts[place]);
      return { axis, start, end: start === -1 ? ENDLESS : start + 1, step: 1 };
    }
    const end = ends[place];
    const isWhole = isToEnd(place) || (step > 0 && end !== null && plainSize(end) === x.shape[axis]);
    if (step === 1 && isWhole && (isFromStart(place) || starts[place] === 0)) return null;
    const [first, last] = step > 0 ? [0, ENDLESS] : [ENDLESS, -ENDLESS];
    const start = isFromStart(place) ? first : numberOf(starts[place]);
    return { axis, start, end: isWhole ? last : numberOf(end), step };
  }

  function numberOf(size: (typeof starts)[number]): number {
    return typeof size === 'number' ? size : node.unsupported('a range that is computed');
  }
}
