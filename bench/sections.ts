/** What `npm run bench` measures: each section gives rows with their goals. All figures of a row are of one run. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import { type Context, createContext, warmUp } from '../src/index.ts';
import { B_PARTS, MICROKERNELS } from '../src/kernels/scalar/generated/gemm.ts';
import { type ConvolutionLayer, operations, otherLayers, problem, vgg16Layers } from './layers.ts';
import { type OurConvolution, ourConvolution, verify } from './ours.ts';
import type { PeerConvolution, PeerEngine } from './peers/engines.ts';
import type { Row } from './report.ts';
import { type Candidate, type Measurement, measure, ratio } from './statistics.ts';

const SEED = 7;
const OPTIONS = { rounds: 7, warmUp: 3, budget: 6000 };

export interface Section {
  readonly name: string;
  readonly what: string;
  run(peers: readonly PeerEngine[], say: (text: string) => void): Promise<Row[]>;
}

/** One layer on several candidates, in turn, each verified against the first. */
async function contest(candidates: readonly (Candidate & { result(): Promise<Float32Array> | Float32Array })[]) {
  const expected = await resultOf(candidates[0]);
  for (const candidate of candidates.slice(1)) {
    verify(`${candidate.name} against ${candidates[0].name}`, await resultOf(candidate), expected);
  }
  return measure(candidates, OPTIONS);
}

async function resultOf(
  candidate: Candidate & { result(): Promise<Float32Array> | Float32Array },
): Promise<Float32Array> {
  await candidate.time();
  return candidate.result();
}

function asCandidate(name: string, peer: PeerConvolution) {
  return { name, time: () => peer.time(), result: () => peer.run() };
}

const gflops = (layer: ConvolutionLayer, { median }: Measurement, batch = 1): number =>
  (batch * operations(layer)) / median / 1e6;

export const sections: readonly Section[] = [
  { name: 'layers', what: 'layers against peers and our own implicit GEMM, one thread', run: benchLayers },
  { name: 'gemm', what: 'matrix products against the micro-kernel alone', run: benchGemm },
  { name: 'fourier', what: 'Fourier algorithms against implicit GEMM', run: benchFourier },
  { name: 'choice', what: "the dispatcher's choice against the best algorithm", run: benchChoice },
  { name: 'threads', what: 'two threads against one', run: benchThreads },
  { name: 'batch', what: 'images a second over the batch', run: benchBatch },
  { name: 'first-call', what: 'the first call of a fresh process against a warm one', run: benchFirstCall },
];

async function withContext<Result>(threads: number, work: (context: Context) => Promise<Result>): Promise<Result> {
  const context = await createContext({ threads });
  try {
    warmUp(context);
    return await work(context);
  } finally {
    context.dispose();
  }
}

async function benchLayers(peers: readonly PeerEngine[], say: (text: string) => void): Promise<Row[]> {
  return withContext(1, async (context) => {
    const rows: Row[] = [];
    const sums = new Map<string, number>();
    for (const layer of [...vgg16Layers, ...otherLayers]) {
      say(layer.name);
      const data = problem(layer, SEED);
      // Peers read and write arrays of their own, so we do as well.
      const ours = ourConvolution(context, data, 'auto', true);
      const gemm = ourConvolution(context, data, 'implicit-gemm', true);
      const theirs = await Promise.all(peers.map((peer) => peer.convolution(data)));
      const all = [ours, gemm, ...theirs.map((peer, i) => asCandidate(peers[i].name, peer))];
      const [mine, own, ...others] = await contest(all);
      if (vgg16Layers.includes(layer)) {
        [mine, own, ...others].forEach((measured, i) => {
          const key = i === 0 ? 'ours' : i === 1 ? 'implicit-gemm' : measured.name;
          sums.set(key, (sums.get(key) ?? 0) + layer.occurrences * measured.median);
        });
      }
      const what = `${layer.name}, ${ours.plan.algorithm}, ${gflops(layer, mine).toFixed(1)} GFLOP/s`;
      rows.push({ what, value: mine.median, unit: 'ms', against: 'implicit-gemm', ratio: ratio(own, mine).ratio });
      for (const other of others) {
        const goal = other.name === 'tfjs-backend-cpu' ? tfjsGoal(layer) : undefined;
        rows.push({ what, value: mine.median, unit: 'ms', against: other.name, ratio: ratio(other, mine).ratio, goal });
      }
      for (const peer of theirs) peer.dispose();
      ours.dispose();
      gemm.dispose();
    }
    const total = sums.get('ours') as number;
    const goals: Record<string, number> = { 'implicit-gemm': 3, 'tfjs-backend-cpu': 20, 'onnxruntime-web': 1 };
    for (const [against, sum] of sums) {
      if (against === 'ours') continue;
      const what = 'VGG-16, thirteen convolutions, summed';
      rows.push({ what, value: total, unit: 'ms', against, ratio: sum / total, goal: { atLeast: goals[against] } });
    }
    return rows;
  });
}

function tfjsGoal(layer: ConvolutionLayer): { atLeast: number } | undefined {
  if (vgg16Layers.includes(layer)) return undefined;
  return { atLeast: layer.kernelSize === 5 ? 20 : 5 };
}

async function benchGemm(): Promise<Row[]> {
  return withContext(1, async (context) => {
    const rows: Row[] = [];
    const { f32 } = context.arena;
    const { rows: mr, multiply } = MICROKERNELS[0];
    const kr = B_PARTS.length;
    const n = context.kernels.gemmBlocks.nc;
    const tile = context.arena.allocate(64 * 64, 'bench');
    const triples = context.kernels.gemmBlocks.kc / kr;
    // The micro-kernel alone, as a product runs it: over a whole packed panel of B, without packing and unpacking.
    const microkernel = {
      name: 'micro-kernel',
      time() {
        const start = performance.now();
        for (let pass = 0; pass < 100; pass++) {
          for (let l = 0; l < triples; l++) multiply[kr - 1](f32, n, tile, 64, l * n);
        }
        return performance.now() - start;
      },
    };
    const microFlops = 100 * triples * 2 * mr * kr * n;
    for (const [size, pitch] of [
      [512, 512],
      [512, 528],
      [1024, 1024],
      [1024, 1040],
    ]) {
      const [a, b, c] = [0, 1, 2].map(() => context.arena.allocate(size * pitch, 'bench'));
      for (let i = 0; i < size * pitch; i++)
        context.arena.f32[a + i] = context.arena.f32[b + i] = ((i * 7919) % 1024) / 512 - 1;
      const product = {
        name: `${size}³`,
        time() {
          const start = performance.now();
          context.kernels.sgemm(size, size, size, a, pitch, b, pitch, c, pitch, 0);
          return performance.now() - start;
        },
      };
      product.time();
      checkProduct(context, size, pitch, a, b, c);
      const [whole, alone] = await measure([product, microkernel], OPTIONS);
      const rate = (2 * size ** 3) / whole.median / 1e6;
      const own = microFlops / alone.median / 1e6;
      rows.push({
        what: `GEMM ${size}³, pitch ${pitch}`,
        value: rate,
        unit: 'GFLOP/s',
        against: `micro-kernel alone, ${own.toFixed(1)}`,
        ratio: rate / own,
        goal: { atLeast: 0.9 },
      });
      for (const range of [a, b, c]) context.arena.release(range);
    }
    return rows;
  });
}

/** Some elements of C against sums in double. */
function checkProduct({ arena: { f32 } }: Context, size: number, pitch: number, a: number, b: number, c: number): void {
  for (let sample = 0; sample < 200; sample++) {
    const [i, j] = [(sample * 97) % size, (sample * 389) % size];
    let sum = 0;
    for (let l = 0; l < size; l++) sum += f32[a + i * pitch + l] * f32[b + l * pitch + j];
    const error = Math.abs(f32[c + i * pitch + j] - sum);
    if (!(error <= 1e-4 * size)) throw new Error(`GEMM ${size}³: element ${i}, ${j} is off by ${error}`);
  }
}

async function benchFourier(): Promise<Row[]> {
  const layer = otherLayers.find(({ kernelSize }) => kernelSize === 5) as ConvolutionLayer;
  return withContext(1, async (context) => {
    const rows: Row[] = [];
    for (const name of ['ft8x8', 'ft16x16'] as const) {
      const data = problem(layer, SEED);
      const pair = [ourConvolution(context, data, name), ourConvolution(context, data, 'implicit-gemm')];
      const [fourier, gemm] = await contest(pair);
      rows.push({
        what: `${layer.name}, ${name}`,
        value: fourier.median,
        unit: 'ms',
        against: 'implicit-gemm',
        ratio: ratio(gemm, fourier).ratio,
        goal: { atLeast: 2.5 },
      });
      for (const candidate of pair) candidate.dispose();
    }
    return rows;
  });
}

const CHOICES: readonly AlgorithmName[] = ['direct', 'wt8x8', 'wt6x6', 'ft8x8', 'ft16x16', 'implicit-gemm'];

async function benchChoice(_peers: readonly PeerEngine[], say: (text: string) => void): Promise<Row[]> {
  return withContext(1, async (context) => {
    const rows: Row[] = [];
    for (const layer of [...vgg16Layers, ...otherLayers]) {
      say(layer.name);
      const data = problem(layer, SEED);
      const candidates: OurConvolution[] = [];
      for (const name of CHOICES) {
        try {
          candidates.push(ourConvolution(context, data, name));
        } catch {
          // Not eligible: the dispatcher did not weigh it either.
        }
      }
      const auto = ourConvolution(context, data, 'auto');
      const chosen = auto.plan.algorithm;
      const estimate = auto.plan.explain().candidates.find(({ algorithm }) => algorithm === chosen)?.cost?.run ?? 0;
      auto.dispose();
      const measured = await contest(candidates);
      const best = measured.reduce((least, next) => (next.median < least.median ? next : least));
      const mine = measured.find(({ name }) => name === chosen) as Measurement;
      const others = measured.map(({ name, median }) => `${name} ${median.toFixed(1)}`).join(', ');
      rows.push({
        what: `${layer.name}, ${chosen}, estimated ${estimate.toFixed(1)} ms (${others})`,
        value: mine.median,
        unit: 'ms',
        against: `best: ${best.name}`,
        ratio: ratio(mine, best).ratio,
        goal: { atMost: 1.15 },
      });
      for (const candidate of candidates) candidate.dispose();
    }
    return rows;
  });
}

async function benchThreads(_peers: readonly PeerEngine[], say: (text: string) => void): Promise<Row[]> {
  return withContext(1, (one) =>
    withContext(2, async (two) => {
      const rows: Row[] = [];
      for (const layer of vgg16Layers) {
        say(layer.name);
        const data = problem(layer, SEED);
        const pair = [ourConvolution(one, data, 'auto'), ourConvolution(two, data, 'auto')];
        const [single, double] = await contest(pair);
        const goal = { atLeast: layer.inputSize <= 14 || layer.inputChannels === 3 ? 1.7 : 1.85 };
        rows.push({
          what: `${layer.name}, two threads`,
          value: double.median,
          unit: 'ms',
          against: 'one thread',
          ratio: ratio(single, double).ratio,
          goal,
        });
        for (const candidate of pair) candidate.dispose();
      }
      return rows;
    }),
  );
}

const BATCHES = [1, 2, 4, 8, 16];

async function benchBatch(_peers: readonly PeerEngine[], say: (text: string) => void): Promise<Row[]> {
  const layers = [...vgg16Layers, ...otherLayers].filter(({ inputSize }) => inputSize <= 56);
  return withContext(1, async (context) => {
    const rows: Row[] = [];
    for (const layer of layers) {
      say(layer.name);
      const candidates = BATCHES.map((batch) => ourConvolution(context, problem(layer, SEED, batch), 'auto'));
      const measured = await measure(candidates, OPTIONS);
      for (let i = 1; i < BATCHES.length; i++) {
        const rate = (BATCHES[i] * 1e3) / measured[i].median;
        const before = (BATCHES[i - 1] * 1e3) / measured[i - 1].median;
        // Below 0.97 lies more than what two medians of the same work differ by here.
        rows.push({
          what: `${layer.name}, batch ${BATCHES[i]}, ${candidates[i].name}`,
          value: rate,
          unit: 'images/s',
          against: `batch ${BATCHES[i - 1]}`,
          ratio: rate / before,
          goal: { atLeast: 0.97 },
        });
      }
      for (const candidate of candidates) candidate.dispose();
    }
    return rows;
  });
}

async function benchFirstCall(): Promise<Row[]> {
  const script = fileURLToPath(new URL('./first-call.js', import.meta.url));
  const runs = Array.from({ length: 5 }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as { first: number; warm: number };
  });
  const middle = runs.sort((a, b) => a.first / a.warm - b.first / b.warm)[2];
  return [
    {
      what: '64→64 @224, first call after the warm-up',
      value: middle.first,
      unit: 'ms',
      against: `warm, ${middle.warm.toFixed(1)} ms`,
      ratio: middle.first / middle.warm,
      goal: { atMost: 2 },
    },
  ];
}
