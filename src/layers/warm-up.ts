/** Running small layers until the engine has compiled the kernels, on every thread. */
import type { AlgorithmName } from '../algorithms/algorithm.ts';
import { type Context, contextOf } from '../context/context.ts';
import { WINOGRAD_TILES } from '../maths/tiles.ts';
import { makeTensor, type Tensor } from '../tensor/ndarray.ts';
import { type ConvolutionPlan, planConvolution } from './convolution-plan.ts';
import { staged } from './staging.ts';

/** So many runs bring all kernels of a layer to their final code; more buy nothing. */
const RUNS = 40;

/** Those that serve a call that does not ask for less accuracy. */
const USUAL_TILES = WINOGRAD_TILES.filter(({ accuracy }) => accuracy === 'default').map(({ name }) => name);

/** The algorithms that each size of kernel meets in practice. */
const LAYERS: readonly (readonly [kernelSize: number, algorithms: readonly AlgorithmName[]])[] = [
  [1, ['direct', 'implicit-gemm']],
  [3, [...USUAL_TILES, 'implicit-gemm']],
  [5, ['wt8x8', 'ft8x8', 'ft16x16', 'implicit-gemm']],
];

/**
 * Lets the engine compile the kernels of all algorithms before the first call that matters, which otherwise takes about
 * twice as long as a later one. Takes some tenths of a second.
 *
 * @throws NnpackError `out-of-memory` where the context has no room for the layers; it is left as it was
 * @example
 * const context = await createContext();
 * warmUp(context);
 */
export function warmUp(context: Context): void {
  staged(contextOf('warmUp', context), 'warmUp', (staging) => {
    const shape = [1, 24, 26, 26];
    const [input, output] = [staging.tensor(shape), staging.tensor(shape)];
    const bias = makeTensor(new Float32Array(24), [24]);
    for (const [size, algorithms] of LAYERS) {
      const kernel = makeTensor(new Float32Array(24 * 24 * size ** 2).fill(0.01), [24, 24, size, size]);
      const call = { input, kernel, bias, padding: (size - 1) / 2, context, activation: 'relu' } as const;
      for (const algorithm of algorithms) runOften(planConvolution({ ...call, algorithm }), input, output);
    }
  });
}

function runOften(plan: ConvolutionPlan, input: Tensor, output: Tensor): void {
  try {
    for (let run = 0; run < RUNS; run++) plan.run(input, output);
  } finally {
    plan.dispose();
  }
}
