/**
 * The process of the first-call section, on the kernel table that it is given. Milliseconds of a context made with it, of
 * the first run after the warm-up, and of a warm one.
 */
import { warmUp } from '../../../layers/warm-up.ts';
import { createContext } from '../../../threads/context.ts';
import { ourConvolution } from '../convolution.ts';
import { problem, vgg16Layers } from '../layers.ts';
import type { KernelsChoice } from '../section.ts';

const start = performance.now();
const context = await createContext({ threads: 1, kernels: process.argv[2] as KernelsChoice });
const made = performance.now() - start;
warmUp(context);
const convolution = ourConvolution(context, problem(vgg16Layers[1]), 'auto');
const first = convolution.time();
for (let run = 0; run < 5; run++) convolution.time();
const warm = Math.min(...Array.from({ length: 5 }, () => convolution.time()));
console.log(JSON.stringify({ kernels: context.kernels.name, made, first, warm }));
context.dispose();
