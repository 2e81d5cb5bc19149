/** Images a second over the batch: they should rise, or at least not fall. */
import { type OurConvolution, ourConvolution } from '../convolution.ts';
import { allLayers, operations, problem } from '../layers.ts';
import { contest, type Section, THOROUGH, withContext } from '../section.ts';

const BATCHES = [1, 2, 4, 8, 16];
/** Larger images would take minutes, and have tiles enough at batch 1. */
const LAYERS = allLayers.filter(({ inputSize }) => inputSize <= 56);

export const batch: Section = {
  name: 'batch',
  what: 'images a second over the batch, one thread',
  seconds: 120,
  steps: LAYERS.map(operations),
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      for (const layer of LAYERS) {
        bench.step(layer.name);
        const convolutions = BATCHES.map((images) => ourConvolution(context, problem(layer, images), 'auto'));
        const measured = await contest(convolutions.map(byFirstImage), THOROUGH, bench.signal);
        const rates = measured.map(({ median }, i) => (BATCHES[i] * 1e3) / median);
        for (let i = 1; i < BATCHES.length; i++) {
          bench.found.rows.push({
            what: `${layer.name}, batch ${BATCHES[i]}, ${measured[i].name}`,
            value: rates[i],
            unit: 'images/s',
            against: `batch ${BATCHES[i - 1]}`,
            ratio: rates[i] / rates[i - 1],
            // Two medians of the same work differ by up to 3 %.
            goal: { atLeast: 0.97 },
          });
        }
        for (const convolution of convolutions) convolution.dispose();
      }
    }),
};

/** Every batch begins with the same image, so that its result can be compared. */
function byFirstImage(convolution: OurConvolution) {
  const result = (): Float32Array => {
    const images = convolution.result();
    return images.subarray(0, images.length / convolution.plan.shape.batch);
  };
  return { name: convolution.name, time: convolution.time, result };
}
