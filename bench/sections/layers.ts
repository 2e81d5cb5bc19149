/** Layers by every algorithm that may win: whether the dispatcher's choice is near the best, and what choices gain. */
import type { AlgorithmName } from '../../src/algorithms/algorithm.ts';
import type { Context } from '../../src/context/context.ts';
import { DEFAULT_ALGORITHM } from '../../src/dispatch/select.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
import { type Estimates, rivals } from '../convolution.ts';
import { atLeast } from '../goal.ts';
import { allLayers, type ConvolutionLayer, operations, problem, vgg16Layers } from '../layers.ts';
import type { LayerTimes, Row } from '../result.ts';
import { type Bench, BRISK, contest, gflops, type Section, withContext } from '../section.ts';
import { type Measurement, ratio } from '../statistics.ts';

export const layers: Section = {
  name: 'layers',
  what: "layers by each algorithm, and the dispatcher's choice against the best, one thread",
  seconds: 120,
  steps: allLayers.map(operations),
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      for (const layer of allLayers) {
        bench.step(layer.name);
        const { times, row } = await compare(context, layer, bench.signal);
        bench.found.layers.push(times);
        bench.found.rows.push(row);
      }
      bench.found.rows.push(vggRow(bench.found.layers.all, context.kernels.name));
    }),
};

async function compare(
  context: Context,
  layer: ConvolutionLayer,
  signal: Bench['signal'],
): Promise<{ times: LayerTimes; row: Row }> {
  const { convolutions, ...estimates } = rivals(context, problem(layer));
  const measured = await contest(convolutions, BRISK, signal);
  const times: LayerTimes = {
    layer: layer.name,
    kernels: context.kernels.name,
    threads: context.pool.threadsCount,
    candidates: convolutions.map((convolution, i) => ({
      algorithm: convolution.plan.algorithm,
      chosen: convolution.plan.algorithm === estimates.chosen,
      milliseconds: measured[i].median,
      gflops: gflops(layer, measured[i].median),
      phases: convolution.phases(measured[i].median),
    })),
  };
  for (const convolution of convolutions) convolution.dispose();
  return { times, row: choiceRow(layer.name, estimates, measured) };
}

/** The dispatcher's choice beside the best of what was measured. */
export function choiceRow(what: string, { chosen, estimate }: Estimates, measured: readonly Measurement[]): Row {
  const best = measured.reduce((least, next) => (next.median < least.median ? next : least));
  const mine = measured.find(({ name }) => name === chosen) as Measurement;
  return {
    what: `${what}, choice ${chosen}, estimated ${estimate.toFixed(1)} ms`,
    value: mine.median,
    unit: 'ms',
    against: `best: ${best.name}`,
    ratio: ratio(mine, best).ratio,
    goal: { atMost: 1.1 },
  };
}

/** VGG-16's convolutions, each as often as the network has it: the dispatcher's choices against the default implementation. */
export function vggRow(layers: readonly LayerTimes[], kernels: KernelTableName): Row {
  const sumOf = (counts: (candidate: { algorithm: AlgorithmName; chosen: boolean }) => boolean): number =>
    vgg16Layers.reduce((sum, { name, occurrences }) => {
      const candidates = layers.find(({ layer }) => layer === name)?.candidates ?? [];
      return sum + occurrences * (candidates.find(counts)?.milliseconds ?? Number.NaN);
    }, 0);
  const chosen = sumOf((candidate) => candidate.chosen);
  const plain = sumOf(({ algorithm }) => algorithm === DEFAULT_ALGORITHM);
  return {
    what: 'VGG-16, thirteen convolutions summed, choices',
    value: chosen,
    unit: 'ms',
    against: `${DEFAULT_ALGORITHM}, ${plain.toFixed(0)} ms`,
    ratio: plain / chosen,
    goal: atLeast(kernels, { scalar: 3 }),
  };
}
