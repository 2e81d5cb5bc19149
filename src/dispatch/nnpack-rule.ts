/**
 * NNPACK's own choice of a convolution algorithm, at its last commit. It counts tiles and nothing else:
 *
 *   t8 = ⌈H′ / (9 − R)⌉ · ⌈W′ / (9 − S)⌉      t16 = ⌈H′ / (17 − R)⌉ · ⌈W′ / (17 − S)⌉
 *
 * and takes the 8×8 tile when t8 ≤ 4 · t16. Its two entries have rules of their own, which disagree: for 3×3 and
 * outputs of 14, 28, 56, 112 or 224 `output` takes ft16x16 where `inference` takes wt8x8.
 *
 * Source: NNPACK, src/convolution-inference.c and src/convolution-output.c, `select_algorithm`. The rule explains what NNPACK
 * itself chose on 600 layers (test/fixtures/nnpack-choices.json).
 */
import type { AlgorithmName } from '../algorithms/algorithm.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';

/** One of NNPACK's functions: `nnp_convolution_inference`, for one image, or `nnp_convolution_output`, for a batch. */
export type NnpackEntry = 'inference' | 'output';

/**
 * The entry that serves a call. `output` takes a batch of one like any other, and its rule holds when it is asked for;
 * but `inference` takes no batch, so `output` serves a batch of several images whatever was asked for, as MXNet called
 * it.
 */
export function nnpackEntry(asked: NnpackEntry, batch: number): NnpackEntry {
  return batch > 1 ? 'output' : asked;
}

/** What NNPACK would take; null where it would fail with a status instead of a choice. */
export function nnpackChoice(entry: NnpackEntry, shape: ConvolutionShape): AlgorithmName | null {
  const { kernelHeight: r, kernelWidth: s } = shape;
  const isStrided = shape.strideHeight !== 1 || shape.strideWidth !== 1;
  // NNPACK has no dilation, as it has no groups; those would be a call each.
  if (shape.dilationHeight !== 1 || shape.dilationWidth !== 1) return null;
  const greatest = Math.max(r, s);
  const tile8 = fewEnoughTiles(shape);
  if (entry === 'inference') {
    if (isStrided) return 'implicit-gemm';
    if (greatest === 1) return 'direct';
    if (r === 3 && s === 3) return 'wt8x8';
    if (Math.min(r, s) >= 2 && greatest <= 8) return tile8 ? 'ft8x8' : 'ft16x16';
    if (Math.min(r, s) >= 2 && greatest <= 16) return 'ft16x16';
    return 'implicit-gemm';
  }
  if (isStrided || greatest > 16) return null;
  if (greatest > 8 || !tile8) return 'ft16x16';
  return r === 3 && s === 3 ? 'wt8x8' : 'ft8x8';
}

/** t8 ≤ 4 · t16, for kernels that fit the smaller tile. */
function fewEnoughTiles({ outputHeight, outputWidth, kernelHeight, kernelWidth }: ConvolutionShape): boolean {
  if (Math.max(kernelHeight, kernelWidth) > 8) return false;
  const tiles = (edge: number) =>
    Math.ceil(outputHeight / (edge - kernelHeight + 1)) * Math.ceil(outputWidth / (edge - kernelWidth + 1));
  return tiles(8) <= 4 * tiles(16);
}
