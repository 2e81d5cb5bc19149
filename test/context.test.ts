/** Contexts: what they are made of and why, in processes that lack this or that; and how they end. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import ndarray from 'ndarray';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ALGORITHM_NAMES } from '../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../src/algorithms/list.ts';
import {
  Context,
  convolutionInference,
  createContext,
  defaultContext,
  explainConvolution,
  NnpackError,
  planConvolution,
} from '../src/index.ts';
import { refuseSimd } from '../src/kernels/simd/engine.ts';
import { convolutionShape } from '../src/tensor/convolution-shape.ts';
import { sizeOf, type Tensor } from '../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../src/tensor/random.ts';

const run = promisify(execFile);
const PROBE = new URL('./fixtures/context-probe.mjs', import.meta.url).pathname;

/** What a process lacks; see the fixture. */
interface Request {
  hide?: string[];
  sleepless?: boolean;
  uncompiled?: boolean;
  invalid?: boolean;
  options?: object | null;
}

interface Found {
  description: ReturnType<Context['describe']>;
  results: Record<string, string>;
  planned: string;
  same: boolean;
  view: { shape: number[]; stride: number[]; offset: number; first: number; dtype: string };
  expected: { first: number };
  explained: boolean;
  error?: { name: string; code: string; message: string };
}

/** What a process of its own finds; whatever that is, it prints no warning. */
async function probe(
  request: Request,
  environment: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<Found> {
  const clean = { ...process.env };
  delete clean.NNPACK_NTHREADS;
  delete clean.MXNET_CPU_NNPACK_NTHREADS;
  const { stdout, stderr } = await run(process.execPath, [...flags, PROBE, JSON.stringify(request)], {
    env: { ...clean, ...environment },
    timeout: 60_000,
  });
  expect(stderr).toBe('');
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]);
}

function failure(work: () => unknown): NnpackError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  throw new Error('nothing was thrown');
}

const contexts: Context[] = [];

async function open(options: Parameters<typeof createContext>[0]): Promise<Context> {
  const context = await createContext(options);
  contexts.push(context);
  return context;
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const context of contexts.splice(0)) context.dispose();
});

/** A worker that runs some code before the package's script. */
function workerAfter(code: string, script: URL, workerData?: unknown): Worker {
  const head = `const { workerData } = require('node:worker_threads');`;
  return new Worker(`${head} ${code}; import(${JSON.stringify(script.href)});`, { eval: true, workerData });
}

function tensor(shape: number[], seed = 1): Tensor {
  return ndarray(randomArray(sizeOf(shape), uniform(seed)), shape);
}

/** What the default is where nothing is lacking. */
const BEST = (['simd-relaxed', 'simd'] as const).find((name) => refuseSimd(name) === null) ?? 'scalar';
/** Makes an engine know relaxed SIMD that has it, but not yet as a matter of course. */
const RELAXED = BEST === 'simd-relaxed' ? [] : ['--experimental-wasm-relaxed-simd'];

/** An engine without WebAssembly, on any thread; newer ones have no other way than to go without compiled code at all. */
const HIDES_WASM = spawnSync(process.execPath, ['--no-expose-wasm', '--version']).status === 0;
const WITHOUT_WASM = [HIDES_WASM ? '--no-expose-wasm' : '--jitless'];

const THREE = { threads: 3 };
const SHARED = 'shared WebAssembly.Memory';
const NO_SAB = ['SharedArrayBuffer is not available', 'the memory cannot be shared between threads'];
const NO_VECTORS = 'WebAssembly has no SIMD here';
const FORBIDDEN = 'WebAssembly could not be compiled (forbidden by the policy)';

/** A table that was found, as one process without any lack found it. */
const found = new Map<string, Promise<Found>>();
function usual(kernels: string): Promise<Found> {
  const known = found.get(kernels) ?? probe({ options: { ...THREE, kernels } });
  found.set(kernels, known);
  return known;
}

/** That a process computes what others do with the same table: tables differ in their last bits. */
async function expectSameBits(actual: Found): Promise<void> {
  const expected = await usual(actual.description.kernels);
  expect(actual.results).toEqual(expected.results);
  expect(actual.planned).toBe(expected.planned);
  expect([actual.same, actual.explained]).toEqual([true, true]);
  // The result is a view that can be cut and turned like any ndarray.
  expect(actual.view).toEqual(expected.view);
  expect(actual.view).toMatchObject({ shape: [4, 3, 20], dtype: 'float32', first: actual.expected.first });
}

describe('a process that lacks nothing', () => {
  it.each(['scalar', BEST])('has no reasons to give: %s', async (kernels) => {
    const { description, planned, same, explained } = await usual(kernels);
    expect(description).toMatchObject({ threads: 3, kernels, memory: SHARED, reasons: [] });
    expect([same, explained, typeof planned]).toEqual([true, true, 'string']);
  });
});

describe.each(['scalar', BEST])('a process that lacks something computes the same bits with %s kernels', (kernels) => {
  it.each([
    ['one thread', { options: { threads: 1 } }, [], SHARED, 1, []],
    ['no SharedArrayBuffer', { hide: ['SharedArrayBuffer'] }, [], 'WebAssembly.Memory', 1, NO_SAB],
    ['a main thread that may not sleep', { sleepless: true }, [], SHARED, 3, []],
    ['code generation', {}, ['--disallow-code-generation-from-strings'], SHARED, 3, []],
  ] as const)('%s', async (_name, request, flags, memory, threads, reasons) => {
    const { options, ...rest } = structuredClone(request) as Request;
    const actual = await probe({ ...rest, options: { ...THREE, kernels, ...options } }, {}, flags);
    expect(actual.error).toBeUndefined();
    expect(actual.description).toMatchObject({ kernels, memory, threads, reasons });
    await expectSameBits(actual);
  });
});

describe('the default kernels', () => {
  const WASM = { hide: ['WebAssembly'] };
  const SAB = { hide: ['SharedArrayBuffer'] };
  const NEITHER = { hide: ['SharedArrayBuffer', 'WebAssembly'] };

  it.each([
    ['nothing', {}, [], BEST, SHARED, 3, []],
    ['nothing, and has relaxed SIMD', {}, RELAXED, 'simd-relaxed', SHARED, 3, []],
    [
      'relaxed SIMD, because it asks for the same bits everywhere',
      { options: { deterministic: true } },
      RELAXED,
      'simd',
      SHARED,
      3,
      [],
    ],
    ['WebAssembly', WASM, [], 'scalar', 'SharedArrayBuffer', 3, ['WebAssembly is not available']],
    [
      'WebAssembly in all threads',
      {},
      WITHOUT_WASM,
      'scalar',
      'SharedArrayBuffer',
      3,
      ['WebAssembly is not available'],
    ],
    ['the right to compile', { uncompiled: true }, [], 'scalar', SHARED, 3, [FORBIDDEN]],
    ['SIMD', { invalid: true }, [], 'scalar', SHARED, 3, [NO_VECTORS]],
    ['SharedArrayBuffer', SAB, [], BEST, 'WebAssembly.Memory', 1, NO_SAB],
    [
      'SharedArrayBuffer and SIMD',
      { ...SAB, invalid: true },
      [],
      'scalar',
      'WebAssembly.Memory',
      1,
      [NO_SAB[0], NO_VECTORS, NO_SAB[1]],
    ],
    ['SharedArrayBuffer and WebAssembly', NEITHER, [], 'scalar', 'ArrayBuffer', 1, NO_SAB],
  ] as const)('of a process that lacks %s', async (_name, request, flags, kernels, memory, threads, reasons) => {
    const { options, ...rest } = structuredClone(request) as Request;
    const actual = await probe({ ...rest, options: { ...THREE, ...options } }, {}, flags);
    expect(actual.error).toBeUndefined();
    expect(actual.description).toMatchObject({ kernels, memory, threads, reasons });
    // The bits of fused multiply-adds are those of the machine at hand: there may be no other process to compare with.
    if (kernels !== 'simd-relaxed' || BEST === 'simd-relaxed') await expectSameBits(actual);
  });

  it('are typed arrays where the memory has no room for the scratch of the others', async () => {
    const context = await open({ threads: 1, memoryLimit: 65_536 });
    expect(context.describe()).toMatchObject({
      kernels: 'scalar',
      reasons: ['memoryLimit leaves no room for the scratch of emitted kernels'],
    });
  });

  it.each([
    ['simd', WASM, 'WebAssembly is not available'],
    ['simd', { uncompiled: true }, FORBIDDEN],
    ['simd', { invalid: true }, NO_VECTORS],
    ['simd', NEITHER, 'WebAssembly is not available'],
    ['simd-relaxed', { invalid: true }, NO_VECTORS],
    ['simd-relaxed', WASM, 'WebAssembly is not available'],
  ])('but %s, asked for where it cannot run, is an error: %j', async (kernels, request, reason) => {
    const { error } = await probe({ ...request, options: { ...THREE, kernels } });
    expect(error).toEqual({
      name: 'NnpackError',
      code: 'unsupported-hardware',
      message: `createContext: kernels '${kernels}' cannot run: ${reason}`,
    });
  });
});

describe('the number of threads', () => {
  it.each([
    [{ NNPACK_NTHREADS: '2' }, 2],
    [{ MXNET_CPU_NNPACK_NTHREADS: '3' }, 3],
    [{ NNPACK_NTHREADS: '1', MXNET_CPU_NNPACK_NTHREADS: '3' }, 1],
  ])('of the default context is the environment’s: %j', async (environment, threads) => {
    expect((await probe({ options: null }, environment as Record<string, string>)).description.threads).toBe(threads);
  });

  it('that is not one is refused by name, not ignored', async () => {
    const { error } = await probe({ options: null }, { NNPACK_NTHREADS: 'two' });
    expect(error).toEqual({
      name: 'NnpackError',
      code: 'invalid-argument',
      message: "NNPACK_NTHREADS is 'two', expected a whole number from 1 to 256",
    });
  });

  it.each(['0', '-1', '2.5', '1e1', ' 2', '0x2', 'NaN', '257', '99999999999999999999'])('is not %j', (value) => {
    for (const name of ['NNPACK_NTHREADS', 'MXNET_CPU_NNPACK_NTHREADS']) {
      vi.stubEnv('NNPACK_NTHREADS', '');
      vi.stubEnv(name, value);
      const error = failure(() => new Context());
      expect(error.code).toBe('invalid-argument');
      expect(error.message).toMatch(new RegExp(`^${name} is .*, expected a whole number from 1 to 256$`));
    }
  });

  it('that is empty counts as not given; what the caller asks for counts more than the environment', () => {
    vi.stubEnv('NNPACK_NTHREADS', '');
    vi.stubEnv('MXNET_CPU_NNPACK_NTHREADS', '2');
    const [a, b] = [new Context(), new Context({ threads: 1 })];
    expect([a.describe().threads, b.describe().threads]).toEqual([2, 1]);
    a.dispose();
    b.dispose();
  });
});

describe('createContext', () => {
  const threads = /^createContext: threads is .*, expected a whole number from 1 to 256$/;
  const limit = /^createContext: memoryLimit is .*, expected at least 65536 bytes$/;
  const kernels = /^createContext: kernels is .*, expected one of auto, reference, scalar/;
  it.each([
    ...[0, -1, 1.5, Number.NaN, Infinity, 257, '2', null, true, [], {}].map(
      (value) => [{ threads: value }, threads] as const,
    ),
    ...[0, -1, 65_535, Number.NaN, '100000', null, [], {}].map((value) => [{ memoryLimit: value }, limit] as const),
    ...['', 'fast', 'toString', 5, null, {}, []].map((value) => [{ kernels: value }, kernels] as const),
    [{ kernels: 'scaler' }, /expected one of auto, reference, scalar.*, did you mean 'scalar'\?$/] as const,
  ] as (readonly [object, RegExp])[])('refuses %j', async (options, text) => {
    const error = await createContext(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NnpackError);
    expect((error as NnpackError).code).toBe('invalid-argument');
    expect((error as NnpackError).message).toMatch(text);
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
    expect(scripts[0]).toMatch(/\/dist\/worker\.js$/);
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
      input.data.set(call.input.data, input.offset);
      const output = context.allocate([1, 16, 30, 30]);
      guard.data.fill(5, guard.offset, guard.offset + 200_000);
      for (let i = 0; i < 10; i++) plan.run(input, output);
      const kept = context.arena.f32.subarray(guard.offset, guard.offset + 200_000);
      expect(
        kept.every((value) => value === 5),
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
    context.free(made);
    expect(context.describe()).toMatchObject({ usedBytes: 0, peakBytes: 128 });
  });

  it('leaves tensors of other memory alone', async () => {
    const [a, b] = [await open({ threads: 1 }), await open({ threads: 1 })];
    const made = a.allocate([64]);
    b.allocate([64]);
    b.free(made);
    b.free(tensor([64]));
    expect([a.arena.usedBytes, b.arena.usedBytes]).toEqual([256, 256]);
  });

  it('never give back what a view of a part merely happens to name', async () => {
    const context = await open({ threads: 1 });
    const [a, b] = [context.allocate([64]), context.allocate([64])];
    // The offset within this view is that of b within the arena; its elements are neither a's nor b's first.
    const part = ndarray(a.data.subarray(16), [4], undefined, b.offset);
    context.free(part);
    expect(context.arena.usedBytes).toBe(512);
    // A whole tensor is known again by its place, whatever view it is given through.
    context.free(ndarray(b.data.subarray(b.offset), [64]));
    expect(context.arena.usedBytes).toBe(256);
  });

  it.each([
    [[2, -1], 'invalid-tensor', /^allocate: shape has shape \[2, -1\], expected whole numbers of at least 0$/],
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

describe('the end of a context', () => {
  it('may come twice, and refuses everything after it', async () => {
    const context = await open({ threads: 2 });
    const call = { input: tensor([1, 2, 8, 8]), kernel: tensor([2, 2, 3, 3]), context };
    const plan = planConvolution(call);
    const output = ndarray(new Float32Array(72).fill(7), [1, 2, 6, 6]);
    context.dispose();
    context.dispose();
    expect(context.disposed).toBe(true);
    const refused: [string, () => unknown][] = [
      ['allocate', () => context.allocate([2])],
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
    expect(context.describe().threads).toBe(2);
  });

  it('makes way for a new default context', () => {
    vi.stubEnv('NNPACK_NTHREADS', '1');
    const first = defaultContext();
    expect(defaultContext()).toBe(first);
    first.dispose();
    const second = defaultContext();
    expect(second).not.toBe(first);
    expect(convolutionInference({ input: tensor([1, 1, 3, 3]), kernel: tensor([1, 1, 3, 3]) }).shape).toEqual([
      1, 1, 1, 1,
    ]);
    second.dispose();
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
  it.each(ALGORITHM_NAMES.filter((name) => algorithmNamed(name).supports(shape) === null))(
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
          const eligible = ALGORITHM_NAMES.filter((name) => algorithmNamed(name).supports(shape) === null);
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
