/** Contexts: how they are made, what they lend, how they end, and what they do where memory is short. */
import { Worker } from 'node:worker_threads';
import ndarray from 'ndarray';
import { afterEach, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import {
  type Context,
  convolutionInference,
  createContext,
  explainConvolution,
  NnpackError,
  planConvolution,
  reluOutput,
  warmUp,
} from '../../src/index.ts';
import { arenaOffset } from '../../src/layers/staging.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import type { Tensor } from '../../src/tensor/ndarray.ts';
import { failure } from '../support/failure.ts';
import { tensor } from '../support/tensors.ts';

const contexts: Context[] = [];

async function open(options: Parameters<typeof createContext>[0]): Promise<Context> {
  const context = await createContext(options);
  contexts.push(context);
  return context;
}

afterEach(() => {
  for (const context of contexts.splice(0)) context.dispose();
});

/** A worker that runs some code before the package's script. */
function workerAfter(code: string, script: URL, workerData?: unknown): Worker {
  const head = `const { workerData } = require('node:worker_threads');`;
  return new Worker(`${head} ${code}; import(${JSON.stringify(script.href)});`, { eval: true, workerData });
}

describe('createContext', () => {
  const threads = /^createContext: threads is .*, expected a whole number from 1 to 256$/;
  const limit = /^createContext: memoryLimit is .*, expected at least 65536 bytes$/;
  const kernels = /^createContext: kernels is .*, expected one of auto, reference, scalar/;
  it.each([
    ...[0, -1, 1.5, Number.NaN, Infinity, 257, '2', null, true, [], {}].map(
      (value) => [{ threads: value }, threads] as const,
    ),
    ...[0, -1, 65_535, Number.NaN, '100000', null, [], {}].map((value) => [{ memoryLimit: value }, limit] as const),
    ...[0, -1, 65_535, Number.NaN, 2 ** 33, '100000', null, {}].map(
      (value) =>
        [{ memorySize: value }, /^createContext: memorySize is .*, expected 65536 to 4294967296 bytes$/] as const,
    ),
    [
      { memorySize: 2 ** 21, memoryLimit: 2 ** 20 },
      /^createContext: memorySize is 2097152, expected 65536 to 1048576 bytes$/,
    ],
    ...['', 'fast', 'toString', 5, null, {}, []].map((value) => [{ kernels: value }, kernels] as const),
    ...['nnpack-worker.js', null, {}, 5].map(
      (value) => [{ worker: value }, /^createContext: worker is .*, expected a function that makes a worker$/] as const,
    ),
    [{ kernels: 'scaler' }, /expected one of auto, reference, scalar.*, did you mean 'scalar'\?$/] as const,
    ...[null, 5, 'threads', [], true].map(
      (value) => [value, /^createContext: options are .*, expected an object$/] as const,
    ),
    [{ thread: 2 }, /^createContext: options have an unknown field 'thread', did you mean 'threads'\?$/] as const,
    [{ memoryLimt: 1e9 }, /^createContext: options have an unknown field 'memoryLimt', did you mean 'memoryLimit'\?$/],
    [{ pool: 2 }, /^createContext: options have an unknown field 'pool'/],
  ] as (readonly [object, RegExp])[])('refuses %j', async (options, text) => {
    const error = await createContext(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NnpackError);
    expect((error as NnpackError).code).toBe('invalid-argument');
    expect((error as NnpackError).message).toMatch(text);
  });

  it('begins with as much memory as is asked for, all of zeros, so that it need not grow', async () => {
    for (const memorySize of [2 ** 20 + 1, 20 * 2 ** 20]) {
      const context = await open({ threads: 2, memorySize });
      const { buffer, byteLength } = context.arena.f32;
      expect(byteLength).toBe(Math.ceil(memorySize / 65_536) * 65_536);
      expect(context.describe()).toMatchObject({ usedBytes: 0, peakBytes: 0 });
      const { data } = context.allocate([2 ** 16]);
      expect([data.buffer === buffer, data.every((value) => value === 0)]).toEqual([true, true]);
      data.fill(7);
      // It still grows beyond.
      expect(context.allocate([byteLength / 2]).data.every((value) => value === 0)).toBe(true);
      expect(context.arena.f32.byteLength).toBeGreaterThan(byteLength);
      context.dispose();
    }
  });

  it('waits for its workers, and starts them through a given factory', async () => {
    const scripts: string[] = [];
    const context = await open({
      threads: 3,
      worker: (script) => {
        scripts.push(script.href);
        return new Worker(script);
      },
    });
    expect(context.pool.readyWorkers).toBe(2);
    expect(scripts.length).toBe(2);
    expect(scripts[0]).toMatch(/\/dist\/nnpack-worker\.js$/);
  });

  it('goes on with fewer threads, and says why, when workers cannot be had', async () => {
    const context = await open({
      threads: 4,
      worker: () => {
        throw new Error('no workers here');
      },
    });
    expect(context.describe()).toMatchObject({
      threads: 1,
      reasons: ['a worker could not be started (no workers here)'],
    });
  });

  it.each([
    ['have no script', (script: URL) => new Worker(new URL('./no-such-script.js', script))],
    ['cannot make their kernels', (script: URL) => workerAfter('WebAssembly.Instance = undefined', script)],
  ])('gives the same results when some of its workers %s', async (_why, failing) => {
    const call = { input: tensor([1, 16, 30, 30]), kernel: tensor([16, 16, 3, 3]), padding: 1 };
    const alone = await open({ threads: 1 });
    const expected = convolutionInference({ ...call, context: alone });
    // The one that works begins after the others have ended.
    const ended = new Int32Array(new SharedArrayBuffer(4));
    const others = Array.from({ length: 2 }, () => (script: URL) => {
      const worker = failing(script);
      worker.once('exit', () => {
        Atomics.add(ended, 0, 1);
        Atomics.notify(ended, 0);
      });
      return worker;
    });
    const last = 'for (let n = 0; n < 2; n = Atomics.load(workerData, 0)) Atomics.wait(workerData, 0, n)';
    const factories = [...others, (script: URL) => workerAfter(last, script, ended)];
    const context = await open({
      threads: 4,
      worker: (script) => factories.shift()!(script),
    });
    expect(context.describe().threads).toBe(2);
    expect(context.describe().reasons[0]).toMatch(/^a worker could not be started \(/);
    // The memory behind the plan's own: whoever writes beyond a workspace writes here.
    const algorithms = ['wt8x8', 'ft16x16', 'implicit-gemm'] as const;
    for (const algorithm of algorithms) {
      const plan = planConvolution({ ...call, algorithm, context });
      const guard = context.allocate([200_000]);
      const input = context.allocate([1, 16, 30, 30]);
      input.data.set(call.input.data);
      const output = context.allocate([1, 16, 30, 30]);
      guard.data.fill(5);
      for (let i = 0; i < 10; i++) plan.run(input, output);
      expect(
        guard.data.every((value) => value === 5),
        `${algorithm} wrote outside its workspace`,
      ).toBe(true);
      for (const made of [input, output, guard]) context.free(made);
      plan.dispose();
    }
    expect([...convolutionInference({ ...call, context }).data]).toEqual([...expected.data]);
  });
});

describe('allocate and free', () => {
  it('give a tensor of zeros in the arena, and take it back', async () => {
    const context = await open({ threads: 1 });
    context.arena.f32.fill(Number.NaN);
    const made = context.allocate([2, 3, 5]);
    expect([made.shape, made.stride, made.size]).toEqual([[2, 3, 5], [15, 5, 1], 30]);
    expect(context.arena.holds(made.data)).toBe(true);
    expect([...made.data.subarray(made.offset, made.offset + 30)]).toEqual(new Array(30).fill(0));
    expect(context.describe().usedBytes).toBe(128);
    context.free(made);
    expect(context.describe()).toMatchObject({ usedBytes: 0, peakBytes: 128 });
  });

  it.each([[[]], [[7]], [[2, 3, 5]], [[1, 3, 0, 2]], [[1, 2, 3, 4, 5]]])(
    'give data that are those of the tensor %j alone, wherever the memory has grown to',
    async (shape) => {
      const context = await open({ threads: 1 });
      const guards = [context.allocate([16])];
      const made = context.allocate(shape);
      guards.push(context.allocate([16]));
      for (const guard of guards) guard.data.fill(77);
      expect([made.data.length, made.offset]).toEqual([made.size, 0]);
      context.allocate([2 * context.arena.f32.length]);
      const numbers = Float32Array.from({ length: made.size }, (_, i) => i - 0.5);
      made.data.set(numbers);
      const at = arenaOffset(made);
      expect(context.arena.f32.slice(at, at + made.size)).toEqual(numbers);
      // What a layer reads and writes there is what is in `data`.
      if (made.size > 0 && shape.length > 0) {
        reluOutput({ input: made, output: made, context, negativeSlope: 2 });
        expect(made.data).toEqual(numbers.map((x) => (x < 0 ? 2 * x : x)));
      }
      for (const guard of guards) expect([...guard.data]).toEqual(new Array(16).fill(77));
    },
  );

  it('refuse a second free, and leave alone who has the place by then', async () => {
    const context = await open({ threads: 1 });
    const first = context.allocate([64]);
    const view = first.lo(3);
    context.free(first);
    const second = context.allocate([64]);
    expect(arenaOffset(second)).toBe(arenaOffset(first));
    for (const freed of [first, view]) {
      const error = failure(() => context.free(freed));
      expect([error.code, error.message]).toEqual(['disposed', 'free: tensor has been freed already']);
    }
    const third = context.allocate([64]);
    third.data.fill(1);
    expect(second.data.every((value) => value === 0)).toBe(true);
    expect(context.arena.usedBytes).toBe(512);
  });

  it('refuse tensors of other memory, and what is none', async () => {
    const [a, b] = [await open({ threads: 1 }), await open({ threads: 1 })];
    const made = a.allocate([64]);
    b.allocate([64]);
    for (const foreign of [made, tensor([64])]) {
      const error = failure(() => b.free(foreign));
      expect([error.code, error.message]).toEqual([
        'invalid-tensor',
        "free: tensor is of other memory, expected one that this context's allocate made, or a view of it",
      ]);
    }
    for (const value of [undefined, null, 5, 'tensor', [], {}, made.data, { shape: [2] }]) {
      const error = failure(() => b.free(value as unknown as Tensor));
      expect(['invalid-tensor', 'invalid-tensor-type']).toContain(error.code);
      expect(error.message).toMatch(/^free: tensor /);
    }
    expect([a.arena.usedBytes, b.arena.usedBytes]).toEqual([256, 256]);
  });

  it('say of a shape what it is', async () => {
    const context = await open({ threads: 1 });
    const allocate = (shape: unknown) => failure(() => context.allocate(shape as number[])).message;
    const whole = 'expected whole numbers of at least 0';
    expect(allocate([2n])).toBe(`allocate: shape is [2n], ${whole}`);
    expect(allocate([2, -1])).toBe(`allocate: shape is [2, -1], ${whole}`);
    const most = 'has 2147483648 elements, expected at most 1073741824';
    expect(allocate([2 ** 31])).toBe(`allocate: shape [2147483648] ${most}`);
    expect(allocate(5)).toBe('allocate: shape is 5, expected an array of extents');
    context.dispose();
    expect(context.describe()).toMatchObject({ threads: 1, reasons: ['the context has been disposed of'] });
  });

  it('take a tensor back by any view of it', async () => {
    const context = await open({ threads: 1 });
    const views: ((made: Tensor) => Tensor)[] = [
      (made) => made.transpose(2, 0, 1),
      (made) => made.pick(1, null, 2),
      (made) => made.lo(1, 1, 1).hi(1, 1, 1).step(1, -1),
      ({ data }) => ndarray(data, [2], [5], 3),
    ];
    for (const view of views) {
      const made = context.allocate([2, 3, 5]);
      context.free(view(made));
      expect(context.arena.usedBytes).toBe(0);
      expect(failure(() => context.free(made)).code).toBe('disposed');
    }
  });

  it('never give back what another array over the memory merely happens to name', async () => {
    const context = await open({ threads: 1 });
    const [a, b] = [context.allocate([64]), context.allocate([64])];
    const parts = [
      ndarray(a.data.subarray(16), [4]),
      ndarray(context.arena.f32, [64], undefined, arenaOffset(b)),
      // It has the place of a whole tensor, but might be left from one that had the place before.
      ndarray(b.data.subarray(0), [64]),
    ];
    for (const part of parts) expect(failure(() => context.free(part)).code).toBe('invalid-tensor');
    expect(context.arena.usedBytes).toBe(512);
  });

  it.each([
    [[2, -1], 'invalid-tensor', /^allocate: shape is \[2, -1\], expected whole numbers of at least 0$/],
    [[1.5], 'invalid-tensor', /whole numbers/],
    [[1, 1, 1, 1, 1, 1], 'invalid-rank', /rank 6/],
    [null, 'invalid-tensor', /^allocate: shape is null/],
    ['3', 'invalid-tensor', /^allocate: shape is '3'/],
    [[2 ** 31], 'out-of-memory', /^allocate: .*2147483648 elements/],
    [[2 ** 28], 'out-of-memory', /^allocate: 1073.7 MB needed beside 0.0 MB in use, expected at most 16.8 MB in all/],
  ])('refuse %j', async (shape, code, text) => {
    const context = await open({ threads: 1, memoryLimit: 2 ** 24 });
    const error = failure(() => context.allocate(shape as number[]));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(context.arena.usedBytes).toBe(0);
  });
});

describe('warmUp', () => {
  it.each([[{}], [null], [5], ['context'], [[]]])('refuses %j', (value) => {
    const error = failure(() => warmUp(value as unknown as Context));
    expect(error.code).toBe('invalid-context');
    expect(error.message).toMatch(/^warmUp: context is .*, expected one made by createContext$/);
  });

  it('runs what it is asked for, and leaves nothing behind', async () => {
    const context = await open({ threads: 1, kernels: 'scalar' });
    const used = context.arena.usedBytes;
    warmUp(context, { algorithms: ['direct', 'depthwise', 'wt6x6-strided', 'ft8x8', 'implicit-gemm'] });
    warmUp(context, { algorithms: [] });
    expect(context.arena.usedBytes).toBe(used);
  });

  it.each([
    [{ algorithms: 'wt8x8' }, 'invalid-argument', /^warmUp: algorithms are 'wt8x8', expected an array of names/],
    [{ algorithms: ['wt8x8', 'wt8'] }, 'invalid-algorithm', /^warmUp: algorithms\[1\] is 'wt8', expected one of/],
    [{ layers: [] }, 'invalid-argument', /^warmUp: options have an unknown field 'layers'/],
  ])('refuses %j', async (options, code, text) => {
    const context = await open({ threads: 1 });
    const error = failure(() => warmUp(context, options as object));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(text)]);
  });
});

describe('the end of a context', () => {
  it('may come twice, and refuses everything after it', async () => {
    const context = await open({ threads: 2 });
    const call = { input: tensor([1, 2, 8, 8]), kernel: tensor([2, 2, 3, 3]), context };
    const plan = planConvolution(call);
    const output = ndarray(new Float32Array(72).fill(7), [1, 2, 6, 6]);
    const kept = context.allocate([5]);
    context.dispose();
    context.dispose();
    expect(context.disposed).toBe(true);
    const refused: [string, () => unknown][] = [
      ['allocate', () => context.allocate([2])],
      ['free', () => context.free(kept)],
      ['warmUp', () => warmUp(context)],
      ['convolutionInference', () => convolutionInference({ ...call, output })],
      ['planConvolution', () => planConvolution(call)],
      ['explainConvolution', () => explainConvolution(call)],
      ['planConvolution', () => plan.run(call.input, output)],
    ];
    for (const [who, work] of refused) {
      const error = failure(work);
      expect([error.code, error.message]).toEqual(['disposed', `${who}: the context has been disposed of`]);
    }
    expect(output.data.every((value) => value === 7)).toBe(true);
    plan.dispose();
    expect(context.describe()).toMatchObject({ threads: 2, usedBytes: 0, memory: 'shared WebAssembly.Memory' });
  });

  it('can come a hundred times without the memory running out', async () => {
    const call = { input: tensor([1, 4, 16, 16]), kernel: tensor([4, 4, 3, 3]) };
    for (let i = 0; i < 100; i++) {
      const context = await createContext({ threads: 1 });
      context.allocate([2_000_000]);
      convolutionInference({ ...call, context });
      context.dispose();
    }
  });
});

describe('memory that does not suffice', () => {
  const MEGABYTE = 2 ** 20;
  const call = { input: tensor([1, 64, 48, 48]), kernel: tensor([64, 64, 3, 3]), bias: tensor([64]), padding: 1 };

  const shape = convolutionShape('test', call.input.shape, call.kernel.shape, call);
  it.each(ALGORITHM_NAMES.filter((name) => algorithmNamed(name).supports(shape, 'forward') === null))(
    'is an error in words that leaves nothing behind: %s',
    async (algorithm) => {
      const context = await open({ threads: 1, memoryLimit: MEGABYTE });
      const kept = context.allocate([1000]);
      const used = context.arena.usedBytes;
      const error = failure(() => convolutionInference({ ...call, algorithm, context }));
      expect(error.code).toBe('out-of-memory');
      expect(error.message).toMatch(
        /^convolutionInference: [\d.]+ MB needed beside [\d.]+ MB in use, expected at most 1.0 MB in all/,
      );
      expect(context.arena.usedBytes).toBe(used);
      expect(failure(() => planConvolution({ ...call, algorithm: 'ft16x16', context })).code).toBe('out-of-memory');
      expect(context.arena.usedBytes).toBe(used);
      // A call that fits still finds its room.
      const small = { input: tensor([1, 4, 10, 10]), kernel: tensor([4, 4, 3, 3]), context };
      expect(convolutionInference(small).data.every(Number.isFinite)).toBe(true);
      context.free(kept);
      expect(context.arena.usedBytes).toBe(0);
    },
  );

  it('is an error in words when no algorithm could be chosen for want of it', async () => {
    const context = await open({ threads: 1, memoryLimit: 65_536 });
    expect(failure(() => convolutionInference({ ...call, context })).code).toBe('out-of-memory');
    expect(failure(() => planConvolution({ ...call, context })).code).toBe('out-of-memory');
    expect(context.arena.usedBytes).toBe(0);
    expect(String(explainConvolution({ ...call, context }))).toContain('the context holds 65536');
  });

  it('never ends the automatic choice in an error where some algorithm would have served', async () => {
    const layers = [
      { input: tensor([1, 64, 24, 24]), kernel: tensor([64, 64, 3, 3]), padding: 1 },
      { input: tensor([1, 16, 60, 60]), kernel: tensor([8, 16, 5, 5]), padding: 2 },
      { input: tensor([1, 128, 6, 6]), kernel: tensor([128, 128, 3, 3]), padding: 1 },
    ];
    const failures: string[] = [];
    for (const layer of layers) {
      for (let kilobytes = 64; kilobytes < 16_384; kilobytes = Math.ceil(kilobytes * 1.6)) {
        const context = await open({ threads: 1, memoryLimit: kilobytes * 1024 });
        const serves = (algorithm: 'auto' | (typeof ALGORITHM_NAMES)[number]): boolean => {
          try {
            convolutionInference({ ...layer, algorithm, context });
            return true;
          } catch (error) {
            if (error instanceof NnpackError) expect(error.code).toBe('out-of-memory');
            else failures.push(`${kilobytes} kB, ${layer.kernel.shape}: ${error}`);
            return false;
          }
        };
        if (!serves('auto')) {
          const shape = explainConvolution({ ...layer, context: await open({ threads: 1 }) }).shape;
          const eligible = ALGORITHM_NAMES.filter((name) => algorithmNamed(name).supports(shape, 'forward') === null);
          const served = eligible.filter(serves);
          if (served.length > 0)
            failures.push(`${kilobytes} kB, ${layer.kernel.shape}: ${served.join(', ')} would have served`);
        }
        context.dispose();
      }
    }
    expect(failures).toEqual([]);
  });
});
