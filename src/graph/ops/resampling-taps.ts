/**
 * Where the samples of an axis of another length lie, and what they are made of.
 *
 * An axis of `size` elements becomes one of `length`, and sample i lies at x(i) = numerator / denominator. The step between
 * samples is kept as a fraction too, p / q: `size` / `length` where a length is given, and 1 / scale where a scale is. So
 * ⌊x⌋ and x − ⌊x⌋ are those of the formula, and not of a quotient that was rounded.
 */

/** One axis, resampled. */
export interface Resampled {
  readonly size: number;
  readonly length: number;
  /** p / q elements lie between two samples. */
  readonly step: readonly [p: number, q: number];
  /** The part of the axis that is looked at, of which 0 is the first element and 1 the last. */
  readonly region: readonly [start: number, end: number];
}

/** x(i) as a fraction, the denominator positive. */
export type Position = readonly [numerator: number, denominator: number];

/** Whole elements before a position, and what is left as a fraction. */
interface Place {
  readonly first: number;
  readonly rest: number;
  readonly denominator: number;
}

/** What a sample is made of: elements, and what each is multiplied by. */
export interface Taps {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

const centred = (i: number, { step: [p, q] }: Resampled): Position => [(2 * i + 1) * p - q, 2 * q];

export const COORDINATES = {
  'half-pixel': centred,
  'half-pixel-or-first': (i, axis) => (axis.length > 1 ? centred(i, axis) : [0, 1]),
  // The offset is (size / 2) · (1 − length / (size · scale)) = (size · q − length · p) / 2q.
  'half-pixel-symmetric'(i, axis) {
    const [numerator, denominator] = centred(i, axis);
    const [p, q] = axis.step;
    return [numerator + axis.size * q - axis.length * p, denominator];
  },
  'pixel-centre': (i, { step: [p, q] }) => [(2 * i + 1) * p, 2 * q],
  asymmetric: (i, { step: [p, q] }) => [i * p, q],
  'align-corners': (i, { size, length }) => (length > 1 ? [i * (size - 1), length - 1] : [0, 1]),
  region(i, { size, length, region: [start, end] }) {
    if (length === 1) return [(start + end) * (size - 1), 2];
    return [(start * (length - 1) + i * (end - start)) * (size - 1), length - 1];
  },
} as const satisfies Readonly<Record<string, (i: number, axis: Resampled) => Position>>;

export type Coordinates = keyof typeof COORDINATES;

export const ROUNDINGS = {
  floor: ({ first }) => first,
  ceiling: ({ first, rest }) => (rest > 0 ? first + 1 : first),
  'half-down': ({ first, rest, denominator }) => (2 * rest > denominator ? first + 1 : first),
  'half-up': ({ first, rest, denominator }) => (2 * rest >= denominator ? first + 1 : first),
  'floor-or-ceiling': ({ first, rest }, { step: [p, q] }) => (rest > 0 && p > q ? first + 1 : first),
} as const satisfies Readonly<Record<string, (place: Place, axis: Resampled) => number>>;

export type Rounding = keyof typeof ROUNDINGS;

/** How far a kernel of interpolation reaches, and its value at a distance. */
interface Kernel {
  readonly reach: number;
  readonly at: (distance: number) => number;
}

export const KERNELS = {
  linear: () => ({ reach: 1, at: (t) => Math.max(0, 1 - t) }),
  // Keys: (a + 2) t³ − (a + 3) t² + 1 up to 1, and a (t³ − 5 t² + 8 t − 4) up to 2.
  cubic: (a) => ({
    reach: 2,
    at(t) {
      if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0;
    },
  }),
} as const satisfies Readonly<Record<string, (a: number) => Kernel>>;

/** How samples are taken between elements. */
export interface Interpolation {
  readonly kernel: Kernel;
  /** The kernel is stretched where the axis shrinks. */
  readonly antialias: boolean;
  /** Elements outside count for nothing, where they else are those at the edge. */
  readonly excludeOutside: boolean;
}

/** ⌊numerator / denominator⌋ and the rest, neither of them of a rounded quotient. */
function placeOf([numerator, denominator]: Position): Place {
  let first = Math.floor(numerator / denominator);
  if (first * denominator > numerator) first--;
  else if ((first + 1) * denominator <= numerator) first++;
  return { first, rest: numerator - first * denominator, denominator };
}

/** The taps of sample i: an axis may become so long that those of all samples would take more memory than it. */
export type TapsAt = (i: number) => Taps;

export function nearestTaps(axis: Resampled, coordinates: Coordinates, rounding: Rounding): TapsAt {
  return (i) => {
    const place = ROUNDINGS[rounding](placeOf(COORDINATES[coordinates](i, axis)), axis);
    return { places: [clipped(place, axis.size)], weights: [1] };
  };
}

export function weighedTaps(axis: Resampled, coordinates: Coordinates, interpolation: Interpolation): TapsAt {
  return (i) => around(axis, placeOf(COORDINATES[coordinates](i, axis)), interpolation);
}

function around({ size, step: [p, q] }: Resampled, place: Place, interpolation: Interpolation): Taps {
  const { kernel, antialias, excludeOutside } = interpolation;
  const squeeze = antialias ? Math.min(1, q / p) : 1;
  const reach = Math.ceil(kernel.reach / squeeze);
  const places: number[] = [];
  const weights: number[] = [];
  for (let k = -reach; k <= reach + 1; k++) {
    const weight = kernel.at(Math.abs(k - place.rest / place.denominator) * squeeze);
    const at = place.first + k;
    // Elements of no weight are not looked at, whatever they are.
    if (weight === 0 || (excludeOutside && (at < 0 || at >= size))) continue;
    places.push(clipped(at, size));
    weights.push(weight);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { places, weights: antialias || excludeOutside ? weights.map((weight) => weight / total) : weights };
}

function clipped(place: number, size: number): number {
  return Math.min(Math.max(place, 0), size - 1);
}

/** Whether sample i lies outside of the axis. */
export function isOutside(axis: Resampled, coordinates: Coordinates): (i: number) => boolean {
  return (i) => {
    const [numerator, denominator] = COORDINATES[coordinates](i, axis);
    return numerator < 0 || numerator > (axis.size - 1) * denominator;
  };
}
