/**
 * Reader of ONNX models: `nnpack-ts/onnx`. It runs wherever the library does; load.ts adds reading from disk.
 *
 * @module nnpack-ts/onnx
 */
export type { ModelGraph } from '../graph/model-graph.ts';
export { type ReadOnnxModelOptions, readOnnxModel } from './read-model.ts';
export type { ReadExternal } from './tensor.ts';
