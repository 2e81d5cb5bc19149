/**
 * For those who write a convolution of their own, on WebGPU, WebAssembly or typed arrays: drawn problems, the sum in
 * double, and error bounds that are derived and not tuned. It needs the package `fast-check`.
 *
 * @example
 * import { test } from 'node:test';
 * import fc from 'fast-check';
 * import {
 *   convolutionData, convolutionProblem, convolutionReference, errorBound, expectWithin, outputShapeOf,
 * } from 'nnpack-ts/testing';
 * import { convolve3x3 } from './my-kernel.js';
 *
 * // 3×3, any padding, no stride, no groups, no activation
 * const problems = convolutionProblem({ algorithm: 'wt8x8', kernelSize: [3, 3], groups: 1 }).map((problem) => ({
 *   ...problem,
 *   activation: 'identity' as const,
 * }));
 *
 * test('my convolution is as accurate as F(6×6, 3×3)', async () => {
 *   const property = fc.asyncProperty(problems, async (problem) => {
 *     const data = convolutionData(problem);
 *     const output = await convolve3x3(data.input, data.kernel, data.bias, problem);
 *     const expected = convolutionReference(problem, data);
 *     expectWithin(output, expected, errorBound(problem, data, 'wt8x8'), outputShapeOf(problem));
 *   });
 *   await fc.assert(property, { numRuns: 200 });
 * });
 *
 * A failure names the smallest problem that fails, the seed, and the element that is furthest off.
 *
 * @module nnpack-ts/testing
 */
export type { AlgorithmName, ErrorBound } from '../algorithms/algorithm.ts';
export type { ActivationOption } from '../layers/activation.ts';
export type { ConvolutionShape } from '../tensor/convolution-shape.ts';
export { errorBound, expectWithin, type WorstError } from './bounds.ts';
export { type Convolve, checkConvolution, type OwnConvolve } from './check.ts';
export { convolutionProblem, type ProblemLimits, type ProblemOptions } from './draw.ts';
export { convolutionReference } from './naive.ts';
export {
  type ConvolutionData,
  convolutionData,
  describeProblem,
  outputShapeOf,
  type Problem,
  shapeOf,
} from './problems.ts';
