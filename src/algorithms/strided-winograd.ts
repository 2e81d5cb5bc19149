/**
 * Winograd for strided convolutions, dilated ones too: the phases of input and kernel (`phases.ts`) are channels of a
 * convolution of stride 1, and the frame of the tiles computes that. The input transform gathers the phases as it copies its rows, so
 * that no split copy of the whole input is ever made; the kernel is split when the plan is made.
 *
 * The error is that of the tile over the phased shape: s² times the terms in the sum over channels, the amplification κ
 * of a kernel of ⌈r / s⌉ taps; the zeros of shorter phases weigh nothing in X ∗ |w|. A tile transforms inputs of one
 * phase of one channel, which are neighbours there and lcm(stride, dilation) apart in the input.
 */

import { STRIDED_TILES, type StridedTile } from '../maths/tiles.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { type ConvolutionAlgorithm, type Pass, refuseGradients } from './algorithm.ts';
import { planFastConvolution } from './fast-convolution.ts';
import { phasedShape } from './phases.ts';
import { fastWorkload } from './tile-layout.ts';
import { boundOfParts, winograd } from './winograd.ts';

export const STRIDED_WINOGRAD: readonly ConvolutionAlgorithm[] = STRIDED_TILES.map(strided);

function strided(tile: StridedTile): ConvolutionAlgorithm {
  const { name } = tile;
  const unstrided = winograd(tile);
  return Object.freeze({
    name: `${name}-strided`,
    nnpackName: null,
    supports: (shape: ConvolutionShape, pass: Pass) => refuseStrided(shape, pass, unstrided),
    workload: (shape, _pass, machine) => fastWorkload(shape, name, machine),
    errorBound: (shape, pass, machine) => boundOfParts(shape, (phased) => unstrided.errorBound(phased, pass, machine)),
    plan: (shape, _pass, machine, activation) => planFastConvolution(shape, name, machine, activation),
  } satisfies ConvolutionAlgorithm);
}

function refuseStrided(shape: ConvolutionShape, pass: Pass, unstrided: ConvolutionAlgorithm): string | null {
  const refusedPass = refuseGradients(pass);
  if (refusedPass !== null) return refusedPass;
  if (shape.strideHeight === 1 && shape.strideWidth === 1) return 'stride is 1×1, expected more on one side';
  const refusal = unstrided.supports(phasedShape(shape), pass);
  return refusal === null ? null : `split into phases, ${refusal}`;
}
