/**
 * Maxima that start from a least number in place of −∞, as MXNet's do: NaN, which is greater than nothing, is passed
 * over, and what holds nothing greater gives that number.
 */
import { NnpackError, show } from '../../errors.ts';
import type { PoolingShape } from '../../layers/pooling-shape.ts';

export interface MaximaAttributes {
  /** −∞ when not given, and NaN is then greater than all. */
  readonly least?: number;
}

/** @throws NnpackError for NaN, and what is no number */
export function parseLeast(who: string, least: unknown): number | undefined {
  if (least === undefined || (typeof least === 'number' && !Number.isNaN(least))) return least;
  throw new NnpackError('invalid-argument', `${who}: least is ${show(least)}, expected a number`);
}

/** The greater one, as a least number wants it. */
export function greaterFrom(least: number | undefined): (most: number, x: number) => number {
  if (least === undefined) return (most, x) => Math.max(most, x);
  return (most, x) => {
    if (x > most) return x;
    return most;
  };
}

/** Looks again at the windows whose maximum is NaN or below the least number. They are few, or the input is odd. */
export function raiseToLeast(f32: Float32Array, shape: PoolingShape, x: number, y: number, least: number): void {
  const { batch, channels, inputHeight, inputWidth, outputHeight, outputWidth } = shape;
  const windows = outputHeight * outputWidth;
  for (let i = 0; i < batch * channels * windows; i++) {
    if (f32[y + i] >= least) continue;
    const plane = x + Math.floor(i / windows) * inputHeight * inputWidth;
    const [row, column] = [Math.floor((i % windows) / outputWidth), i % outputWidth];
    f32[y + i] = greatestAbove(f32, shape, plane, row, column, least);
  }
}

function greatestAbove(
  f32: Float32Array,
  shape: PoolingShape,
  plane: number,
  row: number,
  column: number,
  least: number,
): number {
  const { inputHeight, inputWidth, poolHeight, poolWidth } = shape;
  const [top, left] = [row * shape.strideHeight - shape.paddingTop, column * shape.strideWidth - shape.paddingLeft];
  let most = least;
  for (let r = Math.max(top, 0); r < Math.min(top + poolHeight, inputHeight); r++) {
    for (let c = Math.max(left, 0); c < Math.min(left + poolWidth, inputWidth); c++) {
      const value = f32[plane + r * inputWidth + c];
      if (value > most) most = value;
    }
  }
  return most;
}
