/**
 * The numbers that the steps of a fast convolution are given. Offsets and rows of tiles, which change from run to run
 * and from block to block, are 0 here, and the program sets them.
 */
import { TILE_NAMES, type TileName } from '../maths/tiles.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { ActivationParameters } from './algorithm.ts';
import { convolutionParts, phasedShape } from './phases.ts';
import type { KernelSplit, TileLayout } from './tile-layout.ts';

export function fastParameters(
  whole: ConvolutionShape,
  name: TileName,
  layout: TileLayout,
  split: KernelSplit,
  activation: ActivationParameters,
) {
  const shape = phasedShape(whole);
  // Fields are told one by one: objects made of others take V8 five times as long, and a network has hundreds of these.
  const [tileName, r, s] = [TILE_NAMES.indexOf(name), shape.kernelHeight, shape.kernelWidth];
  const groupK = shape.outputChannels / shape.groups;
  const groupC = shape.inputChannels / shape.groups;
  const { tilesX, tilesY, patchFloats } = layout;
  const { rows, columns } = convolutionParts(whole);

  const kernel = {
    tileName,
    r,
    s,
    phaseHeight: rows.phases,
    phaseWidth: columns.phases,
    tapStepHeight: rows.tapStep,
    tapStepWidth: columns.tapStep,
    kernelHeight: whole.kernelHeight,
    kernelWidth: whole.kernelWidth,
    groupK,
    groupC: whole.inputChannels / whole.groups,
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
  const input = {
    tileName,
    r,
    s,
    tilesX,
    tilesY,
    firstRow: 0,
    patch: 0,
    patchFloats,
    gridHeight: rows.grids,
    gridWidth: columns.grids,
    phaseHeight: rows.phases,
    phaseWidth: columns.phases,
    strideHeight: rows.stride,
    strideWidth: columns.stride,
    dilationHeight: rows.dilation,
    dilationWidth: columns.dilation,
    stepHeight: rows.step,
    stepWidth: columns.step,
    x: 0,
    channels: whole.inputChannels,
    groupC,
    height: whole.inputHeight,
    width: whole.inputWidth,
    top: whole.paddingTop,
    left: whole.paddingLeft,
    v: 0,
    vPosition: layout.v.position,
    vGroup: layout.v.group,
    vPitch: layout.v.pitch,
  };
  const multiply = {
    tileName,
    r,
    s,
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
  const output = {
    tileName,
    r,
    s,
    tilesX,
    tilesY,
    firstRow: 0,
    patch: 0,
    patchFloats,
    gridHeight: rows.grids,
    gridWidth: columns.grids,
    outputStepHeight: rows.outputStep,
    outputStepWidth: columns.outputStep,
    y: 0,
    channels: whole.outputChannels,
    groupK,
    height: whole.outputHeight,
    width: whole.outputWidth,
    slope: activation.slope,
    low: activation.low,
    high: activation.high,
    m: 0,
    mPosition: layout.m.position,
    mGroup: layout.m.group,
    mPitch: layout.m.pitch,
  };
  return { kernel, input, multiply, output };
}
