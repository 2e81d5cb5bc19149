/**
 * Reader of MXNet models: `nnpack-ts/mxnet`. It runs wherever the library does; load.ts adds reading from disk.
 *
 * @module nnpack-ts/mxnet
 */
export type { ModelGraph } from '../graph/model-graph.ts';
export type { MxnetFileContents } from './files.ts';
export { type ReadMxnetModelOptions, readMxnetModel } from './read-model.ts';
