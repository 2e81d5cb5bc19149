/** A run that lets the event loop breathe: the same bits, and it can be stopped. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext, NnpackError } from '../../src/index.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { planNetwork } from '../../src/networks/plan.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { makeTensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';

const network = buildNetwork('alexnet', { width: 1 / 8 });
const shape = [4, 3, 224, 224];
const data = makeTensor(randomArray(4 * 3 * 224 * 224, uniform(2)), shape);
let context: Context;

beforeAll(async () => {
  context = await createContext({ threads: 2 });
});

afterAll(() => context.dispose());

/** Longer than a run goes on without giving the event loop its turn. */
const LONG_MS = 50;

/** Keeps the thread from everything else, as a large layer does. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONG_MS);
}

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return error instanceof NnpackError ? error.code : `${error}`;
  }
  return 'nothing was thrown';
};

describe('runAsync', () => {
  it('gives the bits of run, whole and in parts, with its progress', async () => {
    const whole = planNetwork(network, { context, batch: 4 });
    const expected = whole.run({ data });
    expect(await whole.runAsync({ data })).toEqual(expected);
    const parts = prepareNetwork(network, { context, batch: 4, memoryBytes: whole.bytes * 0.8 });
    expect(parts.parts).toBeGreaterThan(1);
    const steps: number[] = [];
    const output = await parts.runAsync({ data }, { progress: (done) => steps.push(done) });
    expect(output).toEqual(parts.run({ data }));
    const count = parts.parts * parts.plan.network.nodes.length;
    expect(steps).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(parts.report().every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
    whole.dispose();
    parts.dispose();
  });

  it('lets timers have their turn', async () => {
    const plan = planNetwork(network, { context, batch: 4 });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await plan.runAsync({ data }, { progress: pause });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    plan.dispose();
  });

  it('stops at an aborted signal, and works again afterwards', async () => {
    const plan = planNetwork(network, { context, batch: 4 });
    const expected = plan.run({ data });
    const controller = new AbortController();
    let last = 0;
    const run = plan.runAsync(
      { data },
      {
        signal: controller.signal,
        progress: (done) => {
          last = done;
          controller.abort();
          pause();
        },
      },
    );
    await expect(run).rejects.toThrow(/abort/i);
    // At the turn of the event loop that was due after the first node.
    expect(last).toBe(1);
    expect(await codeOf(() => plan.runAsync({ data }, { signal: AbortSignal.abort() }))).toMatch(/abort/i);
    expect(plan.run({ data })).toEqual(expected);
    plan.dispose();
  });

  it('refuses a second run, or disposal, in the middle of one', async () => {
    const plan = planNetwork(network, { context, batch: 4 });
    const first = plan.runAsync({ data });
    expect(await codeOf(() => plan.run({ data }))).toBe('invalid-context');
    expect(await codeOf(() => plan.runAsync({ data }))).toBe('invalid-context');
    expect(await codeOf(() => plan.dispose())).toBe('invalid-context');
    const { softmax } = await first;
    expect(softmax.shape).toEqual([4, 125]);
    plan.dispose();
    expect(await codeOf(() => plan.runAsync({ data }))).toBe('disposed');
  });

  it('ends with an error when its context goes away', async () => {
    const own = await createContext({ threads: 1 });
    const plan = planNetwork(network, { context: own, batch: 4 });
    const run = plan.runAsync({ data });
    own.dispose();
    expect(await codeOf(() => run)).toBe('disposed');
  });
});
