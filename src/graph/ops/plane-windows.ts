/** General windows as those of the operations over planes, which have kernels. */
import type { Padding } from '../../tensor/convolution-shape.ts';
import { reachOf } from '../../tensor/windows.ts';
import type { Size } from '../values.ts';
import { type WindowsOver, windowAxes } from './windows-nd.ts';

/** Two numbers as those of a plane. */
export function planeAxes(
  numbers: readonly number[] | undefined,
): { readonly height: number; readonly width: number } | undefined {
  return numbers && { height: numbers[0], width: numbers[1] };
}

/**
 * The padding of planes with which all windows lie inside; 'same' where it may be any size, null where the sizes must be
 * known first.
 */
export function explicitPadding(windows: WindowsOver, sizes: readonly Size[]): Padding | 'same' | null {
  const { padding } = windows.attributes;
  if (padding === 'same') return padding;
  if (padding !== 'same-lower' && !windows.mayHangOver) return sidesOfAxes(padding?.before, padding?.after);
  if (!sizes.every((size) => typeof size === 'number')) return null;
  const axes = windowAxes(windows, sizes);
  // Windows that hang over the edge lie inside of more padding.
  const after = axes.map(({ size, taps, stride, dilation, before, count }) =>
    Math.max((count - 1) * stride + reachOf(taps, dilation) - before - size, 0),
  );
  return sidesOfAxes(
    axes.map(({ before }) => before),
    after,
  );
}

function sidesOfAxes([top, left]: readonly number[] = [0, 0], [bottom, right]: readonly number[] = [0, 0]): Padding {
  return { top, right, bottom, left };
}
