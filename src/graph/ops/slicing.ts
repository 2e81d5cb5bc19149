/** How an operation works on slices of a picture; how a whole network does follows from this in slices.ts. */
import { show } from '../../errors.ts';
import type { Sizes } from '../node.ts';
import { type Window, windowsOf } from './windows.ts';

/** Rows or columns: [lo, hi). */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

export interface Slicing {
  /** By how much it enlarges. */
  readonly scale: readonly [height: number, width: number];
  /**
   * The rows (axis 0) or columns (axis 1) of its input that it needs for those of its output, if both went on without
   * end: the same for all that lie a whole period apart. A slice must not see what the operation itself puts around its
   * input, so a row of that kind needs one outside of the input.
   */
  needed(axis: 0 | 1, output: Interval): Interval;
}

/** Each output depends on the input at its own place alone. */
export const PIXELWISE: Slicing = { scale: [1, 1], needed: (_axis, output) => output };

/** Whether a value is the same for all rows and columns of a picture that it is stretched to. */
export function isOnePixel(shape: Sizes): boolean {
  return shape.slice(-2).every((size) => size === 1);
}

export const WHOLE_PICTURE = 'each output depends on the whole picture';

/** A window of span e with p zeros before: [lo, hi) ← [lo − p, hi − p + e − 1). */
export function windowSlicing(window: Window): Slicing | string {
  const { span, stride } = window;
  if (stride.some((step) => step !== 1)) return `slices need the stride 1, got ${show([...stride])}`;
  // 'same' at the stride 1 puts as many zeros around planes of any size.
  const { top, left } = windowsOf(window, ...span).padding;
  return {
    scale: [1, 1],
    needed(axis, { lo, hi }) {
      const before = axis === 0 ? top : left;
      return { lo: lo - before, hi: hi - before + span[axis] - 1 };
    },
  };
}
