/**
 * Fast convolution by tiles: the frame that Winograd and Fourier algorithms share.
 *
 *   y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A          for every tile d of the input, summed over the input channels
 *
 * Whatever the transforms are, ⊙ summed over channels is one matrix product for each position p of a transformed tile:
 *
 *   M_p[k, t] = Σ_c U_p[k, c] · V_p[c, t]     k output channel, c input channel, t tile
 *
 * Steps:
 *   1. kernel transform   U_p[k, c]  once, when the plan is made
 *   2. input transform    V_p[c, t]  for a block of tiles
 *   3. multiplication     M_p        one product for each position and group
 *   4. output transform   y          with the activation, while the rows are in the cache
 *
 * Departures from NNPACK, which has four copies of this loop nest:
 *   - A batch is just more tiles: t runs over images × rows × columns of tiles.
 *   - The products of the bias's positions start at the bias, instead of an addition in the output transform.
 *   - A strided convolution is one of stride 1 over its phases, a dilated one is ordinary ones of its grids, which are more
 *     images (`phases.ts`): transforms gather, split and scatter as they read and write.
 *   - Tiles are the columns of the products, or their rows: the former where there are many, the latter where there are few.
 *
 * Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016), algorithm 1; NNPACK,
 * src/convolution-inference.c.
 */

import { LEAST_NORMAL } from '../maths/float32.ts';
import type { TileName } from '../maths/tiles.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Parameters, Step } from '../threads/step.ts';
import { type ActivationParameters, type ConvolutionProgram, type Machine, now, type Profile } from './algorithm.ts';
import { inputChannelsStep, kernelPanelStep, outputChannelsStep } from './fast-convolution-channels.ts';
import { fastParameters } from './fast-convolution-parameters.ts';
import { inputStep, kernelStep, multiplyStep, outputStep } from './fast-convolution-steps.ts';
import { phasedShape } from './phases.ts';
import { kernelFloats } from './reference.ts';
import { ITEMS, itemChannels, kernelSplit, tileLayout, workspaceFloats } from './tile-layout.ts';

/**
 * Weights below this may have subnormal transforms. All others are multiples of 2⁻⁸³, their sums too, and the few
 * products of a transform leave them far from 2⁻¹²⁶, unless a sum is 0 but for the last bits of its terms.
 */
const SMALL_WEIGHT = 2 ** -60;

/** Most items of a multiplication: the 98,304 products of a large tile are too small to be claimed one by one. */
const PRODUCT_ITEMS = 1024;

export function planFastConvolution(
  whole: ConvolutionShape,
  name: TileName,
  machine: Machine,
  activation: ActivationParameters,
): ConvolutionProgram {
  const shape = phasedShape(whole);
  const layout = tileLayout(shape, name, machine, machine.pool.threadsCount);
  const split = kernelSplit(whole, layout);
  const { pool } = machine;
  const products = layout.tile.positions * shape.groups;
  const itemProducts = Math.ceil(products / PRODUCT_ITEMS);
  const parameters = fastParameters(whole, name, layout, split, activation);
  const steps =
    layout.order === 'tiles'
      ? { input: inputStep, output: outputStep }
      : { input: inputChannelsStep, output: outputChannelsStep };

  /**
   * Rows of tiles are divided only where channels alone give too few items. Where tiles lie side by side, rows of one
   * channel share cache lines, which two threads would fight over.
   */
  const transformRegion = <P extends Parameters>(
    step: Step<P>,
    parameters: P,
    channels: number,
    rows: number,
  ): void => {
    const channelTile = itemChannels(layout.order, channels);
    const enough = layout.order === 'tiles' ? channels : Math.ceil(channels / channelTile);
    const rowParts = Math.min(rows, Math.ceil(ITEMS / enough));
    pool.parallelize2dTile2d(step, parameters, channels, rows, channelTile, Math.ceil(rows / rowParts));
  };

  return {
    packedFloats: layout.uFloats + split.floats,
    workspaceFloats: workspaceFloats(layout, machine),

    pack(kernel: number, packed: number, profile: Profile): void {
      const start = now();
      // The program does not hold the kernels: it may outlive the memory that they work on.
      const { kernels } = machine;
      const weights = kernelFloats(whole);
      const least = kernels.least(weights, kernel);
      if (least < LEAST_NORMAL) kernels.flush(weights, kernel, kernel);
      parameters.kernel.g = kernel;
      parameters.kernel.u = packed;
      parameters.kernel.split = packed + layout.uFloats;
      if (layout.order === 'channels') pool.parallelize1d(kernelPanelStep, parameters.kernel, split.items);
      else pool.parallelize1dTile1d(kernelStep, parameters.kernel, shape.outputChannels, split.itemKernels);
      if (least < SMALL_WEIGHT) kernels.flush(layout.uFloats, packed, packed);
      profile.kernelTransform += now() - start;
    },

    run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void {
      const v = workspace;
      const m = v + layout.vFloats;
      const patch = m + layout.mFloats;
      parameters.input.x = input;
      parameters.output.y = output;
      parameters.multiply.u = packed;
      parameters.multiply.bias = bias;
      parameters.input.v = parameters.multiply.v = v;
      parameters.output.m = parameters.multiply.m = m;
      parameters.input.patch = parameters.output.patch = patch;
      for (let row = 0; row < layout.rows; row += layout.blockRows) {
        const rows = Math.min(layout.blockRows, layout.rows - row);
        parameters.input.firstRow = parameters.output.firstRow = row;
        parameters.multiply.tiles = rows * layout.tilesX;
        const start = now();
        transformRegion(steps.input, parameters.input, shape.inputChannels, rows);
        const transformed = now();
        pool.parallelize1dTile1d(multiplyStep, parameters.multiply, products, itemProducts);
        const multiplied = now();
        transformRegion(steps.output, parameters.output, shape.outputChannels, rows);
        profile.inputTransform += transformed - start;
        profile.blockMultiplication += multiplied - transformed;
        profile.outputTransform += now() - multiplied;
      }
    },
  };
}
