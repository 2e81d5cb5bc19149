/** GFLOP/s by algorithm over the size of the image: where each algorithm is at home. */
import type { Context } from '../../src/context/context.ts';
import { rivals } from '../convolution.ts';
import { type ConvolutionLayer, operations, problem, usual } from '../layers.ts';
import type { SizeTimes } from '../result.ts';
import { BRISK, contest, gflops, type Section, withContext } from '../section.ts';

/** Layers that keep the number of channels and the size of the image. */
const FAMILIES = [
  { family: '64→64 3×3', channels: 64, kernelSize: 3 },
  { family: '32→32 5×5', channels: 32, kernelSize: 5 },
  { family: '64→64 1×1', channels: 64, kernelSize: 1 },
] as const;

/** The sizes of the images in VGG's and Inception's layers. */
const SIZES = [7, 14, 28, 56, 112, 224];

const LAYERS = FAMILIES.flatMap((family) => SIZES.map((size) => layerOf(family, size)));

export const sizes: Section = {
  name: 'sizes',
  what: 'GFLOP/s by algorithm over the size of the image, one thread',
  seconds: 60,
  steps: LAYERS.map(operations),
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      for (const layer of LAYERS) {
        bench.step(layer.name);
        const points = await pointsOf(context, layer, bench.signal);
        bench.found.sizes.push({ family: layer.family, size: layer.inputSize, points });
      }
    }),
};

function layerOf({ family, channels, kernelSize }: (typeof FAMILIES)[number], inputSize: number) {
  const name = `${family} @${inputSize}`;
  const padding = (kernelSize - 1) / 2;
  return { ...usual, family, name, inputChannels: channels, outputChannels: channels, inputSize, kernelSize, padding };
}

async function pointsOf(context: Context, layer: ConvolutionLayer, signal: AbortSignal): Promise<SizeTimes['points']> {
  const { convolutions } = rivals(context, problem(layer));
  const measured = await contest(convolutions, BRISK, signal);
  for (const convolution of convolutions) convolution.dispose();
  return convolutions.map(({ plan: { algorithm } }, i) => ({ algorithm, gflops: gflops(layer, measured[i].median) }));
}
