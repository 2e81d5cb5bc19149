/** What a context is made of by default, and why: in processes that lack this or that, and by the environment. */
import { execFile, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Context,
  type ContextOptions,
  convolutionInference,
  createContext,
  defaultContext,
  setDefaultContextOptions,
} from '../../src/index.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { failure } from '../support/failure.ts';
import { tensor } from '../support/tensors.ts';

const run = promisify(execFile);
const PROBE = new URL('../fixtures/context-probe.mjs', import.meta.url).pathname;

/** What a process lacks; see the fixture. */
interface Request {
  hide?: string[];
  sleepless?: boolean;
  uncompiled?: boolean;
  uninstantiated?: boolean;
  secret?: boolean;
  old?: boolean;
  idle?: boolean;
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
  { options = {}, ...lacks }: Request,
  environment: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<Found> {
  const [found] = await probeEach(lacks, [options], environment, flags);
  return found;
}

/** What one process finds of several contexts, one after the other. */
async function probeEach(
  lacks: Request,
  options: readonly (object | null)[],
  environment: Record<string, string>,
  flags: readonly string[],
): Promise<Found[]> {
  const clean = { ...process.env };
  delete clean.NNPACK_NTHREADS;
  delete clean.MXNET_CPU_NNPACK_NTHREADS;
  const { stdout, stderr } = await run(process.execPath, [...flags, PROBE, JSON.stringify({ ...lacks, options })], {
    env: { ...clean, ...environment },
    timeout: 60_000,
  });
  expect(stderr).toBe('');
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(options.length);
  return lines.map((line) => JSON.parse(line));
}

afterEach(() => {
  vi.unstubAllEnvs();
});

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
const NO_ROOM = 'emitted kernels could not be made (out of address space)';
const FORBIDDEN = 'emitted kernels could not be made (forbidden by the policy)';

/** The tables that serve users here: a process computes with one after the other. */
const TABLES = [...new Set(['scalar', BEST] as const)];

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
  it.each(TABLES)('has no reasons to give: %s', async (kernels) => {
    const { description, planned, same, explained } = await usual(kernels);
    expect(description).toMatchObject({ threads: 3, kernels, memory: SHARED, reasons: [] });
    expect([same, explained, typeof planned]).toEqual([true, true, 'string']);
  });
});

describe('a process that lacks something computes the same bits with any kernels', () => {
  it.each([
    ['one thread', { options: { threads: 1 } }, [], SHARED, 1, []],
    ['no SharedArrayBuffer', { hide: ['SharedArrayBuffer'] }, [], 'WebAssembly.Memory', 1, NO_SAB],
    ['a main thread that may not sleep', { sleepless: true }, [], SHARED, 3, []],
    [
      'a clock, and texts as bytes',
      { hide: ['performance', 'TextEncoder', 'TextDecoder', 'navigator'] },
      [],
      SHARED,
      3,
      [],
    ],
    ['the right to read the environment', { secret: true }, [], SHARED, 3, []],
    ['a Node that gives its modules without an import', { old: true }, [], SHARED, 3, []],
    ['code generation', {}, ['--disallow-code-generation-from-strings'], SHARED, 3, []],
  ] as const)('%s', async (_name, request, flags, memory, threads, reasons) => {
    const { options, ...rest } = structuredClone(request) as Request;
    const all = TABLES.map((kernels) => ({ ...THREE, kernels, ...options }));
    for (const [i, actual] of (await probeEach(rest, all, {}, flags)).entries()) {
      expect(actual.error).toBeUndefined();
      expect(actual.description).toMatchObject({ kernels: TABLES[i], memory, threads, reasons });
      await expectSameBits(actual);
    }
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
    ['room for an instance', { uninstantiated: true }, [], 'scalar', SHARED, 3, [NO_ROOM]],
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
    const context = await createContext({ threads: 1, memoryLimit: 65_536 });
    expect(context.describe()).toMatchObject({
      kernels: 'scalar',
      reasons: ['memoryLimit leaves no room for the scratch of emitted kernels'],
    });
    context.dispose();
  });

  it.each([
    ['simd', WASM, 'WebAssembly is not available'],
    ['simd', { uncompiled: true }, FORBIDDEN],
    ['simd', { uninstantiated: true }, NO_ROOM],
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
    expect(
      (await probe({ idle: true, options: null }, environment as Record<string, string>)).description.threads,
    ).toBe(threads);
  });

  it('is that of the cores where the environment may not be read', async () => {
    const { description } = await probe({ idle: true, secret: true, options: null });
    expect(description).toMatchObject({ threads: Math.min(availableParallelism(), 256), reasons: [] });
  });

  it('of the default context of a Node before 20.16 is one, and says why', async () => {
    const { description } = await probe({ idle: true, old: true, options: null });
    expect(description).toMatchObject({
      threads: 1,
      reasons: [
        'the number of cores is not known here (Node before 20.16 tells it to createContext alone): one thread unless more are asked for',
      ],
    });
    const asked = await probe({ idle: true, old: true, options: null }, { NNPACK_NTHREADS: '3' });
    expect(asked.description).toMatchObject({
      threads: 1,
      reasons: [
        'a worker could not be started (Node before 20.16 gives its threads to createContext alone, which can wait for them)',
      ],
    });
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

describe('the default context', () => {
  it('makes way for a new one when it ends', () => {
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
});

describe('setDefaultContextOptions', () => {
  afterEach(() => {
    setDefaultContextOptions({});
  });

  it('says how the default context is made, in the place of the environment and of what was set before', () => {
    vi.stubEnv('NNPACK_NTHREADS', '1');
    let calls = 0;
    setDefaultContextOptions({ threads: 3, kernels: 'reference' });
    setDefaultContextOptions({
      threads: 2,
      kernels: 'scalar',
      memoryLimit: 2 ** 24,
      worker() {
        calls++;
        throw new Error('no workers here');
      },
    });
    const call = { input: tensor([1, 1, 3, 3]), kernel: tensor([1, 1, 3, 3]) };
    expect(calls).toBe(0);
    convolutionInference(call);
    const first = defaultContext();
    expect(first.describe()).toMatchObject({
      threads: 1,
      kernels: 'scalar',
      limitBytes: 2 ** 24,
      reasons: ['a worker could not be started (no workers here)'],
    });
    first.dispose();
    const second = defaultContext();
    expect([second.describe().kernels, calls]).toEqual(['scalar', 2]);
    second.dispose();
  });

  it('is refused while there is a default context, which stays as it is', () => {
    setDefaultContextOptions({ threads: 1, kernels: 'scalar' });
    const context = defaultContext();
    const error = failure(() => setDefaultContextOptions({ threads: 1, kernels: 'reference' }));
    expect(error.code).toBe('invalid-context');
    expect(error.message).toBe(
      'setDefaultContextOptions: there is a default context already, expected a call before the first that names no context, or after defaultContext().dispose()',
    );
    expect(defaultContext()).toBe(context);
    context.dispose();
    const next = defaultContext();
    expect(next.describe().kernels).toBe('scalar');
    next.dispose();
  });

  it.each([
    [null, 'options are null, expected an object'],
    [{ thread: 2 }, "options have an unknown field 'thread', did you mean 'threads'?"],
    [{ threads: 0 }, 'threads is 0, expected a whole number from 1 to 256'],
    [{ kernels: 'sclar' }, /^setDefaultContextOptions: kernels is 'sclar', .* did you mean 'scalar'\?$/],
    [{ modules: 5 }, 'modules is 5, expected bytes or a WebAssembly.Module'],
    [{ memoryLimit: 7 }, 'memoryLimit is 7, expected at least 65536 bytes'],
    [{ measurements: {} }, 'measurements is an object of Object, expected what Measurements.load gives'],
    [{ deterministic: 1 }, 'deterministic is 1, expected true or false'],
    [{ worker: 'worker.js' }, "worker is 'worker.js', expected a function that makes a worker"],
  ])('refuses %j at once, and keeps what was set', (options, text) => {
    setDefaultContextOptions({ threads: 1, kernels: 'scalar' });
    const error = failure(() => setDefaultContextOptions(options as ContextOptions));
    expect(error.code).toBe('invalid-argument');
    if (typeof text === 'string') expect(error.message).toBe(`setDefaultContextOptions: ${text}`);
    else expect(error.message).toMatch(text);
    const context = defaultContext();
    expect(context.describe().kernels).toBe('scalar');
    context.dispose();
  });
});
