/**
 * Implicit GEMM: convolution as a matrix product whose right-hand matrix is never made.
 *
 *   y[k, p] = b[k] + Σ_q w[k, q] · X[q, p]       q = (c, r, s) tap, p output pixel
 *
 * Row q of X is the input as tap (c, r, s) sees it. In a padded copy of the input that is split by the stride into
 * phases (every stride-th row and column apart), each tap sees successive outputs as successive elements, so that X[q, ·]
 * is a run of that copy at a fixed distance: a table of distances takes the place of im2col, and the inner loop has no
 * index arithmetic for kernel size, stride, dilation or padding at all. Between two output rows the run passes over the
 * few columns of the copy that belong to no output; they are computed and dropped.
 *
 * Steps, for each image, group and block of output rows:
 *   1. copy the rows of the input that the block needs, padded and split, to the thread's scratch
 *   2. multiply from the bias on, at the pitch of the copy: in y itself, or beside it where columns are to be dropped
 *   3. drop the columns between the rows on the way to y, and apply the activation
 *
 * Departures from NNPACK: it packs im2col patches element by element; its bias is a serial pass at the end; it has
 * neither groups nor dilation nor batches here.
 *
 * Source: Chetlur et al., cuDNN: Efficient Primitives for Deep Learning (2014), §3.1; NNPACK,
 * src/convolution-inference.c; the table of distances is XNNPACK's indirection buffer (Dukhan, The Indirect Convolution
 * Algorithm, 2019).
 */

import { type ConvolutionShape, multiplyAdds } from '../tensor/convolution-shape.ts';
import { defineStep, type Thread } from '../threads/step.ts';
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
import { type CopyLayout, copyLayout, depthOf, tapTable } from './implicit-gemm-layout.ts';
import { copyPhase } from './phases.ts';
import { copyKernel, kernelFloats } from './reference.ts';

/** Passes over the sums: they are filled with the bias, copied to the output if columns are dropped, and activated. */
const SUM_PASSES = 3;

/** Items i … of images × groups × blocks of output rows, output channels j … of the group. */
export const implicitGemmStep = defineStep(
  'implicit GEMM convolution',
  [
    'groups',
    'groupC',
    'groupK',
    'height',
    'width',
    'outputHeight',
    'outputWidth',
    'top',
    'left',
    'stepHeight',
    'stepWidth',
    'phaseHeight',
    'phaseWidth',
    'reachHeight',
    'reachWidth',
    'pitch',
    'blockRows',
    'blocks',
    'phaseFloats',
    'copyFloats',
    'sumPitch',
    'itemChannels',
    'taps',
    'table',
    'scratch',
    'x',
    'w',
    'b',
    'y',
    'slope',
    'low',
    'high',
  ],
  (thread, p, i, j, iCount, jCount) => {
    const { kernels } = thread;
    const { f32 } = thread.memory;
    const copy = p.scratch + thread.index * (p.copyFloats + p.itemChannels * p.sumPitch);
    const sum = copy + p.copyFloats;
    for (let item = i; item < i + iCount; item++) {
      const imageGroup = Math.floor(item / p.blocks);
      const group = imageGroup % p.groups;
      const row = (item - imageGroup * p.blocks) * p.blockRows;
      const rows = Math.min(p.blockRows, p.outputHeight - row);
      const pixels = (rows - 1) * p.pitch + p.outputWidth;
      copyBlock(thread, p, p.x + imageGroup * p.groupC * p.height * p.width, row, rows, copy);
      const w = p.w + (group * p.groupK + j) * p.groupC * p.taps;
      const b = p.b + group * p.groupK + j;
      const plane = p.outputHeight * p.outputWidth;
      const y = p.y + (imageGroup * p.groupK + j) * plane + row * p.outputWidth;
      const [c, ldc] = p.sumPitch === 0 ? [y, plane] : [sum, p.sumPitch];
      for (let k = 0; k < jCount; k++) kernels.fill(pixels, c + k * ldc, p.b === 0 ? 0 : f32[b + k]);
      const depth = p.groupC * p.taps;
      kernels.sgemmIndirect(jCount, pixels, depth, w, depth, p.table, copy, c, ldc);
      for (let k = 0; k < jCount; k++) {
        const to = y + k * plane;
        if (c !== y) kernels.copyRows(rows, p.outputWidth, c + k * ldc, p.pitch, 1, to, p.outputWidth);
        activate(kernels, rows * p.outputWidth, to, p.slope, p.low, p.high);
      }
    }
  },
);

interface CopyParameters {
  groupC: number;
  height: number;
  width: number;
  top: number;
  left: number;
  stepHeight: number;
  stepWidth: number;
  phaseHeight: number;
  phaseWidth: number;
  reachHeight: number;
  pitch: number;
  phaseFloats: number;
}

/**
 * Phase (a, b) of the copy holds the padded input's rows a, a + stride, … and columns b, b + stride, …: element (u, v) of
 * it is x[(row + u)·strideHeight + a − top, v·strideWidth + b − left], or zero outside the image.
 */
function copyBlock(thread: Thread, p: CopyParameters, x: number, row: number, rows: number, copy: number): void {
  for (let c = 0; c < p.groupC; c++) {
    const plane = x + c * p.height * p.width;
    for (let a = 0; a < p.phaseHeight; a++) {
      for (let b = 0; b < p.phaseWidth; b++) {
        const phase = (c * p.phaseHeight + a) * p.phaseWidth + b;
        const y = row * p.stepHeight + a - p.top;
        copyPhase(thread, p, plane, y, b - p.left, rows + p.reachHeight, p.pitch, copy + phase * p.phaseFloats);
      }
    }
  }
}

export const implicitGemm: ConvolutionAlgorithm = Object.freeze({
  name: 'implicit-gemm',
  nnpackName: 'nnp_convolution_algorithm_implicit_gemm',
  supports: (_shape: ConvolutionShape, pass: Pass) => refuseGradients(pass),
  workload: implicitGemmWorkload,
  errorBound: (shape: ConvolutionShape, _pass: Pass, { kernels }: MachineModel) =>
    boundOfSums(depthOf(shape), kernels.gemmRoundings(depthOf(shape))),
  plan: planImplicitGemm,
});

function implicitGemmWorkload(shape: ConvolutionShape, _pass: Pass, machine: MachineModel): Workload {
  const layout = copyLayout(shape);
  const items = shape.batch * shape.groups * layout.blocks;
  const groupK = shape.outputChannels / shape.groups;
  // Columns between the rows of a block are computed and dropped.
  const pixels = layout.blockRows * layout.pitch - layout.reachWidth;
  const dropped = (shape.outputHeight - layout.blocks) * layout.reachWidth;
  return {
    tile: null,
    tiles: 0,
    multiplyAdds: multiplyAdds(shape) * (1 + dropped / (shape.outputHeight * shape.outputWidth)),
    products: { count: items, m: groupK, n: pixels, k: depthOf(shape) },
    inputTiles: 0,
    outputTiles: 0,
    isByChannels: false,
    transformedBytes: 0,
    blockBytes: 0,
    kernelTiles: 0,
    copied: items * (layout.copyFloats + (layout.sumPitch === 0 ? SUM_PASSES - 1 : SUM_PASSES) * groupK * pixels),
    kernelBytesRead: shape.batch * layout.blocks * kernelFloats(shape) * 4,
    workspaceBytes: 4 * workspaceFloats(shape, copyLayout(shape, machine.pool.threadsCount), machine),
    packedBytes: 4 * kernelFloats(shape),
  };
}

function workspaceFloats(shape: ConvolutionShape, layout: CopyLayout, { pool }: MachineModel): number {
  return pitchFor(depthOf(shape)) + (layout.copyFloats + layout.itemChannels * layout.sumPitch) * pool.threadsCount;
}

function planImplicitGemm(
  shape: ConvolutionShape,
  _pass: Pass,
  machine: Machine,
  activation: ActivationParameters,
): ConvolutionProgram {
  const layout = copyLayout(shape, machine.pool.threadsCount);
  const groupK = shape.outputChannels / shape.groups;
  const parameters = {
    ...layout,
    ...activation,
    groups: shape.groups,
    groupC: shape.inputChannels / shape.groups,
    groupK,
    height: shape.inputHeight,
    width: shape.inputWidth,
    outputHeight: shape.outputHeight,
    outputWidth: shape.outputWidth,
    top: shape.paddingTop,
    left: shape.paddingLeft,
    stepHeight: shape.strideHeight,
    stepWidth: shape.strideWidth,
    taps: shape.kernelHeight * shape.kernelWidth,
    table: 0,
    scratch: 0,
    x: 0,
    w: 0,
    b: 0,
    y: 0,
  };
  const table = new Int32Array(depthOf(shape));
  tapTable(shape, layout, table);
  return {
    packedFloats: kernelFloats(shape),
    workspaceFloats: workspaceFloats(shape, layout, machine),
    pack: (kernel, packed, profile) => copyKernel(shape, machine, kernel, packed, profile),
    run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void {
      const start = now();
      // Plans may share a workspace, so the table is written for each run; it is small beside any copy.
      machine.pool.thread.memory.i32.set(table, workspace);
      parameters.table = workspace;
      parameters.scratch = workspace + pitchFor(table.length);
      parameters.x = input;
      parameters.w = packed;
      parameters.b = bias;
      parameters.y = output;
      const items = shape.batch * shape.groups * layout.blocks;
      machine.pool.parallelize2dTile2d(implicitGemmStep, parameters, items, groupK, 1, layout.itemChannels);
      profile.blockMultiplication += now() - start;
    },
  };
}
