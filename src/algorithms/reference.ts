/**
 * The oracle: convolution by its definition, accumulated in double precision and rounded once. Never fast, never clever.
 *
 *   y[n, k, i, j] = b[k] + Σ_c Σ_r Σ_s x[n, c, i·stride + r·dilation − top, j·stride + s·dilation − left] · w[k, c, r, s]
 *
 * with x = 0 outside the image. As everywhere in the field this is a cross-correlation: the kernel is not flipped.
 */

import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { multiplyAdds } from '../tensor/convolution-shape.ts';
import { defineStep, type Thread } from '../threads/step.ts';
import { activate } from './activate.ts';
import {
  type ActivationParameters,
  boundOfSums,
  type ConvolutionAlgorithm,
  type ConvolutionProgram,
  type Machine,
  now,
  type Pass,
  type Profile,
  refuseGradients,
} from './algorithm.ts';

/** The measured speed of these loops, which every table runs. */
export const REFERENCE_GFLOPS = 0.6;

const SHAPE_FIELDS = [
  'batch',
  'groups',
  'inputChannels',
  'outputChannels',
  'inputHeight',
  'inputWidth',
  'kernelHeight',
  'kernelWidth',
  'paddingTop',
  'paddingRight',
  'paddingBottom',
  'paddingLeft',
  'strideHeight',
  'strideWidth',
  'dilationHeight',
  'dilationWidth',
  'outputHeight',
  'outputWidth',
] as const;

/** Output planes i … of the N × K planes. */
export const referenceStep = defineStep(
  'reference convolution',
  [...SHAPE_FIELDS, 'x', 'w', 'b', 'y', 'slope', 'low', 'high'],
  (thread, p, i, _j, iCount) => {
    for (let plane = i; plane < i + iCount; plane++) {
      convolvePlane(thread, p, p.x, p.w, p.b, p.y, plane);
      const size = p.outputHeight * p.outputWidth;
      activate(thread.kernels, size, p.y + plane * size, p.slope, p.low, p.high);
    }
  },
);

function convolvePlane(
  thread: Thread,
  shape: ConvolutionShape,
  x: number,
  w: number,
  b: number,
  y: number,
  plane: number,
): void {
  const { f32 } = thread.memory;
  const { inputHeight: height, inputWidth: width, kernelHeight, kernelWidth } = shape;
  const n = Math.floor(plane / shape.outputChannels);
  const k = plane - n * shape.outputChannels;
  const groupC = shape.inputChannels / shape.groups;
  const firstC = Math.floor(k / (shape.outputChannels / shape.groups)) * groupC;
  for (let i = 0; i < shape.outputHeight; i++) {
    for (let j = 0; j < shape.outputWidth; j++) {
      let sum = b === 0 ? 0 : f32[b + k];
      for (let c = 0; c < groupC; c++) {
        for (let r = 0; r < kernelHeight; r++) {
          const row = i * shape.strideHeight + r * shape.dilationHeight - shape.paddingTop;
          if (row < 0 || row >= height) continue;
          for (let s = 0; s < kernelWidth; s++) {
            const column = j * shape.strideWidth + s * shape.dilationWidth - shape.paddingLeft;
            if (column < 0 || column >= width) continue;
            const input = f32[x + ((n * shape.inputChannels + firstC + c) * height + row) * width + column];
            sum += input * f32[w + ((k * groupC + c) * kernelHeight + r) * kernelWidth + s];
          }
        }
      }
      f32[y + (plane * shape.outputHeight + i) * shape.outputWidth + j] = sum;
    }
  }
}

export const reference: ConvolutionAlgorithm = Object.freeze({
  name: 'reference',
  nnpackName: 'nnp_convolution_output__reference',
  supports: (_shape: ConvolutionShape, pass: Pass) => refuseGradients(pass),
  workload: (shape: ConvolutionShape) => ({
    tile: null,
    tiles: 0,
    multiplyAdds: multiplyAdds(shape),
    products: { count: 0, m: 0, n: 0, k: 0 },
    inputTiles: 0,
    outputTiles: 0,
    isByChannels: false,
    transformedBytes: 0,
    blockBytes: 0,
    kernelTiles: 0,
    copied: 0,
    kernelBytesRead: 0,
    workspaceBytes: 0,
    packedBytes: kernelFloats(shape) * 4,
  }),
  // One rounding of the sum; double precision adds less than 1 % of another.
  errorBound: (shape: ConvolutionShape) => boundOfSums(kernelFloats(shape) / shape.outputChannels, 0),
  plan: planReference,
});

function planReference(
  shape: ConvolutionShape,
  _pass: Pass,
  machine: Machine,
  activation: ActivationParameters,
): ConvolutionProgram {
  const parameters = { ...shape, ...activation, x: 0, w: 0, b: 0, y: 0 };
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
      machine.pool.parallelize1d(referenceStep, parameters, shape.batch * shape.outputChannels);
      profile.blockMultiplication += now() - start;
    },
  };
}

/** Elements of the kernel, for algorithms that read it as it is. */
export function kernelFloats(shape: ConvolutionShape): number {
  return shape.outputChannels * (shape.inputChannels / shape.groups) * shape.kernelHeight * shape.kernelWidth;
}

/** The "packing" of algorithms that read the kernel as it is: a copy that the plan owns, without subnormal numbers. */
export function copyKernel(
  shape: ConvolutionShape,
  machine: Machine,
  kernel: number,
  packed: number,
  profile: Profile,
): void {
  const start = now();
  machine.kernels.flush(kernelFloats(shape), kernel, packed);
  profile.kernelTransform += now() - start;
}
