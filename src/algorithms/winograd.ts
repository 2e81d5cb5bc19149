/**
 * Winograd's minimal filtering F(m×n, r×s) on tiles of T × T, T = m + r − 1 = n + s − 1:
 *
 *   y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
 *
 * with (T / m)² multiplications for an output where direct convolution takes r·s: 64 / 36 = 1.78 instead of 9 for
 * F(6×6, 3×3). An algorithm here is a tile: Bᵀ depends on the interpolation points alone, so one tile serves every kernel
 * that fits, and only G and Aᵀ change with r and s (the tiles of 9 and 10 are kept to 3×3). NNPACK has the case r = s = 3 of
 * `wt8x8`. A kernel that is flat along an axis (1×n, n×1) is not transformed along it.
 *
 * Sources: Winograd, Arithmetic Complexity of Computations (1980), ch. V; Lavin & Gray (2016), §4; the matrices are made
 * and proved in `maths/cook-toom.ts`.
 */

import { amplification } from '../maths/cook-toom.ts';
import { kernelRange, type Tile, WINOGRAD_TILES, type WinogradTile } from '../maths/tiles.ts';
import { winogradRange } from '../maths/winograd-range.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import {
  boundOfTile,
  type ConvolutionAlgorithm,
  type ErrorBound,
  type MachineModel,
  type Pass,
  refuseGradients,
} from './algorithm.ts';
import { planFastConvolution } from './fast-convolution.ts';
import { convolutionParts, phasedShape } from './phases.ts';
import { fastWorkload } from './tile-layout.ts';

export const WINOGRAD: readonly ConvolutionAlgorithm[] = WINOGRAD_TILES.map(winograd);

export function winograd(tile: WinogradTile): ConvolutionAlgorithm {
  const { name, nnpackName } = tile;
  return Object.freeze({
    name,
    nnpackName,
    supports: (shape: ConvolutionShape, pass: Pass) => refuseTile(shape, pass, tile) ?? refuseFlat(shape),
    workload: (shape, _pass, machine) => fastWorkload(shape, name, machine),
    errorBound: (shape, _pass, machine) => boundOfParts(shape, (phased) => winogradBound(phased, tile, machine)),
    plan: (shape, _pass, machine, activation) => planFastConvolution(shape, name, machine, activation),
  } satisfies ConvolutionAlgorithm);
}

/** Why a tile algorithm cannot compute a shape: shared by Winograd and Fourier. */
export function refuseTile(shape: ConvolutionShape, pass: Pass, tile: Tile): string | null {
  const refusal = refuseGradients(pass);
  if (refusal !== null) return refusal;
  const { kernelHeight: r, kernelWidth: s, strideHeight, strideWidth } = shape;
  if (strideHeight !== 1 || strideWidth !== 1) return `stride is ${strideHeight}×${strideWidth}, expected 1×1`;
  const [smallest, greatest] = kernelRange(tile);
  if (Math.min(r, s) < smallest || Math.max(r, s) > greatest) {
    const expected = smallest === greatest ? `${smallest}×${smallest}` : `${smallest} to ${greatest} on each side`;
    return `kernel is ${r}×${s}, expected ${expected}`;
  }
  return null;
}

/**
 * The bound of a convolution, from the bound of its phases and grids: neighbours in a tile are a step apart in the input.
 * Shared by Winograd and Fourier.
 */
export function boundOfParts(shape: ConvolutionShape, boundOf: (phased: ConvolutionShape) => ErrorBound): ErrorBound {
  const bound = boundOf(phasedShape(shape));
  const { rows, columns } = convolutionParts(shape);
  return { ...bound, reachHeight: bound.reachHeight * rows.step, reachWidth: bound.reachWidth * columns.step };
}

function refuseFlat({ kernelHeight, kernelWidth }: ConvolutionShape): string | null {
  return kernelHeight === 1 && kernelWidth === 1 ? 'kernel is 1×1, expected at least 2 on one side' : null;
}

/**
 * A term is rounded at most i, k and o times in the input, kernel and output transforms, and n times in the sum over
 * channels, each by a factor of at most 1 ± ε. The last of these roundings is that of the output itself:
 *
 *   |y − ŷ| ≤ ε (n + i + k + o − 1) · |Aᵀ|[(|G||g||Gᵀ|) ⊙ (|Bᵀ||d||B|)]|A| + ε |y|
 *           ≤ ε ((n + i + k + o − 1) κ + 1) (X ∗ |w| + |b|)
 *
 * where κ, the product of both axes' amplification, is the greatest weight that the absolute matrices give to one tap,
 * and X the greatest |d| in the tile. Typed arrays work in double between reading and writing: i = k = o = 1. Emitted
 * kernels round every operation. 1 % covers roundings in double, and ε².
 */
function winogradBound(
  shape: ConvolutionShape,
  { name, edge: tile }: WinogradTile,
  { kernels }: MachineModel,
): ErrorBound {
  const { kernelHeight: r, kernelWidth: s } = shape;
  const kappa = (r === 1 ? 1 : amplification(tile, r)) * (s === 1 ? 1 : amplification(tile, s));
  const channels = shape.inputChannels / shape.groups;
  const n = kernels.gemmRoundings(channels);
  const { input, kernel, output } = kernels.tileNumbers(name, r, s).roundings();
  return {
    constant: 1.01 * ((n + input + kernel + output - 1) * kappa + 1),
    reachHeight: r === 1 ? 0 : tile - 1,
    reachWidth: s === 1 ? 0 : tile - 1,
    ...boundOfTile(winogradRange(tile, r, s), channels, n),
  };
}
