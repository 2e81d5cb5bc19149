/** The memory of networks: at batch 1 beside the bytes of the weights, of a batch in parts beside its bound, and from files. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import type { NetworkName } from '../../src/networks/definitions/names.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { type Bench, type KernelsChoice, runScript, type Section } from '../section.ts';
import { FILES } from './memory-files.ts';

const SCRIPT = new URL('./memory-child.js', import.meta.url);
const BATCH = 64;
const BOUND = 2 ** 30;

interface AnyTask {
  readonly kernels: KernelsChoice;
}

/** A network of random weights. */
export interface NetworkTask extends AnyTask {
  readonly network: NetworkName;
  readonly batch: number;
  readonly memoryBytes?: number;
}

/** A model on disk. */
export interface FileTask extends AnyTask {
  readonly path: string;
  /** Bytes of its weights. */
  readonly weights: number;
  readonly shape: readonly number[];
}

/** What a process is given. */
export type Task = NetworkTask | FileTask;

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
  seconds: 60,
  steps: [1, 4, 2, 2, 2],
  async run(bench) {
    const { kernels, step, found, signal } = bench;
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
    await measureFiles(bench);
  },
};

/** What a process takes that opens a model and runs it once: all of it, beside the weights alone. */
async function measureFiles({ kernels, step, found, signal }: Bench): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nnpack-ts-memory-'));
  const network = buildNetwork('vgg-16');
  const weights = 4 * inferShapes(network).parameters;
  try {
    for (const [what, write] of Object.entries(FILES)) {
      step(what);
      const path = await write(network, folder);
      const shape = path.endsWith('.json') ? [1, 224, 224, 3] : [1, 3, 224, 224];
      const taken = await run({ path, weights, shape, kernels }, signal);
      found.rows.push({
        what: `vgg-16 from ${what}, the process at its peak`,
        value: taken.process / 1e6,
        unit: 'MB',
        against: `its weights, ${(weights / 1e6).toFixed(0)} MB`,
        ratio: taken.process / weights,
        goal: { atMost: 1.8 },
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(task: Task, signal: Bench['signal']): Promise<Taken> {
  return runScript(SCRIPT, JSON.stringify(task), signal);
}
