/** Runs the hot kernels of the wide table until the engine has compiled their final code, for a trace of what it packs. */
import { createContext, planConvolution } from '../../dist/index.js';

const context = await createContext({ threads: 1, kernels: 'simd-relaxed-wide' });
const input = { data: new Float32Array(32 * 56 * 56).fill(1), shape: [1, 32, 56, 56] };
const kernel = { data: new Float32Array(32 * 32 * 9).fill(0.5), shape: [32, 32, 3, 3] };
const bias = { data: new Float32Array(32), shape: [32] };
for (const algorithm of ['wt8x8', 'wt6x6', 'ft8x8', 'ft16x16', 'implicit-gemm']) {
  for (let made = 0; made < 40; made++) {
    const plan = planConvolution({ input, kernel, bias, padding: 1, activation: 'relu', algorithm, context });
    for (let run = 0; run < 5; run++) plan.run(input);
    plan.dispose();
  }
}
// What is compiled in the background is waited for, or its trace is lost.
await new Promise((resolve) => setTimeout(resolve, 500));
