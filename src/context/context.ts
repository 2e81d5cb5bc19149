import { isInstance, readOptions } from '../check/options.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import type { KernelTable, KernelTableName } from '../kernels/table.ts';
import { Arena } from '../tensor/arena.ts';
import { makeTensor, sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { checkExtents, checkTensor } from '../tensor/tensor.ts';
import { importNode } from '../threads/node.ts';
import { ThreadPool } from '../threads/pool.ts';
import { chooseKernels, reasonsSince } from './choose-kernels.ts';
import type { Measurements } from './measurements.ts';
import { CONTEXT_FIELDS, type ContextOptions } from './options.ts';
import { parseContextOptions } from './parse-options.ts';
import { type Trace, traceOfEnvironment } from './trace.ts';

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
    const { threads, threadsReason, deterministic, batchInvariant, kernels, limit, size, measurements, worker } =
      parseContextOptions('createContext', options);
    this.#threadsReason = threadsReason;
    this.measurements = measurements;
    this.batchInvariant = batchInvariant;
    this.trace = traceOfEnvironment();
    this.arena = new Arena(limit);
    if (this.arena.shared !== null && !this.arena.lengthen(size)) {
      this.arena.close(true);
      throw new NnpackError('out-of-memory', `createContext: memorySize is ${size}, which this machine does not give`);
    }
    const chosen = chooseKernels(kernels, deterministic, this.arena, threads);
    this.#kernelsName = chosen.table.name;
    this.#kernelsReason = chosen.reason;
    this.#kernels = chosen.table;
    const thread = { index: 0, memory: this.arena, kernels: chosen.table };
    this.pool = new ThreadPool(thread, threads, this.arena.shared, worker, chosen.simd);
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
let sharedOptions: ContextOptions = {};

/**
 * Tells how the default context is to be made, the one of calls that name none: with these options in the place of those that
 * it has from the environment, and of those that were set before. They are checked at once.
 *
 * @throws NnpackError for options that `createContext` would refuse, and `invalid-context` when there is a default context
 *   already: it stays as it is, because plans may lie in it. `defaultContext().dispose()` ends it.
 * @example
 * const worker = () => new Worker('/nnpack-worker.js', { type: 'module' }); // in a bundle that does not find it itself
 * setDefaultContextOptions({ threads: 2, worker });
 */
export function setDefaultContextOptions(options: ContextOptions): void {
  const who = 'setDefaultContextOptions';
  const given = readOptions(who, options, CONTEXT_FIELDS);
  const { kernels } = parseContextOptions(who, given);
  if (shared !== null && isUsable(shared)) {
    const expected = 'expected a call before the first that names no context, or after defaultContext().dispose()';
    throw new NnpackError('invalid-context', `${who}: there is a default context already, ${expected}`);
  }
  sharedOptions = { ...given, modules: kernels.given?.module };
}

/** What {@link setDefaultContextOptions} was told last, for contexts that the library makes besides. */
export const defaultContextOptions = (): ContextOptions => sharedOptions;

function isUsable(context: Context): boolean {
  return !context.disposed && !context.pool.mayStillWrite;
}

/**
 * The context of calls that name none. It is made on first use from the environment, or as {@link setDefaultContextOptions}
 * says, and again after it was disposed of, or has lost a worker that may still write to its memory.
 *
 * @example
 * writeFileSync('times.json', defaultContext().measurements.save());
 */
export function defaultContext(): Context {
  if (shared === null || !isUsable(shared)) shared = new Context(sharedOptions);
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
