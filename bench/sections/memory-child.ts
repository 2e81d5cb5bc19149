/**
 * The process of the memory section. It runs a network of random weights once, in parts where a bound is given, and
 * prints how many bytes it took. Its own bytes are those that it grew by, with the weights that the network was built
 * with.
 */
import { readFileSync } from 'node:fs';
import { runProcess } from '../../src/cli/process.ts';
import { createContext } from '../../src/context/context.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { makeTensor, sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import type { Taken, Task } from './memory.ts';

/**
 * The most that the process ever held. Linux counts the parent's bytes from before the start in `maxRSS` too, so its
 * own status is read; systems that stand in for Linux may have `maxRSS` alone.
 */
function peakBytes(): number {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return 1024 * Number(kilobytes ?? process.resourceUsage().maxRSS);
}

await runProcess(async () => {
  const { network: name, batch, memoryBytes, kernels }: Task = JSON.parse(process.argv[2]);
  const before = process.memoryUsage.rss();
  const context = await createContext({ threads: 1, kernels });
  const network = buildNetwork(name);
  const prepared = prepareNetwork(network, { context, batch, memoryBytes });
  const shape = [batch, 3, 224, 224];
  prepared.run({ data: makeTensor(randomArray(sizeOf(shape), uniform(7)), shape) });
  const taken: Taken = {
    parts: prepared.parts,
    weights: 4 * inferShapes(network).parameters,
    context: context.describe().peakBytes,
    process: peakBytes() - before,
  };
  console.log(JSON.stringify(taken));
  context.dispose();
});
