/** Samples of planes that are made of two rows and two columns at most: read, and their gradients sent back. */
import type { TapsAt } from '../graph/ops/resampling-taps.ts';

/** Two places for each sample of an axis, and the part of the second. */
export interface TapsTable {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly part: Float64Array;
}

/** How planes of a height and width are sampled. */
export interface Taps2D {
  readonly height: number;
  readonly width: number;
  readonly rows: TapsTable;
  readonly columns: TapsTable;
}

export function tapsTable(tapsAt: TapsAt, length: number): TapsTable {
  const [first, second, part] = [new Int32Array(length), new Int32Array(length), new Float64Array(length)];
  for (let i = 0; i < length; i++) {
    const { places, weights } = tapsAt(i);
    first[i] = places[0];
    second[i] = places[1] ?? places[0];
    part[i] = weights[1] ?? 0;
  }
  return { first, second, part };
}

/** y = the samples of x, for dense planes. */
export function readTaps(
  f32: Float32Array,
  { height, width, rows, columns }: Taps2D,
  planes: number,
  x: number,
  y: number,
): void {
  let to = y;
  for (let plane = x; plane < x + planes * height * width; plane += height * width) {
    for (let i = 0; i < rows.first.length; i++) {
      const [above, below, u] = [plane + rows.first[i] * width, plane + rows.second[i] * width, rows.part[i]];
      for (let j = 0; j < columns.first.length; j++) {
        const [left, right, v] = [columns.first[j], columns.second[j], columns.part[j]];
        const top = f32[above + left] + (f32[above + right] - f32[above + left]) * v;
        const bottom = f32[below + left] + (f32[below + right] - f32[below + left]) * v;
        f32[to++] = top + (bottom - top) * u;
      }
    }
  }
}

/** dx += the gradients dy of the samples, each by its parts. */
export function scatterTaps(
  f32: Float32Array,
  { height, width, rows, columns }: Taps2D,
  planes: number,
  dy: number,
  dx: number,
): void {
  let from = dy;
  for (let plane = dx; plane < dx + planes * height * width; plane += height * width) {
    for (let i = 0; i < rows.first.length; i++) {
      const [above, below, u] = [plane + rows.first[i] * width, plane + rows.second[i] * width, rows.part[i]];
      for (let j = 0; j < columns.first.length; j++) {
        const [left, right, v] = [columns.first[j], columns.second[j], columns.part[j]];
        const gradient = f32[from++];
        f32[above + left] += gradient * (1 - u) * (1 - v);
        f32[above + right] += gradient * (1 - u) * v;
        f32[below + left] += gradient * u * (1 - v);
        f32[below + right] += gradient * u * v;
      }
    }
  }
}
