/** The process of the first-call section: milliseconds of the first run after the warm-up, and of a warm one. */
import { ourConvolution } from '../convolution.ts';
import { problem, vgg16Layers } from '../layers.ts';
import { withContext } from '../section.ts';

await withContext({ threads: 1 }, async (context) => {
  const convolution = ourConvolution(context, problem(vgg16Layers[1]), 'auto');
  const first = convolution.time();
  for (let run = 0; run < 5; run++) convolution.time();
  const warm = Math.min(...Array.from({ length: 5 }, () => convolution.time()));
  console.log(JSON.stringify({ first, warm }));
});
