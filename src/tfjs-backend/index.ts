/**
 * A backend of TensorFlow.js: its convolutions, poolings, matrix products, resizes and elementwise arithmetic run on the
 * kernels of this library, and everything else on those of `@tensorflow/tfjs-backend-cpu`. Importing it registers the backend.
 *
 * ```js
 * import * as tf from '@tensorflow/tfjs-core';
 * import 'nnpack-ts/tfjs-backend';
 *
 * await tf.setBackend('nnpack');
 * ```
 *
 * @module nnpack-ts/tfjs-backend
 */
import { registerNnpack } from './register.ts';
import { CallCounter, type KernelStatistics } from './statistics.ts';

export type { KernelStatistics } from './statistics.ts';

const counter = new CallCounter();
registerNnpack(counter);

/**
 * The calls of each kernel of TensorFlow.js on the backend `'nnpack'` since it was imported: which ran on our kernels, by which
 * algorithm, and which did not, by the rule that left them to TensorFlow.js.
 *
 * @example
 * await tf.setBackend('nnpack');
 * model.predict(picture);
 * console.log(nnpackStatistics().FusedConv2D); // { accelerated: { wt8x8: 12, direct: 3 }, others: {} }
 */
export function nnpackStatistics(): Readonly<Record<string, KernelStatistics>> {
  return counter.statistics();
}
