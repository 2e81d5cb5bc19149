/**
 * Networks of TensorFlow.js on our backend of it and on its own ones, in one process and one thread:
 *
 *   UpscalerJS's default network    12 convolutions with trained weights, on a picture of 128 × 128
 *   MobileNet-v2                    of bench/networks.ts
 */
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defaultContext } from '../../src/context/context.ts';
import type { Network } from '../../src/networks/network.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { loadLayersModel } from '../../src/tfjs/load.ts';
import { mobileNetV2 } from '../networks.ts';
import type { KernelsChoice, Section } from '../section.ts';
import { rowsOf, WORK } from './comparison.ts';
import type { PeerName, PeerNetwork } from './engine.ts';
import { requirePeer } from './engines.ts';
import { comparisonOf, contestant, type Report, timeInTurn } from './measure.ts';
import { loadCore, loadTensorFlowCpu, loadTensorFlowWasm, type TensorFlow, useBackend } from './tensorflow.ts';
import { networkOf } from './tensorflow-network.ts';

const UPSCALER = resolve('node_modules/@upscalerjs/default-model/models/model.json');

interface Work {
  readonly name: string;
  readonly shape: readonly number[];
  build(): Network | Promise<Network>;
}

const NETWORKS: readonly Work[] = [
  { name: WORK.upscaler, shape: [1, 3, 128, 128], build: () => loadLayersModel(UPSCALER) },
  { name: WORK.backendMobileNet, shape: [1, 3, 224, 224], build: mobileNetV2 },
];

/** Ours first. */
const BACKENDS = ['nnpack', 'wasm', 'cpu'] as const;

export const tensorflowBackend: Section = {
  name: 'tfjs-backend',
  what: 'networks of TensorFlow.js on our backend of it and on its own ones, one thread',
  seconds: 60,
  steps: [30, 30],
  async run({ kernels, signal, step, found }) {
    const loaded = await load(kernels);
    if (typeof loaded === 'string') return console.error(loaded);
    const report: Report = { signal, step, found: (comparison) => found.rows.push(...rowsOf(comparison)) };
    for (const work of NETWORKS) await measureNetwork(loaded, work, report);
  },
};

/** TensorFlow.js with all backends, or what is missing. */
async function load(kernels: KernelsChoice): Promise<TensorFlow | string> {
  try {
    await loadTensorFlowCpu((id) => requirePeer(id));
    await loadTensorFlowWasm((id) => requirePeer(id));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error;
    return 'Not installed: TensorFlow.js; run `npm install` in the folder bench/peers.';
  }
  withDefaultContext(kernels);
  // Our backend finds TensorFlow.js where the peers are.
  const parent = pathToFileURL(resolve('bench/peers/package.json')).href;
  const isPeer = "specifier.startsWith('@tensorflow/')";
  const context = `${isPeer} ? { ...context, parentURL: ${JSON.stringify(parent)} } : context`;
  register(
    `data:text/javascript,${encodeURIComponent(`export const resolve = (specifier, context, next) => next(specifier, ${context});`)}`,
  );
  await import('../../src/tfjs-backend/index.ts');
  return loadCore((id) => requirePeer(id));
}

/** Makes the default context, which is that of our backend, as the others are: with one thread. */
function withDefaultContext(kernels: KernelsChoice): void {
  const { NNPACK_KERNELS, NNPACK_NTHREADS } = process.env;
  Object.assign(process.env, { NNPACK_KERNELS: kernels, NNPACK_NTHREADS: '1' });
  defaultContext();
  for (const [name, value] of Object.entries({ NNPACK_KERNELS, NNPACK_NTHREADS })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

async function measureNetwork(tf: TensorFlow, { name, shape, build }: Work, report: Report): Promise<void> {
  report.step(name);
  const network = await build();
  const data = randomArray(sizeOf(shape), uniform(7));
  const sessions: PeerNetwork[] = [];
  try {
    const runs = [];
    for (const backend of BACKENDS) {
      const use = () => useBackend(tf, backend);
      await use();
      const session = networkOf(tf, use, network);
      sessions.push(session);
      const run = session.images(network.inputs[0].name, network.outputs[0], data, shape);
      runs.push(contestant(`tfjs-backend-${backend}` as PeerName, run));
    }
    const [mine, ...others] = await timeInTurn(name, runs, report.signal);
    report.found(comparisonOf(name, null, defaultContext(), mine, others));
  } finally {
    await useBackend(tf, 'cpu');
    for (const session of sessions) session.dispose();
  }
}
