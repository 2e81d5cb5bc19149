/**
 * Fourier transforms of one tile of 32 × 32 to 256 × 256, for kernels beyond 16, on one-dimensional transforms of
 * fft.js. The spectrum and the order of its positions are those of maths/fourier-layout.ts, so that the small tiles and
 * these differ in size alone.
 *
 * Two real sequences x and y go through one complex transform as z = x + iy, and are told apart by their symmetry:
 *
 *   X(k) = (Z(k) + conj Z(T − k)) / 2,   Y(k) = (Z(k) − conj Z(T − k)) / 2i,   Z(k) = X(k) + i Y(k).
 *
 * Neighbouring columns are such a pair, and so are the real rows F_0 and F_(T/2). That makes T/2 complex transforms of
 * columns and T/2 of rows: the scratch holds F_0 + i F_(T/2) as its row 0, and F_k as its row k.
 */

import { type ComplexFourier, complexFourier } from '../../maths/fft-js.ts';
import { type FourierTileSize, fourierPosition } from '../../maths/fourier-layout.ts';
import type { FourierEdge } from '../../maths/fourier-program.ts';
import type { Memory } from '../../tensor/memory.ts';
import { withKernelRows } from '../kernel-rows.ts';
import type { TileTransform, TileUnits } from '../table.ts';
import { fourierBias, fourierSizes } from '../tile-sizes.ts';

export const SCALAR_LARGE_UNITS: Readonly<Record<LargeFourierSize, TileUnits>> = {
  32: [24_000, 22_000, 20_000],
  64: [95_000, 75_000, 80_000],
  128: [420_000, 350_000, 350_000],
  256: [1_900_000, 1_600_000, 1_600_000],
};

/** Tiles that have no codelets. */
export type LargeFourierSize = Exclude<FourierTileSize, FourierEdge>;

/** Transforms of T points and their scratch; real and imaginary parts alternate. */
interface Workspace {
  readonly T: number;
  readonly fourier: ComplexFourier;
  readonly signal: Float64Array;
  readonly spectrum: Float64Array;
  /** The T/2 rows of the half spectrum, after the columns and before the rows are transformed. */
  readonly rows: readonly Float64Array[];
}

/** A pair of complex values that have been told apart. */
const pair = new Float64Array(4);

const workspaces = new Map<number, Workspace>();

/** The one workspace of each size, made when it is first asked for. */
function workspaceOf(T: number): Workspace {
  let workspace = workspaces.get(T);
  if (workspace === undefined) {
    const rows = Array.from({ length: T / 2 }, () => new Float64Array(2 * T));
    const [signal, spectrum] = [new Float64Array(2 * T), new Float64Array(2 * T)];
    workspace = { T, fourier: complexFourier(T), signal, spectrum, rows };
    workspaces.set(T, workspace);
  }
  return workspace;
}

/** The valid (T − r + 1) × (T − s + 1) correlations of a T × T tile with kernels of r × s; 1 ≤ r, s ≤ T. */
export function scalarFourierLargeTile(memory: Memory, tile: LargeFourierSize, r: number, s: number): TileTransform {
  const sizes = fourierSizes(tile, r, s);
  const { outputHeight, outputWidth } = sizes;
  const workspace = workspaceOf(tile);

  return withKernelRows({
    ...sizes,
    ...fourierBias(tile),
    wholeRows: false,

    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      for (let i = 0; i < count; i++) {
        forwardColumns(workspace, memory.f32, tile, tile, d + i * dStep, dPitch);
        forwardRows(workspace, memory.f32, writeInput, v + i * vStep, vPosition);
      }
    },

    kernel(count, g, gStep, u, uStep, uPosition) {
      for (let i = 0; i < count; i++) {
        forwardColumns(workspace, memory.f32, r, s, g + i * gStep, s);
        forwardRows(workspace, memory.f32, writeKernel, u + i * uStep, uPosition);
      }
    },

    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      for (let i = 0; i < count; i++) {
        inverseRows(workspace, memory.f32, m + i * mStep, mPosition);
        inverseColumns(workspace, memory.f32, outputHeight, outputWidth, y + i * yStep, yPitch);
      }
    },
  });
}

/** F_k of height × width elements at x, zero-padded to the tile, a pair of columns at a time. */
function forwardColumns(
  { T, fourier, signal, spectrum, rows }: Workspace,
  f32: Float32Array,
  height: number,
  width: number,
  x: number,
  pitch: number,
): void {
  signal.fill(0);
  for (let j = 0; j < T; j += 2) {
    if (j >= width) {
      for (let k = 0; k < T / 2; k++) rows[k].fill(0, 2 * j);
      return;
    }
    // z = x(·, j) + i x(·, j + 1)
    for (let i = 0; i < height; i++) {
      const o = x + i * pitch + j;
      signal[2 * i] = f32[o];
      signal[2 * i + 1] = j + 1 < width ? f32[o + 1] : 0;
    }
    fourier.transform(spectrum, signal);
    const row0 = rows[0];
    row0[2 * j] = spectrum[0];
    row0[2 * j + 1] = spectrum[T];
    row0[2 * j + 2] = spectrum[1];
    row0[2 * j + 3] = spectrum[T + 1];
    for (let k = 1; k < T / 2; k++) separate(spectrum, k, T, rows[k], 2 * j, 2 * j + 2);
  }
}

/** X(k) to place a of out and Y(k) to place b, from the transform Z of x + iy. */
function separate(Z: Float64Array, k: number, T: number, out: Float64Array, a: number, b: number): void {
  const re = Z[2 * k];
  const im = Z[2 * k + 1];
  const oppositeRe = Z[2 * (T - k)];
  const oppositeIm = Z[2 * (T - k) + 1];
  out[a] = 0.5 * (re + oppositeRe);
  out[a + 1] = 0.5 * (im - oppositeIm);
  out[b] = 0.5 * (im + oppositeIm);
  out[b + 1] = 0.5 * (oppositeRe - re);
}

/** Z(k) and Z(T − k) of x + iy from X(k) = a + ib and Y(k) = c + id. */
function join(Z: Float64Array, k: number, T: number, a: number, b: number, c: number, d: number): void {
  Z[2 * k] = a - d;
  Z[2 * k + 1] = b + c;
  Z[2 * (T - k)] = a + d;
  Z[2 * (T - k) + 1] = c - b;
}

type WritePlanes = (f32: Float32Array, o: number, step: number, re: number, im: number) => void;

/** V = (a + b, b, a) */
const writeInput: WritePlanes = (f32, o, step, a, b) => {
  f32[o] = a + b;
  f32[o + step] = b;
  f32[o + 2 * step] = a;
};

/** U = (c, c − d, c + d) */
const writeKernel: WritePlanes = (f32, o, step, c, d) => {
  f32[o] = c;
  f32[o + step] = c - d;
  f32[o + 2 * step] = c + d;
};

/** X(k, l) of the rows F_k to the positions of y. */
function forwardRows(
  { T, fourier, spectrum, rows }: Workspace,
  f32: Float32Array,
  write: WritePlanes,
  y: number,
  step: number,
): void {
  const half = T / 2;
  fourier.transform(spectrum, rows[0]);
  f32[y + fourierPosition(T, 0, 0) * step] = spectrum[0];
  f32[y + fourierPosition(T, half, 0) * step] = spectrum[1];
  f32[y + fourierPosition(T, 0, half) * step] = spectrum[T];
  f32[y + fourierPosition(T, half, half) * step] = spectrum[T + 1];
  for (let l = 1; l < half; l++) {
    separate(spectrum, l, T, pair, 0, 2);
    write(f32, (y + fourierPosition(T, 0, l) * step) | 0, step, pair[0], pair[1]);
    write(f32, (y + fourierPosition(T, half, l) * step) | 0, step, pair[2], pair[3]);
  }
  for (let k = 1; k < half; k++) {
    fourier.transform(spectrum, rows[k]);
    let o = (y + fourierPosition(T, k, 0) * step) | 0;
    for (let l = 0; l < T; l++) {
      write(f32, o, step, spectrum[2 * l], spectrum[2 * l + 1]);
      o = (o + 3 * step) | 0;
    }
  }
}

/** The rows F_k from the positions of m: Y = (m1 − m2) + i (m1 − m3). */
function inverseRows({ T, fourier, spectrum, rows }: Workspace, f32: Float32Array, m: number, step: number): void {
  const half = T / 2;
  spectrum[0] = f32[m + fourierPosition(T, 0, 0) * step];
  spectrum[1] = f32[m + fourierPosition(T, half, 0) * step];
  spectrum[T] = f32[m + fourierPosition(T, 0, half) * step];
  spectrum[T + 1] = f32[m + fourierPosition(T, half, half) * step];
  for (let l = 1; l < half; l++) {
    const x = (m + fourierPosition(T, 0, l) * step) | 0;
    const y = (m + fourierPosition(T, half, l) * step) | 0;
    const x1 = f32[x];
    const y1 = f32[y];
    join(spectrum, l, T, x1 - f32[x + step], x1 - f32[x + 2 * step], y1 - f32[y + step], y1 - f32[y + 2 * step]);
  }
  fourier.inverseTransform(rows[0], spectrum);
  for (let k = 1; k < half; k++) {
    let o = (m + fourierPosition(T, k, 0) * step) | 0;
    for (let l = 0; l < T; l++) {
      const m1 = f32[o];
      spectrum[2 * l] = m1 - f32[o + step];
      spectrum[2 * l + 1] = m1 - f32[o + 2 * step];
      o = (o + 3 * step) | 0;
    }
    fourier.inverseTransform(rows[k], spectrum);
  }
}

/** The first height × width elements of the tile whose columns have the spectra F_k. */
function inverseColumns(
  { T, fourier, signal, spectrum, rows }: Workspace,
  f32: Float32Array,
  height: number,
  width: number,
  y: number,
  pitch: number,
): void {
  for (let j = 0; j < width; j += 2) {
    const row0 = rows[0];
    spectrum[0] = row0[2 * j];
    spectrum[T] = row0[2 * j + 1];
    spectrum[1] = row0[2 * j + 2];
    spectrum[T + 1] = row0[2 * j + 3];
    for (let k = 1; k < T / 2; k++) {
      const row = rows[k];
      join(spectrum, k, T, row[2 * j], row[2 * j + 1], row[2 * j + 2], row[2 * j + 3]);
    }
    fourier.inverseTransform(signal, spectrum);
    for (let i = 0; i < height; i++) {
      const o = y + i * pitch + j;
      f32[o] = signal[2 * i];
      if (j + 1 < width) f32[o + 1] = signal[2 * i + 1];
    }
  }
}
