/** The gain of a second thread on each convolution of VGG-16, and on layers so small that it must not cost time. */

import type { Context } from '../../src/context/context.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
import { ourConvolution } from '../convolution.ts';
import { atLeast } from '../goal.ts';
import { type ConvolutionLayer, operations, problem, smallLayers, vgg16Layers } from '../layers.ts';
import type { Goal, Row } from '../result.ts';
import { type Bench, contest, type Section, THOROUGH, withContext } from '../section.ts';
import { type MeasureOptions, ratio } from '../statistics.ts';

/** For layers of tenths of a millisecond, whose single run tells nothing. */
const MANY: MeasureOptions = { rounds: 201, warmUp: 20, budget: 1000 };

export const threads: Section = {
  name: 'threads',
  what: 'two threads against one',
  seconds: 20,
  steps: [...vgg16Layers.map(operations), ...smallLayers.map(() => 1e9)],
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, (one) =>
      withContext({ threads: 2, kernels: bench.kernels }, async (two) => {
        const table = one.kernels.name;
        for (const layer of vgg16Layers) {
          bench.found.rows.push(await compare([one, two], layer, THOROUGH, vggGoal(layer, table), bench));
        }
        for (const layer of smallLayers) {
          bench.found.rows.push(await compare([one, two], layer, MANY, atLeast(table, { emitted: 1 }), bench));
        }
      }),
    ),
};

async function compare(
  contexts: readonly [Context, Context],
  layer: ConvolutionLayer,
  options: MeasureOptions,
  goal: Goal | undefined,
  { step, signal }: Bench,
): Promise<Row> {
  step(layer.name);
  const data = problem(layer);
  const pair = contexts.map((context) => ourConvolution(context, data, 'auto'));
  const [single, double] = await contest(pair, options, signal);
  for (const convolution of pair) convolution.dispose();
  return {
    what: `${layer.name}, two threads`,
    value: double.median,
    unit: 'ms',
    against: 'one thread',
    ratio: ratio(single, double).ratio,
    goal,
  };
}

/** Small images and few channels leave typed arrays less to share out. */
function vggGoal({ inputSize, inputChannels }: ConvolutionLayer, table: KernelTableName): Goal | undefined {
  return atLeast(table, { scalar: inputSize <= 14 || inputChannels === 3 ? 1.7 : 1.85, emitted: 1.85 });
}
