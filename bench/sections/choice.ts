/**
 * The dispatcher's choice against the best algorithm where layers have batches; section `layers` has batch 1.
 *
 * Algorithms that are estimated to take twice the time of the best are left out: to win, they would have to be wrongly
 * estimated by as much, and batches of large layers take seconds. For the same reason batches run only a few times, all
 * algorithms on one tensor of images.
 */
import type { Context } from '../../src/context/context.ts';
import { estimatesOf, imagesOf, ourConvolution, within } from '../convolution.ts';
import { allLayers, type ConvolutionLayer, operations, problem } from '../layers.ts';
import type { Row } from '../result.ts';
import { type Bench, contest, type Section, withContext } from '../section.ts';
import type { MeasureOptions } from '../statistics.ts';
import { choiceRow } from './layers.ts';

const BATCHES = [2, 4, 8, 16];
const LIMIT = 2;
/** The run whose result is verified is a warm-up as well. */
const FEW: MeasureOptions = { rounds: 5, warmUp: 1, budget: 1000 };

const WORK = allLayers.flatMap((layer) => BATCHES.map((batch) => ({ layer, batch })));

export const choice: Section = {
  name: 'choice',
  what: "the dispatcher's choice against the best algorithm on batches, one thread",
  seconds: 240,
  // Small ones run all of their rounds.
  steps: WORK.map(({ layer, batch }) => Math.max(2e10, batch * operations(layer))),
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      for (const { layer, batch } of WORK) {
        bench.step(`${layer.name}, batch ${batch}`);
        bench.found.rows.push(await compare(context, layer, batch, bench.signal));
      }
    }),
};

async function compare(
  context: Context,
  layer: ConvolutionLayer,
  batch: number,
  signal: Bench['signal'],
): Promise<Row> {
  const data = problem(layer, batch);
  const estimates = estimatesOf(context, data);
  const algorithms = new Set([estimates.chosen, ...within(LIMIT, estimates)]);
  const images = imagesOf(context, data);
  const convolutions = [...algorithms].map((name) => ourConvolution(context, data, name, images));
  try {
    const measured = await contest(convolutions, FEW, signal);
    return choiceRow(`${layer.name}, batch ${batch}`, estimates, measured);
  } finally {
    for (const convolution of convolutions) convolution.dispose();
    context.free(images);
  }
}
