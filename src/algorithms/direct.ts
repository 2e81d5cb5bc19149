/**
 * 1×1 convolution as one matrix product for each image, on the input and output as they lie:
 *
 *   y[k, p] = b[k] + Σ_c w[k, c] · x[c, p]      p pixel, any batch and groups
 *
 * NNPACK's `direct` is the same idea for one image, with a serial pass for the bias at the end; here the output starts at
 * the bias and the activation follows while a block is in the cache.
 */

import { type ConvolutionShape, multiplyAdds } from '../tensor/convolution-shape.ts';
import { defineStep } from '../threads/step.ts';
import { activate } from './activate.ts';
import {
  type ActivationParameters,
  boundOfSums,
  type ConvolutionAlgorithm,
  type ConvolutionProgram,
  type Machine,
  type MachineModel,
  now,
  type Pass,
  type Profile,
  refuseGradients,
  type Workload,
} from './algorithm.ts';
import { copyKernel, kernelFloats } from './reference.ts';

/** Pixels of one item; and its output channels, where there are too few blocks of pixels for the threads. */
const ITEM_PIXELS = 512;
const ITEM_CHANNELS = 64;
const FEW_BLOCKS = 16;

/** Items i … of images × groups × blocks of pixels, output channels j … of the group. */
export const directStep = defineStep(
  'direct convolution',
  ['groups', 'groupC', 'groupK', 'pixels', 'blocks', 'blockPixels', 'x', 'w', 'b', 'y', 'slope', 'low', 'high'],
  (thread, p, i, j, iCount, jCount) => {
    const { kernels } = thread;
    const { f32 } = thread.memory;
    for (let item = i; item < i + iCount; item++) {
      const imageGroup = Math.floor(item / p.blocks);
      const first = (item - imageGroup * p.blocks) * p.blockPixels;
      const pixels = Math.min(p.blockPixels, p.pixels - first);
      const group = imageGroup % p.groups;
      const x = p.x + imageGroup * p.groupC * p.pixels + first;
      const y = p.y + (imageGroup * p.groupK + j) * p.pixels + first;
      const w = p.w + (group * p.groupK + j) * p.groupC;
      if (p.b !== 0) {
        const b = p.b + group * p.groupK + j;
        for (let k = 0; k < jCount; k++) kernels.fill(pixels, y + k * p.pixels, f32[b + k]);
      }
      const update = p.b === 0 ? 0 : 1;
      kernels.sgemm(jCount, pixels, p.groupC, w, p.groupC, x, p.pixels, y, p.pixels, update);
      for (let k = 0; k < jCount; k++) activate(kernels, pixels, y + k * p.pixels, p.slope, p.low, p.high);
    }
  },
);

export const direct: ConvolutionAlgorithm = Object.freeze({
  name: 'direct',
  nnpackName: 'nnp_convolution_algorithm_direct',
  supports(shape: ConvolutionShape, pass: Pass): string | null {
    const refusal = refuseGradients(pass);
    if (refusal !== null) return refusal;
    const { kernelHeight: r, kernelWidth: s, strideHeight, strideWidth } = shape;
    if (r !== 1 || s !== 1) return `kernel is ${r}×${s}, expected 1×1`;
    if (strideHeight !== 1 || strideWidth !== 1) return `stride is ${strideHeight}×${strideWidth}, expected 1×1`;
    const { paddingTop, paddingRight, paddingBottom, paddingLeft } = shape;
    const padding = paddingTop + paddingRight + paddingBottom + paddingLeft;
    return padding === 0 ? null : 'padding is not zero, expected none around a 1×1 kernel';
  },
  workload: directWorkload,
  errorBound(shape: ConvolutionShape, _pass: Pass, { kernels }: MachineModel) {
    const channels = shape.inputChannels / shape.groups;
    return boundOfSums(channels, kernels.gemmRoundings(channels));
  },
  plan: planDirect,
});

/** How pixels and output channels are cut into items. */
function itemsOf(shape: ConvolutionShape) {
  const pixels = shape.outputHeight * shape.outputWidth;
  const groupK = shape.outputChannels / shape.groups;
  const blocks = Math.ceil(pixels / ITEM_PIXELS);
  const items = shape.batch * shape.groups * blocks;
  const itemChannels = items < FEW_BLOCKS ? Math.min(ITEM_CHANNELS, groupK) : groupK;
  return { pixels, groupK, blocks, blockPixels: Math.ceil(pixels / blocks), items, itemChannels };
}

function directWorkload(shape: ConvolutionShape): Workload {
  const { groupK, items, itemChannels, blockPixels } = itemsOf(shape);
  const count = items * Math.ceil(groupK / itemChannels);
  return {
    tile: null,
    tiles: 0,
    multiplyAdds: multiplyAdds(shape),
    products: { count, m: itemChannels, n: blockPixels, k: shape.inputChannels / shape.groups },
    inputTiles: 0,
    outputTiles: 0,
    isByChannels: false,
    transformedBytes: 0,
    blockBytes: 0,
    kernelTiles: 0,
    copied: 0,
    kernelBytesRead: 4 * kernelFloats(shape),
    workspaceBytes: 0,
    packedBytes: 4 * kernelFloats(shape),
  };
}

function planDirect(
  shape: ConvolutionShape,
  _pass: Pass,
  machine: Machine,
  activation: ActivationParameters,
): ConvolutionProgram {
  const { pixels, groupK, blocks, blockPixels, items, itemChannels } = itemsOf(shape);
  const parameters = {
    groups: shape.groups,
    groupC: shape.inputChannels / shape.groups,
    groupK,
    pixels,
    blocks,
    blockPixels,
    x: 0,
    w: 0,
    b: 0,
    y: 0,
    ...activation,
  };
  return {
    packedFloats: kernelFloats(shape),
    workspaceFloats: 0,
    pack: (kernel, packed, profile) => copyKernel(shape, machine, kernel, packed, profile),
    run(input: number, packed: number, bias: number, output: number, _workspace: number, profile: Profile): void {
      parameters.x = input;
      parameters.w = packed;
      parameters.b = bias;
      parameters.y = output;
      const start = now();
      machine.pool.parallelize2dTile2d(directStep, parameters, items, groupK, 1, itemChannels);
      profile.blockMultiplication += now() - start;
    },
  };
}
