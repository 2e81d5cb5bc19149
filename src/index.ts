/**
 * The layers of convolutional networks on typed arrays and on WebAssembly SIMD: one function a layer, plans for what runs many
 * times, contexts of memory and threads, and explanations of how a layer runs.
 *
 * @module nnpack-ts
 */
export type {
  AlgorithmName,
  ErrorBound,
  Profile,
  Range,
  Underflow,
  WeightSizes,
  Workload,
} from './algorithms/algorithm.ts';
export {
  Context,
  type ContextDescription,
  createContext,
  defaultContext,
  setDefaultContextOptions,
} from './context/context.ts';
export { type MeasuredTime, Measurements } from './context/measurements.ts';
export type { ContextOptions } from './context/options.ts';
export type { Candidate } from './dispatch/candidate.ts';
export { ConvolutionExplanation, type ExplanationSubject, RulesExplanation } from './dispatch/explain.ts';
export type { Rule } from './dispatch/rule-names.ts';
export type { SelectionOptions } from './dispatch/select.ts';
export { type ErrorCode, NnpackError } from './errors.ts';
export type { ActivationOption } from './layers/activation.ts';
export { type AdditionOptions, additionOutput } from './layers/addition.ts';
export type { LayerOptions } from './layers/call.ts';
export { type ConcatenationOptions, concatenationOutput } from './layers/concatenation.ts';
export {
  type ConvolutionCallOptions,
  convolutionInference,
  convolutionOutput,
  type ExplainConvolutionOptions,
  explainConvolution,
} from './layers/convolution.ts';
export type { ConvolutionOptions, PlanConvolutionOptions } from './layers/convolution-options.ts';
export { ConvolutionPlan, planConvolution } from './layers/convolution-plan.ts';
export {
  type ExplainFullyConnectedOptions,
  explainFullyConnected,
  type FullyConnectedCallOptions,
  fullyConnectedInference,
  fullyConnectedOutput,
} from './layers/fully-connected.ts';
export type { HalfTensor } from './layers/fully-connected-kernel.ts';
export type { FullyConnectedOptions, PlanFullyConnectedOptions } from './layers/fully-connected-options.ts';
export { FullyConnectedPlan, planFullyConnected } from './layers/fully-connected-plan.ts';
export type { FullyConnectedShape, WeightFormat } from './layers/fully-connected-program.ts';
export {
  type BatchNormalisationOptions,
  batchNormalisationOutput,
  type LocalResponse,
  type LocalResponseNormalisationOptions,
  localResponseNormalisationOutput,
} from './layers/normalisation.ts';
export { type PadGeometry, type PadMode, type PadOptions, padOutput } from './layers/pad.ts';
export {
  type AveragePoolingOptions,
  averagePoolingOutput,
  type ExplainPoolingOptions,
  explainPooling,
  type GlobalAveragePoolingOptions,
  globalAveragePoolingOutput,
  type MaxPoolingOptions,
  maxPoolingOutput,
  maxPoolingOutputWithIndices,
} from './layers/pooling.ts';
export type { PoolingConvention, PoolingGeometry } from './layers/pooling-shape.ts';
export { type ReluOptions, reluOutput } from './layers/relu.ts';
export { type ResizeGeometry, type ResizeOptions, resizeOutput } from './layers/resize.ts';
export { type SoftmaxOptions, softmaxOutput } from './layers/softmax.ts';
export { type WarmUpOptions, warmUp } from './layers/warm-up.ts';
export { decodeHalves, encodeHalves, type HalfForm } from './maths/half.ts';
export type { ConvolutionGeometry, ConvolutionShape, Padding, PerAxis } from './tensor/convolution-shape.ts';
export type { Tensor, TensorLike } from './tensor/ndarray.ts';
export type { WorkerFactory } from './threads/spawn.ts';
