/**
 * The process of the first-call section, on the kernel table that it is given. It prints the milliseconds of a context and its
 * first convolution, of the first run of a large layer after the warm-up, of a warm run, and, for an emitted table, of
 * emitting and compiling all of it.
 */

import { runProcess } from '../../src/cli/process.ts';
import { createContext } from '../../src/context/context.ts';
import { SIMD_TABLES } from '../../src/kernels/simd/engine.ts';
import { FAMILY_NAMES } from '../../src/kernels/simd/families.ts';
import { emitFamily } from '../../src/kernels/simd/modules.ts';
import { convolutionInference } from '../../src/layers/convolution.ts';
import { warmUp } from '../../src/layers/warm-up.ts';
import { ourConvolution } from '../convolution.ts';
import { problem, vgg16Layers } from '../layers.ts';
import type { KernelsChoice } from '../section.ts';

await runProcess(async () => {
  const kernels = process.argv[2] as KernelsChoice;
  const small = { data: new Float32Array(32 * 28 * 28), shape: [1, 32, 28, 28] };
  const kernel = { data: new Float32Array(32 * 32 * 9), shape: [32, 32, 3, 3] };
  const start = performance.now();
  const context = await createContext({ threads: 1, kernels });
  convolutionInference({ input: small, kernel, padding: 1, context });
  const fresh = performance.now() - start;
  warmUp(context);
  const convolution = ourConvolution(context, problem(vgg16Layers[1]), 'auto');
  const first = convolution.time();
  for (let run = 0; run < 5; run++) convolution.time();
  const warm = Math.min(...Array.from({ length: 5 }, () => convolution.time()));
  const { name } = context.kernels;
  const table = SIMD_TABLES.find((each) => each === name);
  context.dispose();
  const begin = performance.now();
  for (const family of table === undefined ? [] : FAMILY_NAMES) {
    new WebAssembly.Module(emitFamily(table!, family, true).encode());
  }
  const emitted = table === undefined ? null : performance.now() - begin;
  console.log(JSON.stringify({ kernels: name, fresh, emitted, first, warm }));
});
