/** What users of ONNX Runtime write, against the declarations that are packed: a file that must compile. */

import { createContext } from 'nnpack-ts';
import type * as all from 'nnpack-ts/onnxruntime';
import ort, { env, InferenceSession, nnpackBackend, Tensor, type TypedTensor } from 'nnpack-ts/onnxruntime';
import { registerBackend } from 'onnxruntime-common';

env.wasm.numThreads = 2;
env.logLevel = 'error';
registerBackend('nnpack', nnpackBackend, 10);

const options: InferenceSession.SessionOptions = {
  executionProviders: ['wasm', { name: 'nnpack', context: await createContext({ threads: 2 }) }],
  graphOptimizationLevel: 'all',
  externalData: [{ path: 'w.bin', data: new Uint8Array(4) }],
};
const session: InferenceSession = await InferenceSession.create('model.onnx', options);
const sameByDefault: all.InferenceSession = await ort.InferenceSession.create(new ArrayBuffer(8), 0, 8, options);
const image: TypedTensor<'float32'> = new Tensor('float32', new Float32Array(3), [1, 3, 1, 1]);
const feeds: InferenceSession.FeedsType = { image };
const runOptions: all.InferenceSession.RunOptions = { tag: 'a' };
const results: InferenceSession.ReturnType = await session.run(feeds, { scores: null }, runOptions);
const dims: readonly number[] = results.scores.dims;
const why: string = String(session.explain({ image: dims }));
const [metadata] = session.inputMetadata;
export const shape = metadata.isTensor ? metadata.shape : [];
await sameByDefault.release();
// @ts-expect-error no option has this name
await InferenceSession.create('model.onnx', { intraOpThreads: 2 });
// @ts-expect-error a run takes tensors
await session.run({ image: new Float32Array(3) });

export { why };
