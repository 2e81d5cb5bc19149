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

/** Where a sample reads, the parts of the second row and column, and its own place. */
type Sample = (
  topLeft: number,
  topRight: number,
  bottomLeft: number,
  bottomRight: number,
  u: number,
  v: number,
  at: number,
) => void;

/** All samples of dense planes at `x`; their own places begin at `y`. */
function eachSample(
  { height, width, rows, columns }: Taps2D,
  planes: number,
  x: number,
  y: number,
  sample: Sample,
): void {
  let at = y;
  for (let plane = x; plane < x + planes * height * width; plane += height * width) {
    for (let i = 0; i < rows.first.length; i++) {
      const [above, below, u] = [plane + rows.first[i] * width, plane + rows.second[i] * width, rows.part[i]];
      for (let j = 0; j < columns.first.length; j++) {
        const [left, right, v] = [columns.first[j], columns.second[j], columns.part[j]];
        sample(above + left, above + right, below + left, below + right, u, v, at++);
      }
    }
  }
}

/** y = the samples of x. */
export function readTaps(f32: Float32Array, taps: Taps2D, planes: number, x: number, y: number): void {
  eachSample(taps, planes, x, y, (topLeft, topRight, bottomLeft, bottomRight, u, v, at) => {
    const top = f32[topLeft] + (f32[topRight] - f32[topLeft]) * v;
    const bottom = f32[bottomLeft] + (f32[bottomRight] - f32[bottomLeft]) * v;
    f32[at] = top + (bottom - top) * u;
  });
}

/** dx += the gradients dy of the samples, each by its parts. */
export function scatterTaps(f32: Float32Array, taps: Taps2D, planes: number, dy: number, dx: number): void {
  eachSample(taps, planes, dx, dy, (topLeft, topRight, bottomLeft, bottomRight, u, v, at) => {
    const gradient = f32[at];
    f32[topLeft] += gradient * (1 - u) * (1 - v);
    f32[topRight] += gradient * (1 - u) * v;
    f32[bottomLeft] += gradient * u * (1 - v);
    f32[bottomRight] += gradient * u * v;
  });
}
