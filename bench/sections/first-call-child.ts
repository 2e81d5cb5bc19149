/**
 * The process of the first-call section, on the kernel table that it is given. It prints the milliseconds to emit and
 * compile the table, if it is an emitted one, of the first run after the warm-up, and of a warm run.
 */

import { runProcess } from '../../src/cli/process.ts';
import { createContext } from '../../src/context/context.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { compileKernels } from '../../src/kernels/simd/module.ts';
import { warmUp } from '../../src/layers/warm-up.ts';
import { ourConvolution } from '../convolution.ts';
import { problem, vgg16Layers } from '../layers.ts';
import type { KernelsChoice } from '../section.ts';

await runProcess(async () => {
  const kernels = process.argv[2] as KernelsChoice;
  const isEmitted = kernels === 'auto' ? refuseSimd('simd') === null : kernels.startsWith('simd');
  const fastest = refuseSimd('simd-relaxed') === null ? 'simd-relaxed' : 'simd';
  const start = performance.now();
  if (isEmitted) compileKernels(kernels === 'simd' ? 'simd' : fastest, true);
  const emitted = isEmitted ? performance.now() - start : null;
  const context = await createContext({ threads: 1, kernels });
  warmUp(context);
  const convolution = ourConvolution(context, problem(vgg16Layers[1]), 'auto');
  const first = convolution.time();
  for (let run = 0; run < 5; run++) convolution.time();
  const warm = Math.min(...Array.from({ length: 5 }, () => convolution.time()));
  console.log(JSON.stringify({ kernels: context.kernels.name, emitted, first, warm }));
  context.dispose();
});
