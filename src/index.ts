export type { AlgorithmName, ErrorBound, Profile, Workload } from './algorithms/algorithm.ts';
export type { Candidate, SelectionOptions } from './dispatch/select.ts';
export { ConvolutionExplanation } from './dispatch/explain.ts';
export { type ErrorCode, NnpackError } from './errors.ts';
export type { ActivationOption } from './layers/activation.ts';
export {
  type ConvolutionCallOptions,
  convolutionInference,
  convolutionOutput,
  type ExplainConvolutionOptions,
  explainConvolution,
} from './layers/convolution.ts';
export {
  type ConvolutionOptions,
  ConvolutionPlan,
  type PlanConvolutionOptions,
  planConvolution,
} from './layers/convolution-plan.ts';
export type { ConvolutionGeometry, ConvolutionShape, Padding, PerAxis } from './tensor/convolution-shape.ts';
export type { Tensor, TensorLike } from './tensor/ndarray.ts';
export {
  Context,
  type ContextDescription,
  type ContextOptions,
  createContext,
  defaultContext,
} from './threads/context.ts';
export type { WorkerFactory } from './threads/spawn.ts';
