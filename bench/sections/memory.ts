/** The memory of networks: at batch 1 beside the bytes of the weights, and of a batch in parts beside its bound. */
import type { NetworkName } from '../../src/networks/definitions/names.ts';
import { type Bench, type KernelsChoice, runScript, type Section } from '../section.ts';

const SCRIPT = new URL('./memory-child.js', import.meta.url);
const BATCH = 64;
const BOUND = 2 ** 30;

/** What a process is given. */
export interface Task {
  readonly network: NetworkName;
  readonly batch: number;
  readonly memoryBytes?: number;
  readonly kernels: KernelsChoice;
}

/** What a process prints; bytes, and the number of parts that the batch ran in. */
export interface Taken {
  readonly parts: number;
  readonly weights: number;
  readonly context: number;
  readonly process: number;
}

export const memory: Section = {
  name: 'memory',
  what: 'memory of networks at its peak, one thread',
  seconds: 20,
  steps: [1, 4],
  async run({ kernels, step, found, signal }) {
    step('vgg-16');
    const one = await run({ network: 'vgg-16', batch: 1, kernels }, signal);
    for (const [where, bytes] of [
      ['in the context', one.context],
      ['in the process', one.process],
    ] as const) {
      found.rows.push({
        what: `vgg-16, batch 1, ${where}`,
        value: bytes / 1e6,
        unit: 'MB',
        against: `its weights, ${(one.weights / 1e6).toFixed(0)} MB`,
        ratio: bytes / one.weights,
        goal: { atMost: 2.2 },
      });
    }
    step(`vgg-11, batch ${BATCH}`);
    const { context, parts } = await run({ network: 'vgg-11', batch: BATCH, memoryBytes: BOUND, kernels }, signal);
    found.rows.push({
      what: `vgg-11, batch ${BATCH} in ${parts} parts, in the context`,
      value: context / 1e6,
      unit: 'MB',
      against: `its bound, ${(BOUND / 1e6).toFixed(0)} MB`,
      ratio: context / BOUND,
      goal: { atMost: 1 },
    });
  },
};

function run(task: Task, signal: Bench['signal']): Promise<Taken> {
  return runScript(SCRIPT, JSON.stringify(task), signal);
}
