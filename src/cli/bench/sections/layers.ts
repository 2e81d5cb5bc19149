/** Layers by every algorithm that may win, and whether the dispatcher's choice is near the best. */
import type { AlgorithmName } from '../../../algorithms/algorithm.ts';
import type { Context } from '../../../threads/context.ts';
import { contenders } from '../convolution.ts';
import { allLayers, type ConvolutionLayer, operations, problem } from '../layers.ts';
import type { LayerTimes, Row } from '../result.ts';
import { type Bench, BRISK, contest, gflops, type Section, withContext } from '../section.ts';
import { type Measurement, ratio } from '../statistics.ts';

export const layers: Section = {
  name: 'layers',
  what: "layers by each algorithm, and the dispatcher's choice against the best, one thread",
  seconds: 120,
  steps: allLayers.map(operations),
  run: (bench) =>
    withContext({ threads: 1 }, async (context) => {
      for (const layer of allLayers) {
        bench.step(layer.name);
        const { times, row } = await compare(context, layer, bench.signal);
        bench.found.layers.push(times);
        bench.found.rows.push(row);
      }
    }),
};

async function compare(
  context: Context,
  layer: ConvolutionLayer,
  signal: Bench['signal'],
): Promise<{ times: LayerTimes; row: Row }> {
  const { chosen, estimate, convolutions } = contenders(context, problem(layer));
  const measured = await contest(convolutions, BRISK, signal);
  const times: LayerTimes = {
    layer: layer.name,
    kernels: context.kernels.name,
    threads: context.pool.threadsCount,
    candidates: convolutions.map((convolution, i) => ({
      algorithm: convolution.plan.algorithm,
      chosen: convolution.plan.algorithm === chosen,
      milliseconds: measured[i].median,
      gflops: gflops(layer, measured[i].median),
      phases: convolution.phases(measured[i].median),
    })),
  };
  for (const convolution of convolutions) convolution.dispose();
  return { times, row: choiceRow(layer, chosen, estimate, measured) };
}

function choiceRow(
  layer: ConvolutionLayer,
  chosen: AlgorithmName,
  estimate: number,
  measured: readonly Measurement[],
): Row {
  const best = measured.reduce((least, next) => (next.median < least.median ? next : least));
  const mine = measured.find(({ name }) => name === chosen) as Measurement;
  return {
    what: `${layer.name}, choice ${chosen}, estimated ${estimate.toFixed(1)} ms`,
    value: mine.median,
    unit: 'ms',
    against: `best: ${best.name}`,
    ratio: ratio(mine, best).ratio,
    goal: { atMost: 1.15 },
  };
}
