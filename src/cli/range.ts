/**
 * The range in which a model takes and gives the values of a picture. A file does not tell it, so it is asked for; what
 * comes out in another one than was asked for is a picture all the same, black or clipped, and that must be said.
 */

export const RANGES = ['0..255', '0..1', '-1..1'] as const;
export type Range = (typeof RANGES)[number];

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

/** What is to be said of values that hardly are those of a picture in this range; null where nothing is. */
export function rangeNotice(values: Float32Array, range: Range): string | null {
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
  const hint = likely === null || likely === range ? '' : `, try --range ${likely}`;
  if (range === '0..255' && likely !== null && likely !== range) {
    return `all values lie ${within}, expected 0 … 255, so that the picture is nearly black${hint}`;
  }
  const isFar = Math.max(low - least, greatest - high) > high - low;
  if (outside <= CLIPPED * finite && !isFar) return null;
  const share = `${((100 * outside) / finite).toPrecision(2)} % of the values`;
  return `${share} lie outside ${low} … ${high} and are clipped, all lie ${within}${hint}`;
}

/** The range that such values are of, with some overshoot; null if none is near. */
function likelyRange(least: number, greatest: number): Range | null {
  if (Math.max(-least, greatest) <= 2) return least < -greatest / 10 ? '-1..1' : '0..1';
  return least >= -255 && greatest <= 510 ? '0..255' : null;
}
