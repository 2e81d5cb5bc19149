/** What a second thread brings, on each convolution of VGG-16. */
import { ourConvolution } from '../convolution.ts';
import { type ConvolutionLayer, operations, problem, vgg16Layers } from '../layers.ts';
import { contest, type Section, THOROUGH, withContext } from '../section.ts';
import { ratio } from '../statistics.ts';

export const threads: Section = {
  name: 'threads',
  what: 'two threads against one',
  seconds: 20,
  steps: vgg16Layers.map(operations),
  run: (bench) =>
    withContext({ threads: 1 }, (one) =>
      withContext({ threads: 2 }, async (two) => {
        for (const layer of vgg16Layers) {
          bench.step(layer.name);
          const data = problem(layer);
          const pair = [one, two].map((context) => ourConvolution(context, data, 'auto'));
          const [single, double] = await contest(pair, THOROUGH, bench.signal);
          bench.found.rows.push({
            what: `${layer.name}, two threads`,
            value: double.median,
            unit: 'ms',
            against: 'one thread',
            ratio: ratio(single, double).ratio,
            goal: { atLeast: goalOf(layer) },
          });
          for (const convolution of pair) convolution.dispose();
        }
      }),
    ),
};

/** Small images and few channels leave less to share out. */
function goalOf({ inputSize, inputChannels }: ConvolutionLayer): number {
  return inputSize <= 14 || inputChannels === 3 ? 1.7 : 1.85;
}
