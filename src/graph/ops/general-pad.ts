import { oneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import { isFloat, type Size } from '../values.ts';
import { at, build, type DoubleTensor, present } from './double.ts';
import type { Operation, SpecialNode } from './operation.ts';
import { axesAmong, listOf, typeAt, typeOfValue } from './settings.ts';

const MODES = ['constant', 'reflect', 'edge', 'wrap'] as const;

/**
 * Elements around those of the first input. The second lists how many: before the first of each axis, and then behind the
 * last of each; negative ones are cut off, before anything is filled. The third is what 'constant' puts there (0 when left
 * out), and the fourth lists the axes (all when left out). The other modes repeat the input's own elements: mirrored at the
 * outermost, the outermost itself, or all of them again.
 */
export interface GeneralPadAttributes {
  readonly mode: (typeof MODES)[number];
}

type PadNode = OpNode<GeneralPadAttributes>;

/** How many elements are put before and behind those of an axis; less than none are cut off. */
type Sides = readonly [before: number, after: number];

export const generalPad: Operation<GeneralPadAttributes> = {
  inputs: { least: 2, most: 4 },
  fields: { mode: true },
  check: (who, { mode }) => ({ mode: oneOf(who, 'mode', mode, MODES, 'invalid-argument') }),
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    const value = inputs[2];
    const isFitting = !value || value.dtype === dtype || (isFloat(value.dtype) && isFloat(dtype));
    if (!isFitting) {
      const text = `the value is of type ${value.dtype}, expected ${dtype} (the input's)`;
      throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
    }
    const sides = sidesOf(node, inputs);
    return [sides && { dtype, shape: shape.map((size, axis) => padded(node, size, sides[axis])) }];
  },
  reference(node, inputs) {
    const x = present(inputs[0]);
    const sides = sidesOf(node, inputs.map(typeOfValue)) ?? [];
    const shape = x.shape.map((size, axis) => size + sides[axis][0] + sides[axis][1]);
    const value = inputs[2]?.data[0] ?? 0;
    return [build(shape, (index) => paddedAt(node, x, sides, value, index))];
  },
  specialise,
  slicing: () => 'slices need planes that are padded alone',
  settingsFrom: 1,
  gradient: null,
};

/** Of each axis; null where they are not known. */
function sidesOf(node: PadNode, inputs: InputTypes): readonly Sides[] | null {
  const rank = typeAt(inputs, 0).shape.length;
  const list = listOf(node, 'padding', inputs[1]);
  const given = listOf(node, 'axes', inputs[3]);
  if (!list || given === null) return null;
  const axes = axesAmong(node, given ?? [...Array(rank).keys()], rank);
  if (list.length !== 2 * axes.length) {
    const text = `padding is ${show([...list])}, expected two numbers for each of ${axes.length} axes`;
    throw new NnpackError('invalid-input-padding', `${whoIs(node)}: ${text}`);
  }
  return Array.from({ length: rank }, (_, axis): Sides => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [list[i], list[i + axes.length]];
  });
}

function padded(node: PadNode, size: Size, [before, after]: Sides): Size | null {
  if (before === 0 && after === 0) return size;
  if (typeof size === 'string') return null;
  const left = size + Math.min(before, 0) + Math.min(after, 0);
  const isFilled = before > 0 || after > 0;
  if (left >= 0 && (left > 0 || !isFilled || node.attributes.mode === 'constant')) return size + before + after;
  const text = `padding is ${before} and ${after} along ${size} elements, expected to leave some of them`;
  throw new NnpackError('invalid-input-padding', `${whoIs(node)}: ${text}`);
}

/** Planes of floating-point numbers with nothing cut off have kernels. */
function specialise(node: PadNode, inputs: InputTypes): SpecialNode | null {
  const { dtype, shape } = typeAt(inputs, 0);
  const sides = sidesOf(node, inputs);
  const [x] = node.inputs;
  if (sides === null) return null;
  if (sides.flat().every((count) => count === 0)) return { op: 'identity', inputs: [x], attributes: {} };
  const { mode } = node.attributes;
  const given = inputs[2];
  const value = given ? given.elements?.().data[0] : 0;
  const isPlain = sides.every(([before, after], axis) =>
    axis < 2 ? before === 0 && after === 0 : before >= 0 && after >= 0,
  );
  const isMirrorable = sides.every(([before, after], axis) => {
    const size = shape[axis];
    return axis < 2 || (typeof size === 'number' && Math.max(before, after) < size);
  });
  const isServed =
    (mode === 'reflect' && isMirrorable) || mode === 'edge' || (mode === 'constant' && !Number.isNaN(value));
  if (shape.length !== 4 || !isFloat(dtype) || dtype === 'float64' || shape.includes(0)) return null;
  if (!isPlain || !isServed || value === undefined) return null;
  const [, , [top, bottom], [left, right]] = sides;
  const padding = { top, right, bottom, left };
  return { op: 'pad', inputs: [x], attributes: mode === 'constant' ? { padding, mode, value } : { padding, mode } };
}

function paddedAt(
  { attributes: { mode } }: PadNode,
  x: DoubleTensor,
  sides: readonly Sides[],
  value: number,
  index: readonly number[],
): number {
  let isInside = true;
  const source = index.map((i, axis) => {
    const [before, after] = sides[axis];
    const first = Math.max(-before, 0);
    const last = x.shape[axis] - 1 - Math.max(-after, 0);
    const place = i - before;
    if (place >= first && place <= last) return place;
    isInside = false;
    const span = last - first;
    if (mode === 'edge') return place < first ? first : last;
    if (mode === 'wrap') return first + remainder(place - first, span + 1);
    // A mirror at either end: there and back again and again.
    const along = span > 0 ? remainder(place - first, 2 * span) : 0;
    return first + Math.min(along, 2 * span - along);
  });
  return isInside || mode !== 'constant' ? at(x, source) : value;
}

/** Of a division, from 0 on. */
function remainder(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
