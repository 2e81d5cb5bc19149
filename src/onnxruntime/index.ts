/**
 * ONNX Runtime's interface: a program written for onnxruntime-node or onnxruntime-web runs on this library when its import
 * names this. `Tensor` and `env` are those of onnxruntime-common, which is installed beside.
 *
 * @module nnpack-ts/onnxruntime
 */
import * as ort from './names.ts';

export type {
  Backend,
  Env,
  ExternalDataFileDescription,
  InferenceSessionFactory,
  InferenceSessionHandler,
  OnnxModelOptions,
  OnnxValue,
  OnnxValueDataLocation,
  TensorConstructor,
  TypedTensor,
} from 'onnxruntime-common';
export type { NodeExplanation } from '../graph/explanation.ts';
export type { ModelExplanation } from '../models/explanation.ts';
export type { NnpackExecutionProviderOption } from './execution-providers.ts';
export { env, InferenceSession, listSupportedBackends, nnpackBackend, Tensor } from './names.ts';

/** All of it, for `import ort from`. */
export default ort;
