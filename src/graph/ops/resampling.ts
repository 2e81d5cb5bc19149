import { expectOneOf, oneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { parseFlag, parseList } from '../parse-values.ts';
import { type DoubleTensor, isFloat, type Size } from '../values.ts';
import { linesAlong } from './along.ts';
import { present } from './double.ts';
import type { Given, Operation, SpecialNode } from './operation.ts';
import {
  COORDINATES,
  type Coordinates,
  isOutside,
  KERNELS,
  nearestTaps,
  type Resampled,
  ROUNDINGS,
  type Rounding,
  type Taps,
  type TapsAt,
  weighedTaps,
} from './resampling-taps.ts';
import { axisAmong, wholeAxis } from './settings.ts';

/** Axes of other lengths, and where their samples lie. */
export interface ResamplingAttributes {
  /** The nearest element, or those around weighed along each axis. */
  readonly mode: 'nearest' | 'linear' | 'cubic';
  /** What the second input tells of each axis: its scale, of which the length is ⌊elements · scale⌋, or its length. */
  readonly tells: 'scales' | 'lengths';
  /**
   * Lengths follow from products in single precision: the float32 that stands for 2.3 is less, and ten elements become 23
   * all the same.
   */
  readonly inSingle?: boolean;
  /**
   * Where sample i lies, at a scale s = samples / elements: 'half-pixel' (i + ½) / s − ½; 'half-pixel-or-first' the same,
   * and 0 where there is one sample; 'half-pixel-symmetric' the same about the middle; 'pixel-centre' (i + ½) / s;
   * 'asymmetric' i / s; 'align-corners' from the first element to the last; 'region' the same within a region.
   */
  readonly coordinates?: Coordinates;
  /** Which element is the nearest; 'floor-or-ceiling' takes the next one where an axis shrinks. */
  readonly rounding?: Rounding;
  /** The a of the cubic kernel, −¾ when not told. */
  readonly cubicCoefficient?: number;
  /** Elements outside have no weight, where else they are those of the edge. */
  readonly excludeOutside?: boolean;
  /** Kernels are stretched along axes that shrink. */
  readonly antialias?: boolean;
  /** What stands where samples lie outside; for regions alone. */
  readonly extrapolation?: number;
  /** Those that the inputs are of; all when not told. */
  readonly axes?: readonly number[];
  /** The lengths are bounds, and all axes keep their proportions: none is larger than its bound, or none smaller. */
  readonly within?: 'not-larger' | 'not-smaller';
}

type ResamplingNode = OpNode<ResamplingAttributes>;

const TELLS = ['scales', 'lengths'] as const;
const MODES = ['nearest', 'linear', 'cubic'] as const;
const COORDINATE_NAMES = Object.keys(COORDINATES) as readonly Coordinates[];
const ROUNDING_NAMES = Object.keys(ROUNDINGS) as readonly Rounding[];

/** Reads the value, its scales or lengths, and regions (starts, and then ends) for coordinates that need them. */
export const resampling: Operation<ResamplingAttributes> = {
  inputs: { least: 2, most: 3 },
  fields: {
    mode: true,
    tells: true,
    inSingle: true,
    coordinates: true,
    rounding: true,
    cubicCoefficient: true,
    excludeOutside: true,
    antialias: true,
    extrapolation: true,
    axes: true,
    within: true,
  },
  check,
  infer,
  reference(node, [input, numbers, regions]) {
    const x = present(input);
    const axes = resampledAxes(node, x.shape, { numbers: present(numbers).data, regions: regions?.data });
    const made = axes.reduce((value, axis, i) => {
      return axis === null ? value : resampledAlong(value, i, axis.length, tapsOf(node, axis));
    }, x);
    return [extrapolated(node, made, axes)];
  },
  slicing: () => 'its scales are inputs',
  specialise,
  gradient: null,
};

function check(who: string, given: Given): ResamplingAttributes {
  const numberOf = (what: 'cubicCoefficient' | 'extrapolation', absent: number): number => {
    const value = given[what] ?? absent;
    if (typeof value === 'number') return value;
    throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected a number`);
  };
  const axes = given.axes === undefined ? undefined : parseList(who, 'axes', given.axes, 'invalid-argument');
  const within = ['not-larger', 'not-smaller'] as const;
  return {
    mode: expectOneOf(who, 'mode', given.mode, MODES, 'invalid-argument'),
    tells: expectOneOf(who, 'tells', given.tells, TELLS, 'invalid-argument'),
    inSingle: parseFlag(who, 'inSingle', given.inSingle),
    coordinates: oneOf(who, 'coordinates', given.coordinates, COORDINATE_NAMES, 'invalid-argument'),
    rounding: oneOf(who, 'rounding', given.rounding, ROUNDING_NAMES, 'invalid-argument'),
    cubicCoefficient: numberOf('cubicCoefficient', -0.75),
    excludeOutside: parseFlag(who, 'excludeOutside', given.excludeOutside),
    antialias: parseFlag(who, 'antialias', given.antialias),
    extrapolation: numberOf('extrapolation', 0),
    axes: axes?.map((axis) => wholeAxis(who, 'an axis', axis)),
    within: given.within === undefined ? undefined : oneOf(who, 'within', given.within, within, 'invalid-argument'),
  };
}

/** What says how long the axes become. */
interface Told {
  readonly numbers: Float64Array;
  readonly regions: Float64Array | undefined;
}

function infer(node: ResamplingNode, inputs: InputTypes): readonly (InferredType | null)[] {
  const [x] = inputs;
  const told = toldBy(inputs);
  if (x === null || told === null) return [null];
  const { tells, within } = node.attributes;
  const made = resampledAxes(node, x.shape, told);
  const isProportional = tells === 'lengths' && within !== undefined;
  const shape = x.shape.map((size, axis): Size | null => {
    const resampled = made[axis];
    if (resampled === null) return size;
    // Where a size is not known, the length is only if it was told, or if the scale leaves it alone.
    if (isProportional && x.shape.some((each) => typeof each === 'string')) return null;
    if (typeof size === 'number' || tells === 'lengths') return resampled.length;
    return resampled.step[0] === resampled.step[1] ? size : null;
  });
  return [{ dtype: x.dtype, shape }];
}

/** null if one of the inputs is not known. */
function toldBy([, numbers, regions]: InputTypes): Told | null {
  const told = numbers?.elements?.();
  if (told === undefined || (regions && regions.elements === undefined)) return null;
  return { numbers: told.data, regions: regions?.elements?.().data };
}

function axesOf({ attributes, ...node }: ResamplingNode, rank: number): readonly number[] {
  return attributes.axes?.map((axis) => axisAmong(node, axis, rank)) ?? Array.from({ length: rank }, (_, axis) => axis);
}

/** Each axis as it is resampled; null for those that are left alone. Sizes that are not known count as 1. */
function resampledAxes(node: ResamplingNode, shape: readonly Size[], told: Told): readonly (Resampled | null)[] {
  const axes = axesOf(node, shape.length);
  const isRegion = node.attributes.coordinates === 'region';
  checkTold(node, axes.length, told);
  const regions = isRegion ? told.regions : undefined;
  const sizes = axes.map((axis) => (typeof shape[axis] === 'number' ? shape[axis] : 1));
  const made = axes.map((axis, i): [number, Resampled] => {
    const region = regions ? ([regions[i], regions[i + axes.length]] as const) : ([0, 1] as const);
    return [axis, resampledOf(node, sizes, i, told.numbers, region)];
  });
  // A scale that leaves every length as it was is taken as 1.
  const isSame = !isRegion && made.every(([, { size, length }]) => size === length);
  const isLeft = ({ size, length, step: [p, q] }: Resampled) => isSame || (!isRegion && size === length && p === q);
  const isUnknown = shape.some((size) => typeof size === 'string');
  const byAxis = new Map(made.filter(([, resampled]) => isUnknown || !isLeft(resampled)));
  return shape.map((_, axis) => byAxis.get(axis) ?? null);
}

function checkTold(node: ResamplingNode, count: number, { numbers, regions }: Told): void {
  const { tells, coordinates } = node.attributes;
  if (numbers.length !== count) throw wrong(node, `it has ${numbers.length} ${tells}`, `${count}`);
  const bad = numbers.find((value) => !(value > 0 && value < Infinity));
  if (bad !== undefined) throw wrong(node, `one of its ${tells} is ${show(bad)}`, 'positive numbers');
  if (coordinates !== 'region' || regions?.length === 2 * count) return;
  throw wrong(node, `it has ${regions?.length ?? 0} numbers for regions`, `${2 * count} (two for each axis)`);
}

function wrong(node: ResamplingNode, text: string, expected: string): NnpackError {
  return new NnpackError('invalid-argument', `${whoIs(node)}: ${text}, expected ${expected}`);
}

function resampledOf(
  { attributes: { tells, within, inSingle } }: ResamplingNode,
  sizes: readonly number[],
  i: number,
  data: Float64Array,
  region: Resampled['region'],
): Resampled {
  const size = sizes[i];
  if (tells === 'scales') {
    const product = size * (region[1] - region[0]) * data[i];
    return { size, length: Math.floor(inSingle ? Math.fround(product) : product), step: [1, data[i]], region };
  }
  if (within === undefined) return { size, length: data[i], step: [size, data[i]], region };
  // The axis that is bound decides: lengths[k] / sizes[k] is the least of all, or the greatest.
  const isBefore = (a: number, b: number) => (within === 'not-larger' ? a < b : a > b);
  const [p, q] = sizes
    .map((each, k): [number, number] => [each, data[k]])
    .reduce((best, each) => (isBefore(each[1] * best[0], best[1] * each[0]) ? each : best));
  // Rounded to the nearest, halves up.
  return { size, length: Math.floor((2 * q * size + p) / (2 * p)), step: [p, q], region };
}

function tapsOf(node: ResamplingNode, axis: Resampled): TapsAt {
  const { mode, coordinates = 'half-pixel', rounding = 'floor', cubicCoefficient = -0.75 } = node.attributes;
  if (mode === 'nearest') return nearestTaps(axis, coordinates, rounding);
  const { antialias = false, excludeOutside = false } = node.attributes;
  if (antialias) expectReach(node, axis);
  return weighedTaps(axis, coordinates, { kernel: KERNELS[mode](cubicCoefficient), antialias, excludeOutside });
}

/** Kernels are stretched over twice the axis at most, but where a region is told that is as good as endless. */
const MOST_REACH = 4;

function expectReach(node: ResamplingNode, { size, step: [p, q] }: Resampled): void {
  if (p <= MOST_REACH * size * q) return;
  throw wrong(node, `a sample is weighed over ${p / q} elements on either side`, `at most ${MOST_REACH * size}`);
}

function resampledAlong({ shape, data }: DoubleTensor, axis: number, count: number, tapsAt: TapsAt): DoubleTensor {
  const { outer, length, inner } = linesAlong(shape, axis);
  const made = shape.map((size, i) => (i === axis ? count : size));
  const result = new Float64Array(sizeOf(made));
  for (let i = 0; i < count; i++) {
    const { places, weights } = tapsAt(i);
    for (let o = 0; o < outer; o++) {
      const to = (o * count + i) * inner;
      for (const [t, weight] of weights.entries()) {
        const from = (o * length + places[t]) * inner;
        for (let k = 0; k < inner; k++) result[to + k] += weight * data[from + k];
      }
    }
  }
  return { shape: made, data: result };
}

/** Puts a value where one of a sample's coordinates lies outside. */
function extrapolated(node: ResamplingNode, y: DoubleTensor, axes: readonly (Resampled | null)[]): DoubleTensor {
  const { coordinates, extrapolation = 0 } = node.attributes;
  if (coordinates !== 'region') return y;
  for (const [axis, resampled] of axes.entries()) {
    if (resampled === null) continue;
    const isBeyond = isOutside(resampled, 'region');
    const { outer, length, inner } = linesAlong(y.shape, axis);
    for (let i = 0; i < length; i++) {
      if (!isBeyond(i)) continue;
      for (let o = 0; o < outer; o++) {
        const from = (o * length + i) * inner;
        y.data.fill(extrapolation, from, from + inner);
      }
    }
  }
  return y;
}

/** The pixels of planes at scales that are known, where the samples are those of `resize`. */
function specialise(node: ResamplingNode, inputs: InputTypes): SpecialNode | null {
  const [x] = inputs;
  const told = toldBy(inputs);
  if (x === null || told === null || !isFloat(x.dtype) || node.attributes.coordinates === 'region') return null;
  if (!x.shape.every((size) => typeof size === 'number')) return null;
  const axes = resampledAxes(node, x.shape, told);
  if (axes.every((axis) => axis === null)) return { op: 'identity', inputs: [node.inputs[0]], attributes: {} };
  const [batch, channels, ...pixels] = axes;
  if (pixels.length !== 2 || batch !== null || channels !== null) return null;
  const mode = ({ nearest: 'nearest', linear: 'bilinear', cubic: null } as const)[node.attributes.mode];
  if (mode === null || !pixels.every((axis) => axis === null || isResized(node, axis))) return null;
  const [height, width] = pixels.map((axis) => (axis === null ? 1 : scaleOf(axis)));
  return { op: 'resize', inputs: [node.inputs[0]], attributes: { mode, scale: { height, width } } };
}

/** Samples that are compared: no picture is as long, and a length that a file tells may be beyond all memory. */
const MOST_COMPARED = 2 ** 16;

/** Whether samples are those that the lengths alone say: ⌊i · size / length⌋, or weighed at half pixels. */
function isResized(node: ResamplingNode, axis: Resampled): boolean {
  if (axis.length > MOST_COMPARED) return false;
  const own: Resampled = { ...axis, step: [axis.size, axis.length] };
  const isNearest = node.attributes.mode === 'nearest';
  const expectedAt = isNearest
    ? nearestTaps(own, 'asymmetric', 'floor')
    : weighedTaps(own, 'half-pixel', { kernel: KERNELS.linear(), antialias: false, excludeOutside: false });
  const tapsAt = tapsOf(node, axis);
  for (let i = 0; i < axis.length; i++) if (!isSame(expectedAt(i), tapsAt(i))) return false;
  return true;
}

function isSame(a: Taps, b: Taps): boolean {
  return String(a.places) === String(b.places) && a.weights.every((weight, i) => weight === b.weights[i]);
}

/** A scale s of ⌊size · s⌋ = length. */
function scaleOf({ size, length }: Resampled): number {
  const scale = length / size;
  return Math.floor(size * scale) === length ? scale : (length + 0.5) / size;
}
