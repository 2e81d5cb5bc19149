/** A run that lets the event loop breathe: the same bits, and it can be stopped. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext, NnpackError } from '../../src/index.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import type { Network } from '../../src/networks/network.ts';
import { networkBytes, planNetwork } from '../../src/networks/plan.ts';
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

/** Overwrites the inputs after every node of a run, which must give what it gives of inputs that stay. */
async function expectEarlyReads(
  network: Network,
  inputs: Record<string, readonly number[]>,
  batch: number,
  memoryBytes: number,
  isDivided: boolean,
  run: 'run' | 'runAsync',
): Promise<void> {
  const [[name, shape]] = Object.entries(inputs);
  const prepared = prepareNetwork(network, { context, batch, inputs, memoryBytes });
  expect(prepared.parts > 1).toBe(isDivided);
  const numbers = randomArray(batch * shape.reduce((a, b) => a * b, 1), uniform(4));
  const expected = prepared.run({ [name]: makeTensor(numbers.slice(), [batch, ...shape]) });
  // One in the context's memory, whose elements kernels could read where they are.
  const inside = context.allocate([batch, ...shape]);
  for (const input of [makeTensor(numbers.slice(), [batch, ...shape]), inside]) {
    const place = input.data.length === numbers.length ? 0 : input.offset;
    input.data.set(numbers, place);
    const progress = (): void => void input.data.fill(Number.NaN, place, place + numbers.length);
    const given = { [name]: input };
    const outputs = run === 'run' ? prepared.run(given, progress) : await prepared.runAsync(given, { progress });
    expect(outputs).toEqual(expected);
  }
  context.free(inside);
  prepared.dispose();
}

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

  it.each([
    ['whole', 1, 'runAsync'],
    ['in smaller batches', 0.8, 'runAsync'],
    ['whole', 1, 'run'],
    ['in smaller batches', 0.8, 'run'],
  ] as const)('reads its inputs as it begins: %s (%f, %s)', async (_, share, run) => {
    const bytes = networkBytes(network, { context, batch: 4 });
    await expectEarlyReads(network, { data: [3, 224, 224] }, 4, bytes * share, share < 1, run);
  });

  it.each(['run', 'runAsync'] as const)('reads its inputs as it begins: in slices (%s)', async (run) => {
    const kernel = { data: randomArray(4 * 3 * 25, uniform(1)), shape: [4, 3, 5, 5] };
    const local: Network = {
      name: 'local',
      inputs: [{ name: 'data', shape: [3, null, null] }],
      nodes: [{ op: 'convolution', name: 'y', inputs: ['data'], kernel, padding: 2 }],
      outputs: ['y'],
    };
    const bytes = networkBytes(local, { context, inputs: { data: [3, 30, 30] } });
    await expectEarlyReads(local, { data: [3, 60, 45] }, 2, bytes, true, run);
  });

  it('of a network in parts is one at a time too, also between two parts', async () => {
    const bytes = networkBytes(network, { context, batch: 1 });
    const parts = prepareNetwork(network, { context, batch: 4, memoryBytes: bytes });
    expect(parts.parts).toBe(4);
    const expected = parts.run({ data });
    const first = parts.runAsync({ data });
    let turns = 0;
    let isDone = false;
    const refusals = (async () => {
      for (; !isDone; turns++) {
        expect(await codeOf(() => parts.runAsync({ data }))).toBe('invalid-context');
        expect(await codeOf(() => parts.dispose())).toBe('invalid-context');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    expect(await first.finally(() => (isDone = true))).toEqual(expected);
    await refusals;
    expect(turns).toBeGreaterThan(0);
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
