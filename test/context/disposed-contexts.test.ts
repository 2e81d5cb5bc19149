/** What becomes of a context's memory when it is disposed of: nothing holds it, and the next context works in it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { type Context, convolutionInference, createContext, planConvolution, reluOutput } from '../../src/index.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { failure } from '../support/failure.ts';
import { tensor } from '../support/tensors.ts';

const run = promisify(execFile);

interface Found {
  /** By what was done in the context: whether its memory could be collected while context and plans were still held. */
  readonly collected: Readonly<Record<string, boolean>>;
  /** What each of many contexts held, and the bytes of the process after each. */
  readonly bytes: number;
  readonly resident: readonly number[];
}

describe.each([1, 2])('contexts of %i threads that are disposed of', (threads) => {
  it('hold no memory, though they and their plans are still held, and thirty take no more than one or two', async () => {
    const script = new URL('../fixtures/disposed-contexts.mjs', import.meta.url).pathname;
    const { stdout } = await run(process.execPath, ['--expose-gc', script, `${threads}`]);
    const { collected, bytes, resident } = JSON.parse(stdout) as Found;
    expect(Object.entries(collected).filter(([, isCollected]) => !isCollected)).toEqual([]);
    expect(Object.keys(collected).length).toBeGreaterThan(10);
    expect(resident.length).toBe(30);
    // Without reuse it would be 29 times `bytes` more than after the first.
    expect(Math.max(...resident) - resident[0]).toBeLessThan(bytes);
  });
});

/** A context that has the memory of one which left it full of `garbage`, and that memory. */
async function inMemoryOf(garbage: number, threads: number): Promise<{ context: Context; memory: unknown }> {
  const before = await createContext({ threads });
  const memory = before.arena.shared;
  before.free(before.allocate([2_000_000]));
  before.arena.f32.fill(garbage);
  before.dispose();
  return { context: await createContext({ threads }), memory };
}

describe('a context in the memory of another', () => {
  const call = { input: tensor([1, 8, 30, 30]), kernel: tensor([8, 8, 3, 3]), bias: tensor([8]), padding: 1 };
  const shape = convolutionShape('test', call.input.shape, call.kernel.shape, call);
  const algorithms = ALGORITHM_NAMES.filter((name) => algorithmNamed(name).supports(shape, 'forward') === null);

  it('computes the same bits as in new memory', async () => {
    const fresh = await createContext({ threads: 1 });
    const expected = algorithms.map((algorithm) => convolutionInference({ ...call, algorithm, context: fresh }).data);
    for (const garbage of [Number.NaN, Infinity, 1e38]) {
      const { context, memory } = await inMemoryOf(garbage, 2);
      expect(context.arena.shared).toBe(memory);
      const found = algorithms.map((algorithm) => convolutionInference({ ...call, algorithm, context }).data);
      expect(found).toEqual(expected);
      expect(context.allocate([2_000_000]).data.every((value) => value === 0)).toBe(true);
      context.dispose();
    }
    fresh.dispose();
  });

  it('is none the worse for the workers of the one before, which may still be about to end', async () => {
    const memories = new Set<unknown>();
    const results: Float32Array[] = [];
    for (let i = 0; i < 12; i++) {
      const context = await createContext({ threads: 3 });
      memories.add(context.arena.shared);
      const plan = planConvolution({ ...call, context });
      const [x, y] = [context.allocate([1, 8, 30, 30]), context.allocate([1, 8, 30, 30])];
      x.data.set(call.input.data);
      for (let n = 0; n < 5; n++) plan.run(x, y);
      results.push(y.data.slice());
      context.dispose();
    }
    for (const result of results) expect(result).toEqual(results[0]);
    // A worker that has just looked for work leaves the memory to the collector.
    expect(memories.size).toBeLessThan(6);
  });

  it('refuses tensors that are left of the one before, and writes nothing to them', async () => {
    const before = await createContext({ threads: 1 });
    const [stale, memory] = [before.allocate([4, 5]), before.arena.shared];
    before.dispose();
    const context = await createContext({ threads: 1 });
    expect(context.arena.shared).toBe(memory);
    const input = context.allocate([4, 5]);
    input.data.fill(-3);
    const text = 'lies in the memory of a context that has been disposed of, expected a copy made before that';
    const attempts: [string, () => unknown][] = [
      ['reluOutput: input', () => reluOutput({ input: stale, context })],
      ['reluOutput: output', () => reluOutput({ input, output: stale, context })],
      ['reluOutput: input', () => reluOutput({ input: stale.transpose(1, 0) })],
      ['free: tensor', () => context.free(stale)],
      ['planConvolution: bias', () => planConvolution({ ...call, bias: { data: stale.data, shape: [8] }, context })],
    ];
    for (const [what, attempt] of attempts) {
      const error = failure(attempt);
      expect([error.code, error.message]).toEqual(['disposed', `${what} ${text}`]);
    }
    expect(input.data.every((value) => value === -3)).toBe(true);
    expect(context.arena.usedBytes).toBe(128);
    context.dispose();
  });
});
