/**
 * Fourier transforms of one tile by their definition, in double: X(k, l) = Σ_ij x(i, j) · e^(−2πi (ki + lj) / T), and
 * back with the other sign and 1/T². The positions and Gauss's three numbers are those of maths/fourier-layout.ts.
 */

import * as layout from '../../maths/fourier-layout.ts';
import type { Memory } from '../../tensor/memory.ts';
import { withKernelRows } from '../kernel-rows.ts';
import type { TileTransform, TileUnits } from '../table.ts';
import { fourierBias, fourierSizes } from '../tile-sizes.ts';

/** V of a + ib, U of c + id. */
const inputPlanes = (a: number, b: number) => [a + b, b, a];
const kernelPlanes = (c: number, d: number) => [c, c - d, c + d];

export const REFERENCE_FOURIER_UNITS: Readonly<Record<layout.FourierTileSize, TileUnits>> = {
  8: [20_000, 20_000, 20_000],
  16: [200_000, 200_000, 200_000],
  32: [2e6, 2e6, 2e6],
  64: [3e7, 3e7, 3e7],
  128: [5e8, 5e8, 5e8],
  256: [8e9, 8e9, 8e9],
};

export function referenceFourierTile(memory: Memory, T: layout.FourierTileSize, r: number, s: number): TileTransform {
  /** X of the height × width elements at x, zero-padded to the tile, to the positions of y. */
  const forward = (
    [height, width, x, pitch]: readonly number[],
    [y, yPosition]: readonly number[],
    planes: (re: number, im: number) => number[],
  ): void => {
    const re = new Float64Array(T * T);
    for (let n = 0; n < height * width; n++) {
      const [i, j] = [Math.floor(n / width), n % width];
      re[i * T + j] = memory.f32[x + i * pitch + j];
    }
    const X = ofRows(T, ofRows(T, { re, im: new Float64Array(T * T) }, -1), -1);
    for (const [k, l] of layout.halfSpectrum(T)) {
      const [a, b] = [X.re[k * T + l], X.im[k * T + l]];
      (layout.isRealFrequency(T, k, l) ? [a] : planes(a, b)).forEach((value, n) => {
        memory.f32[y + (layout.fourierPosition(T, k, l) + n) * yPosition] = value;
      });
    }
  };

  return withKernelRows({
    ...fourierSizes(T, r, s),
    ...fourierBias(T),
    wholeRows: false,
    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      for (let i = 0; i < count; i++) forward([T, T, d + i * dStep, dPitch], [v + i * vStep, vPosition], inputPlanes);
    },
    kernel(count, g, gStep, u, uStep, uPosition) {
      for (let i = 0; i < count; i++) forward([r, s, g + i * gStep, s], [u + i * uStep, uPosition], kernelPlanes);
    },
    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      for (let i = 0; i < count; i++) {
        const [re, im] = [new Float64Array(T * T), new Float64Array(T * T)];
        for (const [k, l] of layout.halfSpectrum(T)) {
          const plane = (n: number) => memory.f32[m + i * mStep + (layout.fourierPosition(T, k, l) + n) * mPosition];
          const [a, b] = layout.isRealFrequency(T, k, l) ? [plane(0), 0] : [plane(0) - plane(1), plane(0) - plane(2)];
          const [at, opposite] = [k * T + l, ((T - k) % T) * T + ((T - l) % T)];
          [re[at], im[at], re[opposite], im[opposite]] = [a, b, a, -b];
        }
        const x = ofRows(T, ofRows(T, { re, im }, 1), 1).re;
        for (let p = 0; p <= T - r; p++) {
          for (let q = 0; q <= T - s; q++) memory.f32[y + i * yStep + p * yPitch + q] = x[p * T + q] / T ** 2;
        }
      }
    },
  });
}

/** The transform of every row by e^(sign · 2πi/T), transposed: done twice, it transforms both axes. */
function ofRows(T: number, x: { re: Float64Array; im: Float64Array }, sign: number): typeof x {
  const X = { re: new Float64Array(T * T), im: new Float64Array(T * T) };
  const cos = X.re.slice(0, T).map((_, n) => Math.cos((2 * Math.PI * n) / T));
  const sin = X.re.slice(0, T).map((_, n) => sign * Math.sin((2 * Math.PI * n) / T));
  for (let n = 0; n < T ** 3; n++) {
    const [i, l, j] = [Math.floor(n / T ** 2), Math.floor(n / T) % T, n % T];
    const angle = (l * j) % T;
    X.re[l * T + i] += x.re[i * T + j] * cos[angle] - x.im[i * T + j] * sin[angle];
    X.im[l * T + i] += x.re[i * T + j] * sin[angle] + x.im[i * T + j] * cos[angle];
  }
  return X;
}
