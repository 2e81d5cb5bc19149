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
 *   - The bias is where the product of its position starts, instead of an addition in the output transform.
 *   - A strided convolution is one of stride 1 over its phases (`phases.ts`): its transforms gather and split as they read.
 *   - Tiles are the columns of the products, or their rows: the former where there are many, the latter where there are few.
 *
 * Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016), algorithm 1; NNPACK,
 * src/convolution-inference.c.
 */
import { TILE_NAMES, type TileName } from '../kernels/table.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Context } from '../threads/context.ts';
import type { Parameters, Step } from '../threads/step.ts';
import { type Activation, type ConvolutionProgram, now, type Profile } from './algorithm.ts';
import { inputChannelsStep, kernelPanelStep, outputChannelsStep } from './fast-convolution-channels.ts';
import { inputStep, kernelStep, multiplyStep, outputStep } from './fast-convolution-steps.ts';
import { phasedShape, phasesOf } from './phases.ts';
import { ITEMS, itemChannels, kernelSplit, tileLayout, workspaceFloats } from './tile-layout.ts';

export function planFastConvolution(
  strided: ConvolutionShape,
  name: TileName,
  context: Context,
  activation: Activation,
): ConvolutionProgram {
  const shape = phasedShape(strided);
  const layout = tileLayout(shape, name, context);
  const split = kernelSplit(strided, layout);
  const { pool } = context;
  const transform = { tileName: TILE_NAMES.indexOf(name), r: shape.kernelHeight, s: shape.kernelWidth };
  const groupK = shape.outputChannels / shape.groups;
  const groupC = shape.inputChannels / shape.groups;
  const place = {
    tilesX: layout.tilesX,
    tilesY: layout.tilesY,
    firstRow: 0,
    patch: 0,
    patchFloats: layout.patchFloats,
  };

  const phases = { ...phasesOf(strided), strideHeight: strided.strideHeight, strideWidth: strided.strideWidth };

  const kernelParameters = {
    ...transform,
    ...phases,
    kernelHeight: strided.kernelHeight,
    kernelWidth: strided.kernelWidth,
    groupK,
    groupC: strided.inputChannels / strided.groups,
    g: 0,
    itemKernels: split.itemKernels,
    split: 0,
    splitChannels: split.splitChannels,
    splitFloats: split.splitFloats,
    u: 0,
    uPosition: layout.u.position,
    uGroup: layout.u.group,
    uPitch: layout.u.pitch,
  };
  const inputParameters = {
    ...transform,
    ...place,
    ...phases,
    x: 0,
    channels: strided.inputChannels,
    groupC,
    height: strided.inputHeight,
    width: strided.inputWidth,
    top: strided.paddingTop,
    left: strided.paddingLeft,
    v: 0,
    vPosition: layout.v.position,
    vGroup: layout.v.group,
    vPitch: layout.v.pitch,
  };
  const multiplyParameters = {
    ...transform,
    groups: shape.groups,
    groupK,
    groupC,
    tiles: 0,
    panel: layout.panel,
    bias: 0,
    u: 0,
    uPosition: layout.u.position,
    uGroup: layout.u.group,
    uPitch: layout.u.pitch,
    v: 0,
    vPosition: layout.v.position,
    vGroup: layout.v.group,
    vPitch: layout.v.pitch,
    m: 0,
    mPosition: layout.m.position,
    mGroup: layout.m.group,
    mPitch: layout.m.pitch,
  };
  const outputParameters = {
    ...transform,
    ...place,
    y: 0,
    channels: shape.outputChannels,
    groupK,
    height: shape.outputHeight,
    width: shape.outputWidth,
    slope: activation.slope,
    low: activation.low,
    high: activation.high,
    m: 0,
    mPosition: layout.m.position,
    mGroup: layout.m.group,
    mPitch: layout.m.pitch,
  };

  const steps =
    layout.order === 'tiles'
      ? { input: inputStep, output: outputStep }
      : { input: inputChannelsStep, output: outputChannelsStep };

  /**
   * Items of whole channels where tiles lie side by side: rows of tiles of one channel share cache lines, which two threads
   * would fight over.
   */
  const transformRegion = <P extends Parameters>(
    step: Step<P>,
    parameters: P,
    channels: number,
    rows: number,
  ): void => {
    const channelTile = itemChannels(layout.order, channels);
    const items = layout.order === 'tiles' ? channels : Math.ceil(channels / channelTile);
    const rowParts = Math.min(rows, Math.ceil(ITEMS / items));
    pool.parallelize2dTile2d(step, parameters, channels, rows, channelTile, Math.ceil(rows / rowParts));
  };

  return {
    packedFloats: layout.uFloats + split.floats,
    workspaceFloats: workspaceFloats(layout, context),

    pack(kernel: number, packed: number, profile: Profile): void {
      const start = now();
      kernelParameters.g = kernel;
      kernelParameters.u = packed;
      kernelParameters.split = packed + layout.uFloats;
      if (layout.order === 'channels') pool.parallelize1d(kernelPanelStep, kernelParameters, split.items);
      else pool.parallelize1dTile1d(kernelStep, kernelParameters, shape.outputChannels, split.itemKernels);
      profile.kernelTransform += now() - start;
    },

    run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void {
      const v = workspace;
      const m = v + layout.vFloats;
      const patch = m + layout.mFloats;
      inputParameters.x = input;
      outputParameters.y = output;
      multiplyParameters.u = packed;
      multiplyParameters.bias = bias;
      inputParameters.v = multiplyParameters.v = v;
      outputParameters.m = multiplyParameters.m = m;
      inputParameters.patch = outputParameters.patch = patch;
      for (let row = 0; row < layout.rows; row += layout.blockRows) {
        const rows = Math.min(layout.blockRows, layout.rows - row);
        inputParameters.firstRow = outputParameters.firstRow = row;
        multiplyParameters.tiles = rows * layout.tilesX;
        const start = now();
        transformRegion(steps.input, inputParameters, shape.inputChannels, rows);
        const transformed = now();
        pool.parallelize1d(multiplyStep, multiplyParameters, layout.tile.positions * shape.groups);
        const multiplied = now();
        transformRegion(steps.output, outputParameters, shape.outputChannels, rows);
        profile.inputTransform += transformed - start;
        profile.blockMultiplication += multiplied - transformed;
        profile.outputTransform += now() - multiplied;
      }
    },
  };
}
