/**
 * One way in for models of all formats: ONNX, MXNet, and layers and graph models of TensorFlow.js.
 *
 * @module nnpack-ts/models
 */
export type { NodeExplanation } from '../graph/explanation.ts';
export type { NodeReport, Progress } from '../graph/plan.ts';
export type { Dtype, Name, Size } from '../graph/values.ts';
export type { TypedNumbers, TypedTensor, TypedTensorLike } from '../tensor/ndarray.ts';
export { ModelExplanation } from './explanation.ts';
export { Model, type ModelRunOptions } from './model.ts';
export { openModel } from './open-model.ts';
export type { ModelOptions } from './options.ts';
export { parseModel } from './parse-model.ts';
export type { ModelFormat, ModelValue } from './source.ts';
