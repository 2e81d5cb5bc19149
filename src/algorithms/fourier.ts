/**
 * Convolution through the Fourier domain, by overlap-save on tiles of T × T:
 *
 *   y = F⁻¹[F(x) ⊙ conj(F(w))]       the top-left (T − r + 1) × (T − s + 1) of it
 *
 * with (T / (T − r + 1))² · 1.5 multiplications or so for an output, whatever the kernel's size: each of a tile's
 * T² / 2 − 2 complex positions takes three real products (Gauss), where NNPACK takes four, and each of its four real
 * positions one. The frame sees them all as real positions.
 *
 * `ft8x8` and `ft16x16` are straight-line codelets; the larger tiles, which NNPACK does not have, run on `fft.js` and
 * serve kernels beyond 16 × 16.
 *
 * Sources: Mathieu, Henaff & LeCun (2013); Vasilache et al., fbfft (2014); NNPACK, src/ref/fft and
 * src/convolution-inference.c; the layout of a transformed tile is in `maths/fourier-layout.ts`.
 */

import { fourierRange } from '../maths/fourier-range.ts';
import { FOURIER_TILES, type FourierTile } from '../maths/tiles.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { boundOfTile, type ConvolutionAlgorithm, type ErrorBound, type MachineModel, type Pass } from './algorithm.ts';
import { planFastConvolution } from './fast-convolution.ts';
import { fastWorkload } from './tile-layout.ts';
import { boundOfParts, refuseTile } from './winograd.ts';

export const FOURIER: readonly ConvolutionAlgorithm[] = FOURIER_TILES.map(fourier);

function fourier(tile: FourierTile): ConvolutionAlgorithm {
  const { name, nnpackName } = tile;
  return Object.freeze({
    name,
    nnpackName,
    supports: (shape: ConvolutionShape, pass: Pass) => refuseTile(shape, pass, tile),
    workload: (shape, _pass, machine) => fastWorkload(shape, name, machine),
    errorBound: (shape, _pass, machine) => boundOfParts(shape, (phased) => fourierBound(phased, tile, machine)),
    plan: (shape, _pass, machine, activation) => planFastConvolution(shape, name, machine, activation),
  } satisfies ConvolutionAlgorithm);
}

/**
 * Each of the three products of a position with X = a + ib, W = c + id is rounded in V, in U and n times in the sum over
 * channels. For |X| = |W| = 1 the parts m1 − m2 and m1 − m3 then err by at most hypot(|m1| + |m2|, |m1| + |m3|) ≤ 3 for
 * each ε. Over all positions, by Cauchy, Schwarz and Parseval,
 *
 *   |y − ŷ| ≤ 3 ε (n + 2) Σ_c (1 / T²) Σ_f |X_f||W_f| + ε |y|
 *           ≤ 3 ε (n + 2) Σ_c ‖x_c‖₂ ‖w_c‖₂ + ε |y|   ≤   ε (3 (n + 2) T + 1) (X ∗ |w| + |b|)
 *
 * where X is the greatest |x| in the tile. Transforms that round every operation, i, k and o times along the longest
 * way, add i + k + o − 3 to the 3 n + 6 (`maths/fourier-roundings.ts` derives it). 1 % covers roundings in double, and
 * ε².
 */
function fourierBound(
  shape: ConvolutionShape,
  { name, edge: tile }: FourierTile,
  { kernels }: MachineModel,
): ErrorBound {
  const { kernelHeight: r, kernelWidth: s } = shape;
  const channels = shape.inputChannels / shape.groups;
  const n = kernels.gemmRoundings(channels);
  const { input, kernel, output } = kernels.tileNumbers(name, r, s).roundings();
  const count = 3 * (n + 2) + input + kernel + output - 3;
  return {
    constant: 1.01 * (count * tile + 1),
    reachHeight: tile - 1,
    reachWidth: tile - 1,
    ...boundOfTile(fourierRange(tile, r, s), channels, n),
  };
}
