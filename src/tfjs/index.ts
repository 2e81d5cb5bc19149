/**
 * Reader of tfjs layers models: `nnpack-ts/tfjs`. It runs wherever the library does; load.ts adds reading from disk.
 *
 * @module nnpack-ts/tfjs
 */
export { readLayersModel } from './layers-model.ts';
export type { ReadShard } from './weights.ts';
