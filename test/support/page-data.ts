/** Results of `score` and of the benchmark, made up, whose pages are looked at. */
import type { BenchResult, LayerTimes } from '../../bench/result.ts';
import type { Score, ScoredNode, ScoreResult, ScoreRow } from '../../src/cli/score/result.ts';

export const machine = { cpu: 'Some CPU', cores: 2, node: '20.0.0', packages: { 'nnpack-ts': '0.1.0' } };
export const settings = {
  threads: 2,
  kernels: 'scalar',
  eligibility: 'documented',
  rule: 'nnpack',
  budgetSeconds: 60,
} as const;

type Times = readonly [inputTransform: number, blockMultiplication: number, outputTransform: number, other: number];

function phasesOf([inputTransform, blockMultiplication, outputTransform, other]: Times) {
  return { inputTransform, blockMultiplication, outputTransform, other };
}

export function node(name: string, times: Times, algorithm: ScoredNode['algorithm'] = null): ScoredNode {
  const milliseconds = times.reduce((sum, time) => sum + time, 0);
  const multiplyAdds = algorithm === null ? 0 : 1e8;
  const gflops = (2 * multiplyAdds) / milliseconds / 1e6;
  const op = algorithm === null ? 'softmax' : 'convolution';
  const description = `shapes of ${name}`;
  return { name, op, description, algorithm, multiplyAdds, milliseconds, gflops, phases: phasesOf(times) };
}

export function score(imagesPerSecond: number, nodes: readonly ScoredNode[], passes = 10): Score {
  return { imagesPerSecond, dryRuns: 5, passes, parts: 1, nodes };
}

/** Two large layers and two that are 0.4 % of the time each. */
export function scoreRow(batch: number, published: ScoreRow['published'] = null): ScoreRow {
  const [slow, fast] = [1.01 + batch, 3.33 + 2 * batch];
  const small = [node('relu', [0, 0, 0, 0.4]), node('softmax', [0, 0, 0, 0.4])];
  const plain = [node('conv1', [10, 60, 0, 1], 'implicit-gemm'), node('conv2', [5, 23, 0, 1], 'implicit-gemm')];
  const quick = [node('conv1', [10, 30, 20, 1], 'wt8x8'), node('conv2', [5, 28, 5, 1], 'wt6x6')];
  return {
    network: 'vgg-11',
    batch,
    default: score(slow, [...plain, ...small]),
    accelerated: score(fast, [...quick, ...small], 7),
    ratio: fast / slow,
    published,
  };
}

export const BATCHES = [1, 2, 4, 8];
export const full: ScoreResult = {
  machine,
  settings,
  stopped: false,
  rows: [
    ...BATCHES.map((batch) => scoreRow(batch, { default: 1.22 * batch, accelerated: 3.98 * batch, ratio: 3.26 })),
    { ...scoreRow(16), network: 'inception-bn' },
  ],
};

export const LAYERS = ['64→64 @224', '3→64 7×7 s2 @224'];
export const ALGORITHMS = ['wt8x8', 'ft16x16', 'implicit-gemm'] as const;

function layerTimes(layer: string, scale: number): LayerTimes {
  const candidates = ALGORITHMS.map((algorithm, i) => ({
    algorithm,
    chosen: algorithm === 'wt8x8',
    milliseconds: scale * (i + 1.5),
    gflops: 33.3 / scale / (i + 1),
    phases: phasesOf([0.1 * scale, 1 * scale, 0.2 * scale, 0]),
  }));
  return { layer, kernels: 'scalar', threads: 1, candidates };
}

export const bench: BenchResult = {
  machine,
  kernels: 'scalar',
  reasons: ['no SIMD here'],
  stopped: false,
  rows: [
    { what: 'fast enough', value: 12.34, unit: 'ms', against: 'one thread', ratio: 1.91, goal: { atLeast: 1.85 } },
    { what: 'too slow', value: 56.78, unit: 'ms', against: 'best', ratio: 1.234, goal: { atMost: 1.15 } },
    { what: 'without a ratio', value: 1, unit: 'ms', goal: { atMost: 1.15 } },
    { what: 'only informs', value: 9.87, unit: 'GFLOP/s' },
  ],
  layers: LAYERS.map((layer, i) => layerTimes(layer, i + 1)),
  sizes: ['64→64 3×3', '32→32 5×5'].flatMap((family) =>
    [14, 28, 56].map((size, i) => ({
      family,
      size,
      // The last algorithm is not measured at the first size.
      points: ALGORITHMS.slice(0, i === 0 ? 2 : 3).map((algorithm, k) => ({ algorithm, gflops: size / 3 + 7 * k })),
    })),
  ),
};
