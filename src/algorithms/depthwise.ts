/**
 * Depthwise convolution: a group has one input channel, and each of its output channels is one plane convolved with one
 * kernel.
 *
 *   y[k, i, j] = b[k] + Σ_r Σ_s w[k, r, s] · x[⌊k / m⌋, i·stride + r·dilation − top, j·stride + s·dilation − left]
 *
 * with m output channels for each input channel. A matrix product has nothing to do here, because its depth is the taps and
 * its other side is 1; what counts is to load each element of x few times for the many outputs that it is part of.
 *
 * Steps, for each image, channel and block of output rows:
 *   1. copy the rows of x that the block needs, with the padding written out, to the thread's strip
 *   2. for each of the channel's m kernels: convolve the strip, from the bias on, and clamp
 *
 * The strip stays in the first cache, and its rows have no edges that would need care. Measured, the copy is a tenth to a
 * fifth of a 3×3 kernel's time, and less of larger ones. A plane without padding is read where it lies.
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
  pitchFor,
  refuseGradients,
  type Workload,
} from './algorithm.ts';
import { copyKernel, kernelFloats } from './reference.ts';

/** Elements of a strip: half of the first cache, the other half of which has the outputs. */
const STRIP_FLOATS = 4096;
/** A block has so many times the rows that its kernel reaches over, or nearly all of a strip would be copied again. */
const LEAST_REACHES = 2;
/** Rows of a block are a multiple of this, because kernels do several at a time. */
const ROW_STEP = 8;
/** Items of the region: enough to even out, few enough that claiming one costs nothing. */
const ITEMS = 64;
/** Rows and columns of outputs that kernels do together; less rows are done one by one. */
const STEP = 4;

interface StripLayout {
  /** Whether there is padding to be written out. */
  readonly isCopied: boolean;
  readonly blockRows: number;
  readonly blocks: number;
  /** Of the padded plane, as far as outputs reach. */
  readonly columns: number;
  /** Rows that one output reaches over. */
  readonly reach: number;
  readonly stripFloats: number;
}

function stripLayout(shape: ConvolutionShape): StripLayout {
  const { outputHeight, outputWidth, strideHeight, strideWidth } = shape;
  const reach = (shape.kernelHeight - 1) * shape.dilationHeight + 1;
  const columns = (outputWidth - 1) * strideWidth + (shape.kernelWidth - 1) * shape.dilationWidth + 1;
  const isCopied = shape.paddingTop + shape.paddingRight + shape.paddingBottom + shape.paddingLeft > 0;
  const fitting = Math.floor((STRIP_FLOATS / columns - reach) / strideHeight) + 1;
  const wanted = Math.max(fitting, Math.ceil((LEAST_REACHES * reach) / strideHeight));
  const parts = Math.ceil(outputHeight / Math.min(outputHeight, wanted));
  const blockRows = Math.min(outputHeight, Math.ceil(outputHeight / parts / ROW_STEP) * ROW_STEP);
  return {
    isCopied,
    blockRows,
    blocks: Math.ceil(outputHeight / blockRows),
    columns,
    reach,
    stripFloats: isCopied ? pitchFor(((blockRows - 1) * strideHeight + reach) * columns) : 0,
  };
}

/** Items i … of images × input channels × blocks of output rows. */
export const depthwiseStep = defineStep(
  'depthwise convolution',
  [
    'channels',
    'multiplier',
    'height',
    'width',
    'outputHeight',
    'outputWidth',
    'r',
    's',
    'strideHeight',
    'strideWidth',
    'dilationHeight',
    'dilationWidth',
    'top',
    'left',
    'isCopied',
    'blockRows',
    'blocks',
    'columns',
    'reach',
    'stripFloats',
    'strips',
    'x',
    'w',
    'b',
    'y',
    'slope',
    'low',
    'high',
  ],
  (thread, p, i, _j, iCount) => {
    const { kernels } = thread;
    const { f32 } = thread.memory;
    const strip = p.strips + thread.index * p.stripFloats;
    // The kernel clamps; a slope below zero comes before the clamp, and takes a pass of its own.
    const low = p.slope === 1 ? p.low : -Infinity;
    const high = p.slope === 1 ? p.high : Infinity;
    for (let item = i; item < i + iCount; item++) {
      const plane = Math.floor(item / p.blocks);
      const row = (item - plane * p.blocks) * p.blockRows;
      const rows = Math.min(p.blockRows, p.outputHeight - row);
      const first = row * p.strideHeight - p.top;
      let from = p.x + plane * p.height * p.width + first * p.width;
      let pitch = p.width;
      if (p.isCopied !== 0) {
        const copied = (rows - 1) * p.strideHeight + p.reach;
        kernels.padRows(copied, p.columns, p.x + plane * p.height * p.width, p.height, p.width, first, -p.left, strip);
        from = strip;
        pitch = p.columns;
      }
      const channel = plane % p.channels;
      for (let k = channel * p.multiplier; k < (channel + 1) * p.multiplier; k++) {
        const output = plane * p.multiplier + k - channel * p.multiplier;
        const y = p.y + (output * p.outputHeight + row) * p.outputWidth;
        kernels.depthwise(
          rows,
          p.outputWidth,
          from,
          pitch,
          p.w + k * p.r * p.s,
          p.r,
          p.s,
          p.strideHeight,
          p.strideWidth,
          p.dilationHeight,
          p.dilationWidth,
          p.b === 0 ? 0 : f32[p.b + k],
          y,
          p.outputWidth,
          low,
          high,
        );
        if (p.slope !== 1) activate(kernels, rows * p.outputWidth, y, p.slope, p.low, p.high);
      }
    }
  },
);

export const depthwise: ConvolutionAlgorithm = Object.freeze({
  name: 'depthwise',
  nnpackName: null,
  supports(shape: ConvolutionShape, pass: Pass): string | null {
    const refusal = refuseGradients(pass);
    if (refusal !== null) return refusal;
    const channels = shape.inputChannels / shape.groups;
    return channels === 1 ? null : `a group has ${channels} input channels, expected 1`;
  },
  workload: depthwiseWorkload,
  errorBound(shape: ConvolutionShape, _pass: Pass, { kernels }: MachineModel) {
    const taps = shape.kernelHeight * shape.kernelWidth;
    return boundOfSums(taps, kernels.depthwiseRoundings(taps));
  },
  plan: planDepthwise,
});

/** Each block of an output plane is a product of one row, the kernel's taps. */
function depthwiseWorkload(shape: ConvolutionShape, _pass: Pass, { pool }: MachineModel): Workload {
  const layout = stripLayout(shape);
  const rows = layout.blockRows < STEP ? layout.blockRows : Math.ceil(layout.blockRows / STEP) * STEP;
  const columns = Math.ceil(shape.outputWidth / STEP) * STEP;
  const copies = layout.isCopied ? shape.batch * shape.inputChannels * layout.blocks : 0;
  return {
    tile: null,
    tiles: 0,
    multiplyAdds: multiplyAdds(shape),
    products: {
      count: shape.batch * shape.outputChannels * layout.blocks,
      m: 1,
      n: rows * columns,
      k: shape.kernelHeight * shape.kernelWidth,
    },
    inputTiles: 0,
    outputTiles: 0,
    isByChannels: false,
    transformedBytes: 0,
    blockBytes: 0,
    kernelTiles: 0,
    copied: copies * layout.stripFloats,
    kernelBytesRead: shape.batch * layout.blocks * kernelFloats(shape) * 4,
    workspaceBytes: 4 * layout.stripFloats * pool.threadsCount,
    packedBytes: 4 * kernelFloats(shape),
  };
}

function planDepthwise(
  shape: ConvolutionShape,
  _pass: Pass,
  machine: Machine,
  activation: ActivationParameters,
): ConvolutionProgram {
  const layout = stripLayout(shape);
  const parameters = {
    ...layout,
    ...activation,
    isCopied: layout.isCopied ? 1 : 0,
    channels: shape.inputChannels,
    multiplier: shape.outputChannels / shape.inputChannels,
    height: shape.inputHeight,
    width: shape.inputWidth,
    outputHeight: shape.outputHeight,
    outputWidth: shape.outputWidth,
    r: shape.kernelHeight,
    s: shape.kernelWidth,
    strideHeight: shape.strideHeight,
    strideWidth: shape.strideWidth,
    dilationHeight: shape.dilationHeight,
    dilationWidth: shape.dilationWidth,
    top: shape.paddingTop,
    left: shape.paddingLeft,
    strips: 0,
    x: 0,
    w: 0,
    b: 0,
    y: 0,
  };
  const items = shape.batch * shape.inputChannels * layout.blocks;
  return {
    packedFloats: kernelFloats(shape),
    workspaceFloats: layout.stripFloats * machine.pool.threadsCount,
    pack: (kernel, packed, profile) => copyKernel(shape, machine, kernel, packed, profile),
    run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void {
      parameters.strips = workspace;
      parameters.x = input;
      parameters.w = packed;
      parameters.b = bias;
      parameters.y = output;
      const start = now();
      machine.pool.parallelize1dTile1d(depthwiseStep, parameters, items, Math.ceil(items / ITEMS));
      profile.blockMultiplication += now() - start;
    },
  };
}
