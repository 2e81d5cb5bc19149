/**
 * The windows along one axis of H elements, with p zeros before and q after. A window reaches over e elements, e = k of a
 * pooling and dilation · (k − 1) + 1 of a kernel, and the next one begins s further on:
 *
 *   valid   ⌊(H + p + q − e) / s⌋ + 1 windows, all of them inside the padded input
 *   full    ⌈(H + p + q − e) / s⌉ + 1 windows, the last of which may hang over the edge; one where e > H + p + q
 *   same    ⌈H / s⌉ windows; p + q is what they need, p the smaller half (TensorFlow's rule)
 */

/** How many windows there are. */
export type WindowConvention = 'valid' | 'full' | 'same';

/** The zeros before and after the input, and how many windows there are. */
export interface AxisWindows {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

/** The elements that k taps reach over. */
export function reachOf(taps: number, dilation: number): number {
  return dilation * (taps - 1) + 1;
}

/**
 * The windows along an axis; null where a window is longer than what it is to lie in.
 *
 * @param before p, which 'same' does not read, as little as `after`
 */
export function windowsAlong(
  convention: WindowConvention,
  size: number,
  before: number,
  after: number,
  reach: number,
  stride: number,
): AxisWindows | null {
  if (convention === 'same') {
    const count = Math.ceil(size / stride);
    // p + q = max((count − 1) · s + e − H, 0), p = ⌊(p + q) / 2⌋
    const zeros = Math.max((count - 1) * stride + reach - size, 0);
    const first = Math.floor(zeros / 2);
    return { before: first, after: zeros - first, count };
  }
  const free = before + size + after - reach;
  if (convention === 'full') return { before, after, count: Math.ceil(Math.max(free, 0) / stride) + 1 };
  return free < 0 ? null : { before, after, count: Math.floor(free / stride) + 1 };
}
