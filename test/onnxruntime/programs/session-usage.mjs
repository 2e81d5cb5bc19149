// Every way to make and run a session that the documentation shows, and the options that it sets.
import { readFileSync } from 'node:fs';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';

env.logLevel = 'error';
env.debug = false;
env.wasm.numThreads = 1;
env.wasm.wasmPaths = '/assets/';

const PATH = './product.onnx';
const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, enableCpuMemArena: false };
const bytes = readFileSync(PATH);
const arrayBuffer = bytes.buffer;
const sessions = [
  await InferenceSession.create(PATH),
  await InferenceSession.create(PATH, options),
  await InferenceSession.create(bytes),
  await InferenceSession.create(bytes, options),
  await InferenceSession.create(arrayBuffer, bytes.byteOffset, bytes.byteLength),
  await InferenceSession.create(arrayBuffer, bytes.byteOffset, bytes.byteLength, {
    ...options,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: 3,
    enableMemPattern: true,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }),
];
const a = new Tensor(
  'float32',
  Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
  [3, 4],
);
const b = new Tensor(
  Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  [4, 3],
);
const feeds = { a, b };
const preAllocated = new Tensor(new Float32Array(9), [3, 3]);
const runOptions = { logSeverityLevel: 3, tag: 'usage' };
const results = {};
for (const [i, session] of sessions.entries()) {
  const all = [
    await session.run(feeds),
    await session.run(feeds, runOptions),
    await session.run(feeds, ['c']),
    await session.run(feeds, ['c'], runOptions),
    await session.run(feeds, { c: null }),
    await session.run(feeds, { c: preAllocated }, runOptions),
  ];
  results[`session ${i}`] = all.flatMap(({ c }) => [...c.data]);
  results[`pre-allocated ${i}`] = [...preAllocated.data];
  preAllocated.data.fill(0);
  results[`names ${i}`] = [...session.inputNames, ...session.outputNames];
  results[`metadata ${i}`] = [JSON.stringify(session.inputMetadata), JSON.stringify(session.outputMetadata)];
  await session.release();
}
console.log(JSON.stringify(results));
