/**
 * Along one axis of H elements, a window of k elements, `dilation` apart, spans e = dilation · (k − 1) + 1, and with
 * p zeros before and q after it starts at every stride-th place:
 *
 *     valid   ⌊(H + p + q − e) / stride⌋ + 1 windows
 *     full    ⌈(H + p + q − e) / stride⌉ + 1 windows, the last of which may hang over the edge; one where e > H + p + q
 *     same    ⌈H / stride⌉ windows; p + q is what they need, the odd zero in q (TensorFlow's rule)
 */
import { type ErrorCode, NnpackError } from '../../errors.ts';
import type { PoolingConvention, Sides } from '../attributes.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import type { Size } from '../values.ts';
import { expectPlanes } from './inputs.ts';

/** What a convolution or pooling moves over a plane. */
export interface Window {
  readonly node: Pick<OpNode<unknown>, 'name' | 'op'>;
  readonly span: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  /** What 'same' does not read. */
  readonly padding: Sides;
  readonly convention: PoolingConvention;
  /** Of the error where it fits nowhere. */
  readonly misfit: ErrorCode;
}

/** The windows over a plane: the padding in use, and how many windows there are. */
export interface Windows {
  readonly padding: Sides;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/** The windows over a plane of height × width. */
export function windowsOf(window: Window, height: number, width: number): Windows {
  const rows = windowsAlong(window, 0, height);
  const columns = windowsAlong(window, 1, width);
  return {
    padding: { top: rows.before, right: columns.after, bottom: rows.after, left: columns.before },
    outputHeight: rows.count,
    outputWidth: columns.count,
  };
}

/** The shape of `channels` planes of an output for each window over an input [N, C, H, W]. */
export function windowedShape(window: Window, input: readonly Size[] | null, channels: Size): Sizes {
  const [batch, , height, width] = expectPlanes(window.node, input);
  return [batch, channels, windowCount(window, 0, height), windowCount(window, 1, width)];
}

function windowCount(window: Window, axis: 0 | 1, size: Size): Size | null {
  if (typeof size === 'number') return windowsAlong(window, axis, size).count;
  // 'same' at the stride 1 has as many as there are elements, however many these are.
  return window.convention === 'same' && window.stride[axis] === 1 ? size : null;
}

/** The windows along an axis of `size` elements: the padding before and after it, and how many there are. */
function windowsAlong(window: Window, axis: 0 | 1, size: number): { before: number; after: number; count: number } {
  const { node, convention, misfit } = window;
  const span = window.span[axis];
  const stride = window.stride[axis];
  if (convention === 'same') {
    // count = ⌈H / stride⌉, p + q = max((count − 1) · stride + e − H, 0), p = ⌊(p + q) / 2⌋
    const count = Math.ceil(size / stride);
    const zeros = Math.max((count - 1) * stride + span - size, 0);
    const before = Math.floor(zeros / 2);
    return { before, after: zeros - before, count };
  }
  const { top, right, bottom, left } = window.padding;
  const [before, after] = axis === 0 ? [top, bottom] : [left, right];
  const free = size + before + after - span;
  if (convention === 'full') return { before, after, count: Math.ceil(Math.max(free, 0) / stride) + 1 };
  if (free < 0) {
    const what = `a window of ${span} does not fit the padded input of ${size + before + after}`;
    throw new NnpackError(misfit, `${whoIs(node)}: ${what}`);
  }
  return { before, after, count: Math.floor(free / stride) + 1 };
}
