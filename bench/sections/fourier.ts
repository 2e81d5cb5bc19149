/** The Fourier algorithms on a kernel of 5 × 5, against implicit GEMM. */
import { ourConvolution } from '../convolution.ts';
import { atLeast } from '../goal.ts';
import { type ConvolutionLayer, otherLayers, problem } from '../layers.ts';
import { contest, type Section, THOROUGH, withContext } from '../section.ts';
import { ratio } from '../statistics.ts';

const LAYER = otherLayers.find(({ kernelSize }) => kernelSize === 5) as ConvolutionLayer;
const ALGORITHMS = ['ft8x8', 'ft16x16'] as const;

export const fourier: Section = {
  name: 'fourier',
  what: 'Fourier algorithms against implicit GEMM, one thread',
  seconds: 5,
  steps: [1],
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      bench.step(LAYER.name);
      const data = problem(LAYER);
      const candidates = (['implicit-gemm', ...ALGORITHMS] as const).map((name) => ourConvolution(context, data, name));
      const [gemm, ...others] = await contest(candidates, THOROUGH, bench.signal);
      for (const measured of others) {
        bench.found.rows.push({
          what: `${LAYER.name}, ${measured.name}`,
          value: measured.median,
          unit: 'ms',
          against: gemm.name,
          ratio: ratio(gemm, measured).ratio,
          goal: atLeast(context.kernels.name, { scalar: 2.5 }),
        });
      }
    }),
};
