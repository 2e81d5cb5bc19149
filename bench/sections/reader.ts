/** VGG-16 as an ONNX file beside the built-in network: what reading it takes, and whether it runs as fast. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Context } from '../../src/context/context.ts';
import { planGraph } from '../../src/graph/plan.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import type { Network } from '../../src/networks/network.ts';
import { graphOf } from '../../src/networks/parse.ts';
import { planNetwork } from '../../src/networks/plan.ts';
import { loadOnnxModel } from '../../src/onnx/load.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import { makeTensor, sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { type Bench, type Contestant, contest, type Section, withContext } from '../section.ts';
import { type Measurement, type MeasureOptions, ratio } from '../statistics.ts';

const NAME = 'vgg-16';
const SHAPE = [1, 3, 224, 224];
/** Half a gigabyte is read and packed each time. */
const OPTIONS: MeasureOptions = { rounds: 9, warmUp: 1, budget: 15_000 };

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

export const reader: Section = {
  name: 'reader',
  what: `${NAME} from an ONNX file, one thread`,
  seconds: 60,
  steps: [1, 1],
  async run(bench) {
    const folder = await mkdtemp(join(tmpdir(), 'nnpack-ts-reader-'));
    const path = join(folder, `${NAME}.onnx`);
    const network = buildNetwork(NAME);
    try {
      await writeFile(path, writeOnnxModel(graphOf(network)));
      await withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
        await measureLoading(bench, context, network, path);
        await measureRuns(bench, context, network, path);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measureLoading(bench: Bench, context: Context, network: Network, path: string): Promise<void> {
  bench.step('loading');
  const timed = (name: string, plan: () => Promise<{ dispose(): void }>): Contestant => ({
    name,
    async time() {
      // What the last run has left would be taken away in the middle of this one.
      collectGarbage();
      const start = performance.now();
      const made = await plan();
      const milliseconds = performance.now() - start;
      made.dispose();
      return milliseconds;
    },
    // What is loaded is verified as it runs.
    result: () => new Float32Array(),
  });
  const load = timed('load', async () => {
    const { graph } = await loadOnnxModel(path);
    return planGraph(graph, { context, inputs: { data: SHAPE } });
  });
  const pack = timed('reading and packing', async () => {
    await readFile(path);
    return planNetwork(network, { context });
  });
  const [loading, packing] = await contest([load, pack], OPTIONS, bench.signal);
  bench.found.rows.push({
    ...{ what: `${NAME}, loaded and packed`, value: loading.median, unit: 'ms' },
    ...{ against: `reading the file and packing, ${packing.median.toFixed(0)} ms`, goal: { atMost: 1.3 } },
    ratio: ratio(loading, packing).ratio,
  });
}

async function measureRuns(bench: Bench, context: Context, network: Network, path: string): Promise<void> {
  bench.step('runs');
  const { graph } = await loadOnnxModel(path);
  const plans = [planGraph(graph, { context, inputs: { data: SHAPE } }), planNetwork(network, { context })] as const;
  const data = makeTensor(randomArray(sizeOf(SHAPE), uniform(7)), SHAPE);
  const [read, built] = await contest(
    plans.map((plan, i): Contestant => {
      let result = new Float32Array();
      const time = () => {
        const start = performance.now();
        result = plan.run({ data }).softmax.data as Float32Array<ArrayBuffer>;
        return performance.now() - start;
      };
      return { name: ['through the reader', 'built in'][i], time, result: () => result };
    }),
    OPTIONS,
    bench.signal,
  );
  for (const plan of plans) plan.dispose();
  bench.found.rows.push(runsRow(read, built));
}

function runsRow(read: Measurement, built: Measurement) {
  return {
    ...{ what: `${NAME}, a run through the reader`, value: read.median, unit: 'ms' },
    ...{ against: `the built-in network, ${built.median.toFixed(0)} ms`, goal: { atMost: 1.02 } },
    ratio: ratio(read, built).ratio,
  };
}
