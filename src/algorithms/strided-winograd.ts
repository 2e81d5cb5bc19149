/**
 * Winograd for strided convolutions: the phases of input and kernel (`phases.ts`) are channels of a convolution of
 * stride 1, and the frame of the tiles computes that. The input transform gathers the phases as it copies its rows, so
 * that no split copy of the whole input is ever made; the kernel is split when the plan is made.
 *
 * The error is that of the tile over the phased shape: s² times the terms in the sum over channels, the amplification κ of
 * a kernel of ⌈r / s⌉ taps, and zeros of phases that are shorter weigh nothing in X ∗ |w|. A tile transforms inputs of one
 * phase of one channel, which are neighbours there and `stride` apart in the input: T inputs reach (T − 1) · stride far.
 */

import type { Context } from '../context/context.ts';
import type { TileName } from '../kernels/table.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { AlgorithmName, ConvolutionAlgorithm, ErrorBound } from './algorithm.ts';
import { planFastConvolution } from './fast-convolution.ts';
import { phasedShape } from './phases.ts';
import { fastWorkload } from './tile-layout.ts';
import { wt6x6, wt8x8 } from './winograd.ts';

export const wt8x8Strided = strided('wt8x8-strided', 'wt8x8', wt8x8);
export const wt6x6Strided = strided('wt6x6-strided', 'wt6x6', wt6x6);

function strided(name: AlgorithmName, tile: TileName, unstrided: ConvolutionAlgorithm): ConvolutionAlgorithm {
  return Object.freeze({
    name,
    nnpackName: null,
    supports: (shape: ConvolutionShape) => refuseStrided(shape, unstrided),
    workload: (shape: ConvolutionShape, context: Context) => fastWorkload(shape, tile, context),
    errorBound: (shape: ConvolutionShape, context: Context) => stridedBound(shape, unstrided, context),
    plan: (shape, context, activation) => planFastConvolution(shape, tile, context, activation),
  } satisfies ConvolutionAlgorithm);
}

function refuseStrided(shape: ConvolutionShape, unstrided: ConvolutionAlgorithm): string | null {
  if (shape.strideHeight === 1 && shape.strideWidth === 1) return 'stride is 1×1, expected more on one side';
  const refusal = unstrided.supports(phasedShape(shape));
  return refusal === null ? null : `split into phases, ${refusal}`;
}

function stridedBound(shape: ConvolutionShape, unstrided: ConvolutionAlgorithm, context: Context): ErrorBound {
  const bound = unstrided.errorBound(phasedShape(shape), context);
  return {
    ...bound,
    reachHeight: bound.reachHeight * shape.strideHeight,
    reachWidth: bound.reachWidth * shape.strideWidth,
  };
}
