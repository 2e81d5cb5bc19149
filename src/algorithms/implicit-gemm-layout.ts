/**
 * Where the copies and sums of an implicit GEMM lie: pure arithmetic on a shape, for its steps (`implicit-gemm.ts`) and for
 * what it counts.
 */
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { reachOf } from '../tensor/windows.ts';
import { pitchFor } from './algorithm.ts';

/** Output pixels of a block: long enough to stream, few enough that their taps stay in the second cache. */
const BLOCK_PIXELS = 320;
const COPY_FLOATS = 160_000;
/** Output channels of an item, where there are too few blocks for several threads: each item copies its block again. */
const ITEM_CHANNELS = 64;
const FEW_BLOCKS = 16;
/** How the padded, split copy of a block of output rows lies in the scratch. */
export interface CopyLayout {
  /** Phases of the stride that some tap reads, and their rows and columns. */
  readonly phaseHeight: number;
  readonly phaseWidth: number;
  /** Extra rows and columns of a phase, beyond those of the outputs, that taps reach over. */
  readonly reachHeight: number;
  readonly reachWidth: number;
  readonly pitch: number;
  readonly blockRows: number;
  readonly blocks: number;
  readonly phaseFloats: number;
  readonly copyFloats: number;
  /** The pitch of the sums of a block beside y; 0 where no columns are dropped. */
  readonly sumPitch: number;
  readonly itemChannels: number;
}

/** The layout for so many threads; no bit of the result depends on that. Work is always counted for one. */
export function copyLayout(shape: ConvolutionShape, threads = 1): CopyLayout {
  const groupC = shape.inputChannels / shape.groups;
  const groupK = shape.outputChannels / shape.groups;
  const reachHeight = Math.floor(((shape.kernelHeight - 1) * shape.dilationHeight) / shape.strideHeight);
  const reachWidth = Math.floor(((shape.kernelWidth - 1) * shape.dilationWidth) / shape.strideWidth);
  const phaseHeight = Math.min(shape.strideHeight, reachOf(shape.kernelHeight, shape.dilationHeight));
  const phaseWidth = Math.min(shape.strideWidth, reachOf(shape.kernelWidth, shape.dilationWidth));
  const pitch = shape.outputWidth + reachWidth;
  const rowFloats = groupC * phaseHeight * phaseWidth * pitch;
  const fitting = Math.min(Math.floor(BLOCK_PIXELS / pitch), Math.floor(COPY_FLOATS / rowFloats) - reachHeight);
  const blocks = Math.ceil(shape.outputHeight / Math.min(shape.outputHeight, Math.max(1, fitting)));
  const blockRows = Math.ceil(shape.outputHeight / blocks);
  const phaseFloats = pitchFor((blockRows + reachHeight) * pitch);
  const isFew = threads > 1 && shape.batch * shape.groups * blocks < FEW_BLOCKS;
  return {
    phaseHeight,
    phaseWidth,
    reachHeight,
    reachWidth,
    pitch,
    blockRows,
    blocks,
    phaseFloats,
    copyFloats: pitchFor(groupC * phaseHeight * phaseWidth * phaseFloats),
    sumPitch: reachWidth === 0 ? 0 : pitchFor(blockRows * pitch),
    itemChannels: isFew ? Math.min(groupK, ITEM_CHANNELS) : groupK,
  };
}

/** Where tap (c, r, s) starts in the copy, for all taps in the order of the kernel's elements. */
export function tapTable(shape: ConvolutionShape, layout: CopyLayout, table: Int32Array): void {
  const phases = layout.phaseHeight * layout.phaseWidth;
  let q = 0;
  for (let c = 0; c < shape.inputChannels / shape.groups; c++) {
    for (let r = 0; r < shape.kernelHeight; r++) {
      for (let s = 0; s < shape.kernelWidth; s++) {
        const u = r * shape.dilationHeight;
        const v = s * shape.dilationWidth;
        const phase = (u % shape.strideHeight) * layout.phaseWidth + (v % shape.strideWidth);
        const row = Math.floor(u / shape.strideHeight);
        const column = Math.floor(v / shape.strideWidth);
        table[q++] = (c * phases + phase) * layout.phaseFloats + row * layout.pitch + column;
      }
    }
  }
}

/** Terms of a sum: the taps of all input channels of a group. */
export function depthOf(shape: ConvolutionShape): number {
  return (shape.inputChannels / shape.groups) * shape.kernelHeight * shape.kernelWidth;
}
