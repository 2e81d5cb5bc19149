/**
 * The ranges in which a model takes and gives the values of a picture. A file does not tell them, so they are asked for;
 * what comes out in another one than was asked for is a picture all the same, black or clipped, and that must be said.
 */
import { show } from '../errors.ts';
import { fail, readOneOf } from './arguments.ts';

export const RANGES = ['0..255', '0..1', '-1..1'] as const;
export type Range = (typeof RANGES)[number];

/** Of the pictures that go in and of those that come out: many models take bytes and give 0 … 1, or the other way. */
export interface Ranges {
  readonly in: Range;
  readonly out: Range;
}

export const USUAL: Ranges = { in: RANGES[0], out: RANGES[0] };

/** One range for both, or two joined by a comma. */
export function readRanges(text: string, who: string): Ranges {
  const read = readOneOf(RANGES);
  const [first, second = first, ...more] = text.split(',').map((part) => part.trim());
  if (more.length > 0) fail(`${who} expected one range, or two joined by a comma, in and out, got ${show(text)}`);
  return { in: read(first, who), out: read(second, who) };
}

/** What {@link readRanges} reads. */
export function rangesText(ranges: Ranges): string {
  return ranges.in === ranges.out ? ranges.in : `${ranges.in},${ranges.out}`;
}

const BOUNDS: Readonly<Record<Range, readonly [low: number, high: number]>> = {
  '0..255': [0, 255],
  '0..1': [0, 1],
  '-1..1': [-1, 1],
};

/** value = low + step · byte */
export function scaleOf(range: Range): { readonly low: number; readonly step: number } {
  const [low, high] = BOUNDS[range];
  return { low, step: (high - low) / 255 };
}

/** Enlarging overshoots at edges: that much of a good picture lies outside. */
const CLIPPED = 0.02;

/**
 * What is to be said of values that hardly are those of a picture in this range; null where nothing is.
 *
 * @param taken the range of the pictures that went in, which a better call keeps; that of what comes out if none did
 */
export function rangeNotice(values: Float32Array, range: Range, taken?: Range): string | null {
  const [low, high] = BOUNDS[range];
  const half = (high - low) / 510;
  let [least, greatest, outside, finite] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    finite++;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    if (value < low - half || value > high + half) outside++;
  }
  if (finite < values.length) return `${values.length - finite} of ${values.length} values are not finite`;
  const within = `within ${least.toPrecision(3)} … ${greatest.toPrecision(3)}`;
  const likely = likelyRange(least, greatest);
  const hint =
    likely === null || likely === range ? '' : `, try --range ${rangesText({ in: taken ?? likely, out: likely })}`;
  if (range === '0..255' && likely !== null && likely !== range) {
    return `all values lie ${within}, expected 0 … 255, so that the picture is nearly black${hint}`;
  }
  const isFar = Math.max(low - least, greatest - high) > high - low;
  if (outside <= CLIPPED * finite && !isFar) return null;
  const percent = (100 * outside) / finite;
  // With two digits alone a hundred would be 1.0e+2.
  const share = percent >= 99.5 ? '100' : percent.toPrecision(2);
  return `${share} % of the values lie outside ${low} … ${high} and are clipped, all lie ${within}${hint}`;
}

/** The range that such values are of, with some overshoot; null if none is near. */
function likelyRange(least: number, greatest: number): Range | null {
  if (Math.max(-least, greatest) <= 2) return least < -greatest / 10 ? '-1..1' : '0..1';
  return least >= -255 && greatest <= 510 ? '0..255' : null;
}
