/** The windows of references over any number of axes: counted one by one, and sharing nothing with what runs. */
import { sameAxis, validAxis } from './double.ts';
import type { WindowAttributes } from './windows-nd.ts';

/** One element of a window. */
export interface Tap {
  /** Which of the window's. */
  readonly tap: readonly number[];
  /** Where it stands in the input. */
  readonly place: readonly number[];
  readonly isInside: boolean;
  /** Whether it is in the input or its padding. */
  readonly isPadded: boolean;
}

export interface CountedWindows {
  readonly counts: readonly number[];
  tapsOf(window: readonly number[]): readonly Tap[];
}

interface Along {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

export function countedWindows(
  { stride, dilation, padding }: WindowAttributes,
  taps: readonly number[],
  sizes: readonly number[],
  mayHangOver: boolean,
  keepsOutside = false,
): CountedWindows {
  const along = sizes.map((size, axis): Along => {
    const step = stride?.[axis] ?? 1;
    const span = (taps[axis] - 1) * (dilation?.[axis] ?? 1) + 1;
    if (typeof padding === 'string') return sameAlong(padding, size, span, step);
    const [before, after] = [padding?.before[axis] ?? 0, padding?.after[axis] ?? 0];
    if (!mayHangOver) return { before, after, count: validAxis(size, before, after, span, step)[1] };
    let count = 0;
    // Another one begins where the last has left elements over, if it begins before the padding behind.
    while (
      (keepsOutside || count * step < before + size) &&
      (count === 0 || (count - 1) * step + span < before + size + after)
    )
      count++;
    return { before, after, count };
  });
  const inPlace = (window: readonly number[], tap: readonly number[]) =>
    tap.map((t, axis) => window[axis] * (stride?.[axis] ?? 1) - along[axis].before + t * (dilation?.[axis] ?? 1));
  return {
    counts: along.map(({ count }) => count),
    tapsOf(window) {
      return indicesOf(taps).map((tap): Tap => {
        const place = inPlace(window, tap);
        const isInside = place.every((at, axis) => at >= 0 && at < sizes[axis]);
        const isPadded = place.every((at, axis) => at >= -along[axis].before && at < sizes[axis] + along[axis].after);
        return { tap, place, isInside, isPadded };
      });
    },
  };
}

function sameAlong(padding: 'same' | 'same-lower', size: number, span: number, step: number): Along {
  const [less, count] = sameAxis(size, span, step);
  const missing = Math.max((count - 1) * step + span - size, 0);
  return padding === 'same'
    ? { before: less, after: missing - less, count }
    : { before: missing - less, after: less, count };
}

/** Every index of a shape, in order. */
export function indicesOf(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.reduce<readonly (readonly number[])[]>(
    (indices, size) => indices.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}
