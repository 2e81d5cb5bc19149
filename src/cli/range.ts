/**
 * The values that a model takes and gives for the bytes of a picture. Few files tell them, so they are asked for; what comes
 * out in another range than was asked for is a picture all the same, black or clipped, and that must be said.
 */
import { show } from '../errors.ts';
import { fail } from './arguments.ts';

export const RANGES = ['0..255', '0..1', '-1..1'] as const;

/** Black to white as a range, or each channel less its mean and divided by its deviation. */
export type Range = (typeof RANGES)[number] | Normalised;

/** value = (byte − mean) / deviation, red, green and blue. */
export interface Normalised {
  readonly text: string;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Those of the pictures of ImageNet, by which most classifiers are trained. */
export const IMAGENET: Normalised = {
  text: 'imagenet',
  mean: [0.485, 0.456, 0.406].map((x) => 255 * x),
  deviation: [0.229, 0.224, 0.225].map((x) => 255 * x),
};

/** Of the pictures that go in and of those that come out: many models take bytes and give 0 … 1, or the other way. */
export interface Ranges {
  readonly in: Range;
  readonly out: Range;
}

export const USUAL: Ranges = { in: RANGES[0], out: RANGES[0] };

/** What `--range` takes, for its help. */
export const RANGE_HELP = `${RANGES.join(', ')} or imagenet`;

/** One range for both, or two joined by a comma; or a mean and a deviation, and a range of what comes out behind them. */
export function readRanges(text: string, who: string): Ranges {
  const parts = text.split(',').map((part) => part.trim());
  const numbers = parts.slice(0, 2).map(readNumbers);
  if (numbers.length === 2 && numbers[0] !== null && numbers[1] !== null) {
    const range = normalised(parts.slice(0, 2).join(','), numbers[0], numbers[1], who);
    if (parts.length > 3) fail(`${who} expected mean,deviation or mean,deviation,range, got ${show(text)}`);
    return { in: range, out: parts.length === 3 ? readRange(parts[2], who) : range };
  }
  const [first, second = first, ...more] = parts;
  if (more.length > 0) fail(`${who} expected one range, or two joined by a comma, in and out, got ${show(text)}`);
  return { in: readRange(first, who), out: readRange(second, who) };
}

function readRange(text: string, who: string): Range {
  const known = RANGES.find((range) => range === text);
  if (known !== undefined) return known;
  if (text === IMAGENET.text) return IMAGENET;
  return fail(`${who} expected one of ${RANGES.join(', ')}, imagenet or mean,deviation, got ${show(text)}`);
}

/** A number for all channels, or three joined by slashes. */
function readNumbers(text: string): readonly number[] | null {
  const numbers = text
    .split('/')
    .map((part) => (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(part) ? Number(part) : Number.NaN));
  if (numbers.some(Number.isNaN) || (numbers.length !== 1 && numbers.length !== 3)) return null;
  return numbers.length === 1 ? [numbers[0], numbers[0], numbers[0]] : numbers;
}

function normalised(text: string, mean: readonly number[], deviation: readonly number[], who: string): Normalised {
  if (deviation.some((x) => x <= 0)) fail(`${who} expected a deviation above 0, got ${show(text)}`);
  return { text, mean, deviation };
}

export function rangeText(range: Range): string {
  return typeof range === 'string' ? range : range.text;
}

/** What {@link readRanges} reads. */
export function rangesText(ranges: Ranges): string {
  const [first, second] = [ranges.in, ranges.out].map(rangeText);
  return first === second ? first : `${first},${second}`;
}

const BOUNDS: Readonly<Record<(typeof RANGES)[number], readonly [low: number, high: number]>> = {
  '0..255': [0, 255],
  '0..1': [0, 1],
  '-1..1': [-1, 1],
};

/** value = low + step · byte, for a channel: 0 red, 1 green, 2 blue. */
export function scaleOf(range: Range, channel = 0): { readonly low: number; readonly step: number } {
  if (typeof range !== 'string') {
    const step = 1 / range.deviation[channel];
    return { low: -range.mean[channel] * step, step };
  }
  const [low, high] = BOUNDS[range];
  return { low, step: (high - low) / 255 };
}

/** Of all channels. */
function boundsOf(range: Range): readonly [low: number, high: number] {
  if (typeof range === 'string') return BOUNDS[range];
  const scales = [0, 1, 2].map((channel) => scaleOf(range, channel));
  return [Math.min(...scales.map(({ low }) => low)), Math.max(...scales.map(({ low, step }) => low + 255 * step))];
}

/** Enlarging overshoots at edges: that much of a good picture lies outside. */
const CLIPPED = 0.02;

/**
 * What is to be said of values that hardly are those of a picture in this range; null where nothing is.
 *
 * @param taken the range of the pictures that went in, which a better call keeps; that of what comes out if none did
 */
export function rangeNotice(values: Iterable<number>, range: Range, taken?: Range): string | null {
  const [low, high] = boundsOf(range);
  const half = (high - low) / 510;
  let [least, greatest, outside, finite, all] = [Infinity, -Infinity, 0, 0, 0];
  for (const value of values) {
    all++;
    if (!Number.isFinite(value)) continue;
    finite++;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    if (value < low - half || value > high + half) outside++;
  }
  if (finite < all) return `${all - finite} of ${all} values are not finite`;
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
function likelyRange(least: number, greatest: number): (typeof RANGES)[number] | null {
  if (Math.max(-least, greatest) <= 2) return least < -greatest / 10 ? '-1..1' : '0..1';
  return least >= -255 && greatest <= 510 ? '0..255' : null;
}
