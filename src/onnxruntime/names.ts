/** The values that a program finds under `ort.`. */
export { env, Tensor } from 'onnxruntime-common';
export { listSupportedBackends, nnpackBackend } from './backend.ts';
export { InferenceSession } from './session.ts';
