/** What the attributes of operations are made of, beside numbers. */
import type { Padding, PerAxis } from '../tensor/convolution-shape.ts';
import type { WindowConvention } from '../tensor/windows.ts';

/** max(x, 0), x where it is positive and slope · x elsewhere, or x held between min and max. */
export type Activation =
  | 'relu'
  | { readonly type: 'leaky'; readonly slope: number }
  | { readonly type: 'clamp'; readonly min: number; readonly max: number };

/** Padding with every side told. */
export interface Sides {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/**
 * How many windows there are: 'valid' ⌊(H + padding − size) / stride⌋ + 1, 'full' the same with ⌈ ⌉ (the last window may
 * hang over the edge), 'same' ⌈H / stride⌉ with the padding that this needs.
 */
export type PoolingConvention = WindowConvention;

/** Both axes of a number or a pair. */
export function axesOf(value: PerAxis): readonly [height: number, width: number] {
  return typeof value === 'number' ? [value, value] : [value.height, value.width];
}

/** All four sides of a padding. */
export function sidesOf(padding: Padding): Sides {
  if (typeof padding === 'number') return { top: padding, right: padding, bottom: padding, left: padding };
  const { top = 0, right = 0, bottom = 0, left = 0 } = padding;
  return { top, right, bottom, left };
}
