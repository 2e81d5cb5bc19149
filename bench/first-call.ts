/** The child of the first-call section: milliseconds of the first run after the warm-up, and of a warm one. */
import { createContext, warmUp } from '../src/index.ts';
import { problem, vgg16Layers } from './layers.ts';
import { ourConvolution } from './ours.ts';

const context = await createContext({ threads: 1 });
warmUp(context);
const convolution = ourConvolution(context, problem(vgg16Layers[1], 7), 'auto');
const first = convolution.time();
for (let run = 0; run < 5; run++) convolution.time();
const warm = Math.min(...Array.from({ length: 5 }, () => convolution.time()));
console.log(JSON.stringify({ first, warm }));
context.dispose();
