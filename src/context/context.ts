import '../globals.ts';
import { expectBoolean, type FieldsOf, isInstance, readOptions } from '../check/options.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import type { KernelTable, KernelTableName } from '../kernels/table.ts';
import { Arena } from '../tensor/arena.ts';
import { makeTensor, sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { checkExtents, checkTensor } from '../tensor/tensor.ts';
import { importNode, mustImportNode } from '../threads/node.ts';
import { ThreadPool } from '../threads/pool.ts';
import { coresCount, environmentVariable } from '../threads/runtime.ts';
import type { WorkerFactory } from '../threads/spawn.ts';
import { checkKernels, chooseKernels, reasonsSince } from './choose-kernels.ts';
import { Measurements } from './measurements.ts';
import { readModules } from './modules-option.ts';
import { type Trace, traceOfEnvironment } from './trace.ts';

/** What {@link createContext} takes; all of it is optional. */
export interface ContextOptions {
  /** Threads in all, with the caller; when not given, as many as the environment says, or else as there are cores. */
  readonly threads?: number;
  /**
   * `'auto'` takes the fastest table that this machine runs; when not given, `NNPACK_KERNELS` decides, or `'auto'`. The wide
   * tables want an experimental pass of V8, which is switched on for the whole process; `'auto'` takes them only where the
   * process was started with `--experimental-wasm-revectorize`. Where the engine does not pack, the narrow table is taken.
   */
  readonly kernels?: 'auto' | KernelTableName;
  /** Keeps `'auto'` to tables that give the same bits on every machine: no fused multiply-add. False when not given. */
  readonly deterministic?: boolean;
  /**
   * Gives each image of a batch the bits that it has alone, whatever is beside it: algorithms are chosen as for one image, by
   * its sizes and weights, and where memory does not suffice for the batch, that is an error and no other choice. False when not
   * given: a batch may be worth another algorithm.
   */
  readonly batchInvariant?: boolean;
  /**
   * All emitted kernels of a table as one module, so that none has to be emitted: what `nnpack-ts kernels --out FILE` wrote, as
   * bytes or as the module that they were compiled to. `'auto'` takes its table.
   */
  readonly modules?: Uint8Array | ArrayBuffer | WebAssembly.Module;
  /** The most bytes that tensors, workspaces and packed kernels may take in all; 4 GiB when not given. */
  readonly memoryLimit?: number;
  /** Times that `rule: 'measured'` knows already and adds to; none when not given. Contexts may share them. */
  readonly measurements?: Measurements;
  /** Makes a worker from the package's worker script, for hosts that have their own way to do so. */
  readonly worker?: WorkerFactory;
}

const FIELDS: FieldsOf<ContextOptions> = {
  threads: true,
  kernels: true,
  deterministic: true,
  batchInvariant: true,
  modules: true,
  memoryLimit: true,
  measurements: true,
  worker: true,
};

/** What a context really got, and why. */
export interface ContextDescription {
  /** Threads that take part, the caller among them. */
  readonly threads: number;
  /** The kernel table that was taken. */
  readonly kernels: KernelTableName;
  /** What the memory is made of. */
  readonly memory: string;
  /** Bytes that tensors and plans take now. */
  readonly usedBytes: number;
  /** The most bytes that were in use at once. */
  readonly peakBytes: number;
  /** The most bytes that there may be. */
  readonly limitBytes: number;
  /** One sentence for each thing that is less than the best machine gives; empty where nothing is. */
  readonly reasons: readonly string[];
}

/**
 * One memory, the threads that share it, and the kernels that work on it. Everything runs in a context; {@link createContext}
 * makes one.
 */
export class Context {
  /** The memory; for this library's own use. */
  readonly arena: Arena;
  /** The threads; for this library's own use. */
  readonly pool: ThreadPool;
  /** The times that `rule: 'measured'` has measured and chooses by; `save` keeps them for another process. */
  readonly measurements: Measurements;
  /** Whether each image of a batch has the bits that it has alone. */
  readonly batchInvariant: boolean;
  /** Prints the lines that `NNPACK_TRACE` asks for. */
  readonly trace: Trace;
  readonly #kernelsName: KernelTableName;
  readonly #kernelsReason: string;
  readonly #threadsReason: string;
  /** Null once the context is disposed of, because kernels hold the memory. */
  #kernels: KernelTable | null;
  /** Where the tensor of a data array lies in the arena; 0 once it has been freed. */
  readonly #places = new WeakMap<Float32Array, number>();

  /**
   * A context that does not wait for its workers, which take part as they become ready. `createContext` waits for them.
   *
   * @throws NnpackError for options that are unknown or make no sense
   */
  constructor(options: ContextOptions = {}) {
    const given = readOptions('createContext', options, FIELDS);
    const { threads, reason } = checkThreads(given.threads);
    this.#threadsReason = reason;
    const { deterministic = false, batchInvariant = false } = given;
    expectBoolean('createContext', 'deterministic', deterministic);
    expectBoolean('createContext', 'batchInvariant', batchInvariant);
    this.batchInvariant = batchInvariant;
    const wish = checkKernels(given.kernels, deterministic, readModules(given.modules));
    const limit = checkLimit(given.memoryLimit);
    this.measurements = checkMeasurements(given.measurements);
    this.trace = traceOfEnvironment();
    this.arena = new Arena(limit);
    const chosen = chooseKernels(wish, deterministic, this.arena, threads);
    this.#kernelsName = chosen.table.name;
    this.#kernelsReason = chosen.reason;
    this.#kernels = chosen.table;
    const thread = { index: 0, memory: this.arena, kernels: chosen.table };
    this.pool = new ThreadPool(thread, threads, this.arena.shared, given.worker, chosen.simd);
  }

  /** @throws NnpackError `disposed` when the context has been disposed of. */
  get kernels(): KernelTable {
    if (this.#kernels === null) throw disposedError('kernels');
    return this.#kernels;
  }

  /** Whether `dispose` was called: nothing can be made or run in the context any more. */
  get disposed(): boolean {
    return this.#kernels === null;
  }

  /**
   * A tensor in the context's memory, filled with zeros: layers read and write it in place, without a copy. Its `data`
   * is its own part of the memory.
   *
   * @throws NnpackError `out-of-memory` beyond the context's limit
   */
  allocate(shape: readonly number[]): Tensor {
    this.expectOpen('allocate');
    if (!isArray(shape)) {
      throw new NnpackError('invalid-tensor', `allocate: shape is ${show(shape)}, expected an array of extents`);
    }
    checkExtents('allocate', 'shape', shape, [0, 1, 2, 3, 4, 5]);
    const size = sizeOf(shape);
    const offset = this.arena.allocate(size, 'allocate');
    const data = this.arena.f32.subarray(offset, offset + size).fill(0);
    this.#places.set(data, offset);
    return makeTensor(data, shape);
  }

  /**
   * Gives back the memory of a tensor made by {@link allocate}. The tensor or a view of it may be given; neither may be
   * used after that.
   *
   * @throws NnpackError `disposed` when that has been done already, `invalid-tensor` for a tensor that is not of this context
   */
  free(tensor: TensorLike): void {
    this.expectOpen('free');
    const { data } = checkTensor('free', 'tensor', tensor, [0, 1, 2, 3, 4, 5]);
    const offset = this.#places.get(data);
    if (offset === undefined) {
      const expected = "one that this context's allocate made, or a view of it";
      throw new NnpackError('invalid-tensor', `free: tensor is of other memory, expected ${expected}`);
    }
    if (offset === 0) throw new NnpackError('disposed', 'free: tensor has been freed already');
    this.#places.set(data, 0);
    this.arena.release(offset);
  }

  /** The threads, kernels and memory that the context really got, and why it did not get more. */
  describe(): ContextDescription {
    const since = reasonsSince(this.#kernelsName);
    const all = [this.arena.reason, this.#kernelsReason, ...since, this.#threadsReason, this.pool.reason];
    if (this.disposed) all.push('the context has been disposed of');
    const reasons = all.filter((reason) => reason !== '');
    return {
      threads: this.pool.workingThreads,
      kernels: this.#kernelsName,
      memory: this.arena.kind,
      usedBytes: this.arena.usedBytes,
      peakBytes: this.arena.peakBytes,
      limitBytes: this.arena.limitBytes,
      reasons,
    };
  }

  /**
   * Ends the workers and lets the memory go: the context holds it no more, and the next context may get it. The
   * contents of the context's tensors are undefined from then on. Disposing twice is harmless.
   */
  dispose(): void {
    this.pool.close();
    this.arena.close(!this.pool.mayStillWrite);
    this.#kernels = null;
  }

  /**
   * @throws NnpackError `disposed` when the context has been disposed of, `worker-failed` when a lost worker may still write
   * to its memory
   */
  expectOpen(who: string): void {
    if (this.disposed) throw disposedError(who);
    this.pool.expectIdle(who);
  }
}

function disposedError(who: string): NnpackError {
  return new NnpackError('disposed', `${who}: the context has been disposed of`);
}

/**
 * Makes a context and waits until its workers are ready.
 *
 * @example
 * const context = await createContext({ threads: 2 });
 * const input = context.allocate([1, 64, 56, 56]);
 * console.log(context.describe());
 * context.dispose();
 * @example
 * const measurements = Measurements.load(saved); // what context.measurements.save() gave
 * const context = await createContext({ threads: 2, measurements });
 */
export async function createContext(options: ContextOptions = {}): Promise<Context> {
  await importNode();
  const context = new Context(options);
  await context.pool.ready();
  return context;
}

let shared: Context | null = null;

/**
 * The context of calls that name none. It is made on first use from the environment, and again after it was disposed
 * of, or has lost a worker that may still write to its memory.
 *
 * @example
 * writeFileSync('times.json', defaultContext().measurements.save());
 */
export function defaultContext(): Context {
  if (shared === null || shared.disposed || shared.pool.mayStillWrite) shared = new Context();
  return shared;
}

/** The context that a call names, or the default one. */
export function contextOf(who: string, context: unknown): Context {
  if (context === undefined) return defaultContext();
  if (!isInstance(context, Context)) {
    throw new NnpackError('invalid-context', `${who}: context is ${show(context)}, expected one made by createContext`);
  }
  context.expectOpen(who);
  return context;
}

/** More threads than this help nobody, and each costs a worker. */
const MAX_THREADS = 256;

/** How many threads the context should have, and why that is not the number of cores where this is unknown. */
function checkThreads(threads: unknown): { threads: number; reason: string } {
  if (threads !== undefined) return { threads: expectThreads('createContext: threads', threads), reason: '' };
  for (const name of ['NNPACK_NTHREADS', 'MXNET_CPU_NNPACK_NTHREADS']) {
    const value = environmentVariable(name) ?? '';
    if (value === '') continue;
    return { threads: expectThreads(name, /^\d+$/.test(value) ? Number(value) : value), reason: '' };
  }
  const cores = coresCount();
  if (cores !== undefined) return { threads: Math.min(cores, MAX_THREADS), reason: '' };
  const why = mustImportNode() ? ' (Node before 20.16 tells it to createContext alone)' : '';
  return {
    threads: 1,
    reason: `the number of cores is not known here${why}: one thread unless more are asked for`,
  };
}

function expectThreads(what: string, threads: unknown): number {
  if (typeof threads !== 'number' || !Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new NnpackError(
      'invalid-argument',
      `${what} is ${show(threads)}, expected a whole number from 1 to ${MAX_THREADS}`,
    );
  }
  return threads;
}

function checkMeasurements(measurements: unknown = new Measurements()): Measurements {
  if (isInstance(measurements, Measurements)) return measurements;
  throw new NnpackError(
    'invalid-argument',
    `createContext: measurements is ${show(measurements)}, expected what Measurements.load gives`,
  );
}

function checkLimit(limit: unknown): number | undefined {
  if (limit === undefined) return undefined;
  if (typeof limit !== 'number' || !(limit >= 65_536)) {
    throw new NnpackError(
      'invalid-argument',
      `createContext: memoryLimit is ${show(limit)}, expected at least 65536 bytes`,
    );
  }
  return limit;
}
