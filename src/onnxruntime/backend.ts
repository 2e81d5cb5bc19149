import type { Backend } from 'onnxruntime-common';
import { createHandler } from './handler.ts';

/**
 * This library as a backend of onnxruntime-common, for a program that keeps its `InferenceSession`: whoever registers it
 * names it among `executionProviders`.
 *
 * @example
 * import * as ort from 'onnxruntime-web';
 * import { nnpackBackend } from 'nnpack-ts/onnxruntime';
 *
 * ort.registerBackend('nnpack', nnpackBackend, 10);
 * const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: ['nnpack'] });
 */
export const nnpackBackend: Backend = Object.freeze({
  init: async () => {},
  createInferenceSessionHandler: (model, options = {}) =>
    createHandler('createInferenceSessionHandler', model, options),
} satisfies Backend);

/**
 * The backends that there are, as onnxruntime-node tells them.
 *
 * @example
 * listSupportedBackends(); // [{ name: 'cpu', bundled: true }]
 */
export function listSupportedBackends(): { name: string; bundled: boolean }[] {
  return [{ name: 'cpu', bundled: true }];
}
