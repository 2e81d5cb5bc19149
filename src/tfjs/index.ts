/**
 * Readers of tfjs layers models and graph models: `nnpack-ts/tfjs`. They run wherever the library does; load.ts adds reading
 * from disk.
 *
 * @module nnpack-ts/tfjs
 */
export type { ModelGraph } from '../graph/model-graph.ts';
export { readGraphModel } from './graph-model.ts';
export { readLayersModel, readLayersModelGraph } from './layers-model.ts';
export type { ReadShard } from './weights.ts';
