/** What convolutions and poolings move over planes whose sizes may not be known yet; src/tensor/windows.ts has the formulas. */
import { type ErrorCode, NnpackError } from '../../errors.ts';
import { type AxisWindows, windowsAlong } from '../../tensor/windows.ts';
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
  const rows = alongAxis(window, 0, height);
  const columns = alongAxis(window, 1, width);
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
  if (typeof size === 'number') return alongAxis(window, axis, size).count;
  if (window.stride[axis] !== 1) return null;
  // At the stride 1 there are as many as elements, however many these are, with 'same' or one zero less than a window.
  const { top, right, bottom, left } = window.padding;
  const zeros = axis === 0 ? top + bottom : left + right;
  return window.convention === 'same' || zeros === window.span[axis] - 1 ? size : null;
}

/** The windows along an axis of `size` elements: the padding before and after it, and how many there are. */
function alongAxis({ node, ...window }: Window, axis: 0 | 1, size: number): AxisWindows {
  const { top, right, bottom, left } = window.padding;
  const [before, after] = axis === 0 ? [top, bottom] : [left, right];
  const found = windowsAlong(window.convention, size, before, after, window.span[axis], window.stride[axis]);
  if (found !== null) return found;
  const what = `a window of ${window.span[axis]} does not fit the padded input of ${size + before + after}`;
  throw new NnpackError(window.misfit, `${whoIs(node)}: ${what}`);
}
