/** Running small layers until the engine has compiled the kernels, on every thread. */
import type { AlgorithmName } from '../algorithms/algorithm.ts';
import { makeTensor } from '../tensor/ndarray.ts';
import type { Context } from '../threads/context.ts';
import { planConvolution } from './convolution-plan.ts';

/** So many runs bring all kernels of a layer to their final code; more buy nothing. */
const RUNS = 40;

/** The algorithms that each size of kernel meets in practice. */
const LAYERS: readonly (readonly [kernelSize: number, algorithms: readonly AlgorithmName[]])[] = [
  [1, ['direct', 'implicit-gemm']],
  [3, ['wt8x8', 'wt6x6', 'implicit-gemm']],
  [5, ['wt8x8', 'ft8x8', 'ft16x16', 'implicit-gemm']],
];

/**
 * Lets the engine compile the kernels of all algorithms before the first call that matters, which otherwise takes about
 * twice as long as a later one. Takes some tenths of a second.
 *
 * @example
 * const context = await createContext();
 * warmUp(context);
 */
export function warmUp(context: Context): void {
  const shape = [1, 24, 26, 26];
  const input = context.allocate(shape);
  const output = context.allocate(shape);
  const bias = makeTensor(new Float32Array(24), [24]);
  for (const [kernelSize, algorithms] of LAYERS) {
    const kernel = makeTensor(new Float32Array(24 * 24 * kernelSize ** 2).fill(0.01), [24, 24, kernelSize, kernelSize]);
    const padding = (kernelSize - 1) / 2;
    for (const algorithm of algorithms) {
      const plan = planConvolution({ input, kernel, bias, padding, context, activation: 'relu', algorithm });
      for (let run = 0; run < RUNS; run++) plan.run(input, output);
      plan.dispose();
    }
  }
  context.free(input);
  context.free(output);
}
