import { NnpackError } from '../../errors.ts';
import { denseStrides } from '../../tensor/ndarray.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import { type Size, shapeText } from '../values.ts';
import { at, build, present } from './double.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { axesAmong, listOf, typeAt, typeOfValue } from './settings.ts';
import { lowerStrided } from './strided.ts';

/** What a slice takes of an axis; null for what follows from a size that is not known. */
interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * The elements start, start + step, … before end of each axis, for lists of starts, ends, axes (the first ones when left
 * out) and steps (1 when left out). What is negative is counted from behind the last, and what lies beyond an end of the
 * axis means that end.
 */
export const slice: Operation<NoAttributes> = {
  inputs: { least: 3, most: 5 },
  fields: {},
  check: () => ({}),
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    const ranges = rangesOf(node, inputs);
    return [
      ranges && { dtype, shape: ranges.map((range, axis) => (range === 'all' ? shape[axis] : (range?.count ?? null))) },
    ];
  },
  lower({ node, inputs, outputs: [shape], settings, context }) {
    const input = inputs[0] ?? [];
    const dense = denseStrides(input);
    const types: InputTypes = [{ dtype: 'float32', shape: input }, ...settings.map(typeOfValue)];
    const ranges = (rangesOf(node, types) ?? []).map((range) => (range === 'all' || range === null ? WHOLE : range));
    const stride = dense.map((step, axis) => step * ranges[axis].step);
    const offset = dense.reduce((sum, step, axis) => sum + step * ranges[axis].start, 0);
    return lowerStrided(context, { shape, stride, offset });
  },
  reference(node, inputs) {
    const x = present(inputs[0]);
    const [starts = [], ends = [], axes, steps] = inputs.slice(1).map((input) => input && [...input.data]);
    const places = x.shape.map((size) => Array.from({ length: size }, (_, i) => i));
    for (const [i, given] of (starts ?? []).entries()) {
      const [axis] = axesAmong(node, [axes?.[i] ?? i], x.shape.length);
      const size = x.shape[axis];
      const step = steps?.[i] ?? 1;
      const [start, end] = [given, ends?.[i] ?? 0].map((place) => (place < 0 ? place + size : place));
      places[axis] = [];
      let place = Math.max(step > 0 ? start : Math.min(start, size - 1), 0);
      for (; step > 0 ? place < Math.min(end, size) : place > Math.max(end, -1) && place < size; place += step) {
        places[axis].push(place);
      }
    }
    const shape = places.map((taken) => taken.length);
    return [
      build(shape, (index) =>
        at(
          x,
          index.map((i, axis) => places[axis][i]),
        ),
      ),
    ];
  },
  specialise(node, inputs) {
    const isWhole = rangesOf(node, inputs)?.every((range) => range === 'all');
    return isWhole ? { op: 'identity', inputs: [node.inputs[0]], attributes: {} } : null;
  },
  slicing: () => 'slices need the rows and columns where they are',
  settingsFrom: 1,
  gradient: null,
};

const WHOLE: Range = { start: 0, step: 1, count: 0 };

/** By axis; null where it follows from a size that is not known, and in place of all where it follows from elements. */
function rangesOf(node: OpNode<NoAttributes>, inputs: InputTypes): readonly (Range | 'all' | null)[] | null {
  const { shape } = typeAt(inputs, 0);
  const [starts, ends, axes, steps] = ['starts', 'ends', 'axes', 'steps'].map((what, i) => {
    return listOf(node, what, inputs[i + 1]);
  });
  if (!starts || !ends || axes === null || steps === null) return null;
  const resolved = axesAmong(node, axes ?? starts.map((_, i) => i), shape.length);
  const lengths = [starts, ends, resolved, steps ?? starts].map(({ length }) => length);
  if (new Set(lengths).size > 1 || steps?.includes(0)) {
    const text = `slices are given as ${shapeText(lengths)} numbers, expected as many of each, and no step of 0`;
    throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
  }
  const ranges: (Range | 'all' | null)[] = shape.map(() => 'all');
  for (const [i, axis] of resolved.entries()) ranges[axis] = rangeOf(shape[axis], starts[i], ends[i], steps?.[i] ?? 1);
  return ranges;
}

/** No axis is as long. */
const ENDLESS = 2 ** 31 - 1;

function rangeOf(size: Size, start: number, end: number, step: number): Range | 'all' | null {
  if (start === 0 && end >= ENDLESS && step === 1) return 'all';
  if (typeof size === 'string') return null;
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const held = (place: number, low: number) => Math.min(Math.max(place < 0 ? place + size : place, low), most);
  const [from, to] = [held(start, Math.max(least, 0)), held(end, least)];
  const count = Math.max(0, Math.ceil((to - from) / step));
  return from === 0 && count === size && step === 1 ? 'all' : { start: from, step, count };
}
