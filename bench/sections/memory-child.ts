/**
 * The process of the memory section. It runs a network once, of random weights or from a file, in parts where a bound is
 * given, and prints how many bytes it took.
 */
import { readFileSync } from 'node:fs';
import { runProcess } from '../../src/cli/process.ts';
import { type Context, createContext } from '../../src/context/context.ts';
import { openModel } from '../../src/models/open-model.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { makeTensor, sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import type { FileTask, NetworkTask, Taken, Task } from './memory.ts';

/**
 * The most that the process ever held. Linux counts the parent's bytes from before the start in `maxRSS` too, so its
 * own status is read; systems that stand in for Linux may have `maxRSS` alone.
 */
function peakBytes(): number {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return 1024 * Number(kilobytes ?? process.resourceUsage().maxRSS);
}

/** Its own bytes are those that the process grew by, with the weights that the network was built with. */
function runNetwork({ network: name, batch, memoryBytes }: NetworkTask, context: Context, before: number): Taken {
  const network = buildNetwork(name);
  const prepared = prepareNetwork(network, { context, batch, memoryBytes });
  const shape = [batch, 3, 224, 224];
  prepared.run({ data: makeTensor(randomArray(sizeOf(shape), uniform(7)), shape) });
  return {
    parts: prepared.parts,
    weights: 4 * inferShapes(network).parameters,
    context: context.describe().peakBytes,
    process: peakBytes() - before,
  };
}

/** The whole process counts, the engine too. */
async function runFile({ path, weights, shape }: FileTask, context: Context): Promise<Taken> {
  const model = await openModel(path, { context });
  const [name] = model.inputs.keys();
  await model.run({ [name]: makeTensor(randomArray(sizeOf(shape), uniform(7)), shape) });
  return { parts: 1, weights, context: context.describe().peakBytes, process: peakBytes() };
}

await runProcess(async () => {
  const task: Task = JSON.parse(process.argv[2]);
  const before = process.memoryUsage.rss();
  const context = await createContext({ threads: 1, kernels: task.kernels });
  console.log(JSON.stringify('path' in task ? await runFile(task, context) : runNetwork(task, context, before)));
  context.dispose();
});
