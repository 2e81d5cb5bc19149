import { textOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import type { SimdSetup } from '../kernels/simd/exports.ts';
import type { SharedBytes } from '../tensor/bytes.ts';
import { GENERATION, ITEMS, MEMORY_PAGES, NEXT, RANGE_I, RANGE_J, TILE_I, TILE_J } from './control.ts';
import type { WorkerFactory } from './spawn.ts';
import { type Parameters, runItem, type Step, type Thread } from './step.ts';
import { Workers } from './workers.ts';

/**
 * When the caller has done its part, each worker has at most one item to finish, and is given so long for it: nothing
 * tells a slow item from a hanging one, and no item should take a minute. A worker that has died is noticed at once, by
 * its own last word or by its lifeline, where the host tells.
 */
const PATIENCE_MS = 60_000;

/**
 * A pool of threads over one memory, in pthreadpool's manner: each parallel function equals the serial loop in its
 * documentation, the caller takes part, and without workers the loop simply runs on the caller. Items are claimed one by
 * one from a shared counter, so uneven items even out; no result depends on who computed it.
 */
export class ThreadPool {
  #thread: Thread | null;
  readonly #workers: Workers | null;
  /** A call that was cut off leaves `busy` behind, and the next call finds it. */
  #state: 'open' | 'busy' | 'closed' = 'open';
  readonly #isAlone: boolean;

  /**
   * @param thread what the caller works with
   * @param threads how many threads in all, the caller among them
   * @param memory the bytes to share; null means that the caller works alone
   * @param simd for tables of emitted kernels; its scratch holds those of all threads, one after another
   */
  constructor(
    thread: Thread,
    threads: number,
    memory: SharedBytes | null,
    factory?: WorkerFactory,
    simd: SimdSetup | null = null,
  ) {
    this.#thread = thread;
    this.#isAlone = threads > 1 && memory === null;
    this.#workers =
      threads > 1 && memory !== null ? new Workers(threads - 1, memory, thread.kernels.name, simd, factory) : null;
  }

  /** What the caller works with; a closed pool holds it no more. */
  get thread(): Thread {
    if (this.#thread === null) throw new NnpackError('disposed', 'the pool is closed');
    return this.#thread;
  }

  /** Why there are fewer threads than asked for; empty when there are not, or it is not known yet. */
  get reason(): string {
    return this.#isAlone ? 'the memory cannot be shared between threads' : (this.#workers?.reason ?? '');
  }

  /** Indices of threads are less than this, so a workspace has so many parts; it does not shrink when a thread ends. */
  get threadsCount(): number {
    return this.#workers?.places ?? 1;
  }

  /** Threads that take part in the work: the caller, and the workers that are not known to have ended. */
  get workingThreads(): number {
    return this.#workers?.takingPart ?? 1;
  }

  /** Resolves when every worker is ready to work, or has failed to start and been given up. */
  async ready(): Promise<void> {
    await this.#workers?.started();
  }

  /** Workers that have said that they are ready, and have not ended. */
  get readyWorkers(): number {
    return this.#workers?.ready ?? 0;
  }

  /** Whether a worker that was given up in the middle of its work may still write to the memory, closed or not. */
  get mayStillWrite(): boolean {
    return this.#workers?.mayStillWrite ?? false;
  }

  /** `for (i = 0; i < range; i++) step(i, 0, 1, 1)` */
  parallelize1d<P extends Parameters>(step: Step<P>, parameters: P, range: number): void {
    this.parallelize2dTile2d(step, parameters, range, 1, 1, 1);
  }

  /** `for (i = 0; i < range; i += tile) step(i, 0, min(tile, range - i), 1)` */
  parallelize1dTile1d<P extends Parameters>(step: Step<P>, parameters: P, range: number, tile: number): void {
    this.parallelize2dTile2d(step, parameters, range, 1, tile, 1);
  }

  /** `for (i = 0; i < rangeI; i++) for (j = 0; j < rangeJ; j++) step(i, j, 1, 1)` */
  parallelize2d<P extends Parameters>(step: Step<P>, parameters: P, rangeI: number, rangeJ: number): void {
    this.parallelize2dTile2d(step, parameters, rangeI, rangeJ, 1, 1);
  }

  /**
   * `for (i = 0; i < rangeI; i += tileI) for (j = 0; j < rangeJ; j += tileJ)`
   * `  step(i, j, min(tileI, rangeI - i), min(tileJ, rangeJ - j))`
   *
   * Returns when all of it is done. The first error of any thread is thrown here, and no further item is begun. A tile may
   * be 0 where its range is: blocks that are made of a shape are, where an axis has no elements.
   */
  parallelize2dTile2d<P extends Parameters>(
    step: Step<P>,
    parameters: P,
    rangeI: number,
    rangeJ: number,
    tileI: number,
    tileJ: number,
  ): void {
    this.expectIdle(step.name, 1);
    // 0 / 0 is no number, which no item would ever reach.
    const items = rangeI === 0 || rangeJ === 0 ? 0 : Math.ceil(rangeI / tileI) * Math.ceil(rangeJ / tileJ);
    this.#state = 'busy';
    let failure: string | NnpackError;
    if (this.#workers === null || items < 2) {
      failure = this.#runItems(null, step, parameters, items, rangeI, rangeJ, tileI, tileJ) ?? '';
    } else failure = this.#share(this.#workers, step, parameters, items, rangeI, rangeJ, tileI, tileJ);
    // This is not in a `finally`, which would let workers go on alone where the stack was too short to wait.
    this.#state = 'open';
    if (failure !== '') throw typeof failure === 'string' ? new NnpackError('worker-failed', failure) : failure;
  }

  /**
   * Runs items on the caller: all in turn, or those that it claims. Whatever is thrown there becomes the library's
   * error, as on a worker.
   */
  #runItems<P extends Parameters>(
    words: Int32Array | null,
    step: Step<P>,
    parameters: P,
    items: number,
    rangeI: number,
    rangeJ: number,
    tileI: number,
    tileJ: number,
  ): NnpackError | null {
    let item = 0;
    try {
      for (; ; item++) {
        if (words !== null) item = Atomics.add(words, NEXT, 1) + items;
        if (item >= items) return null;
        runItem(this.thread, step, parameters, item, rangeI, rangeJ, tileI, tileJ);
      }
    } catch (error) {
      if (error instanceof NnpackError) return error;
      const text = `${step.name}: item ${item} of ${items} failed: ${textOf(error)}`;
      return new NnpackError('worker-failed', text, { cause: error });
    }
  }

  /** @returns the first failure, or an empty text */
  #share<P extends Parameters>(
    workers: Workers,
    step: Step<P>,
    parameters: P,
    items: number,
    rangeI: number,
    rangeJ: number,
    tileI: number,
    tileJ: number,
  ): NnpackError | string {
    const { control } = workers;
    const { words } = control;
    control.writeJob(step, parameters);
    words[RANGE_I] = rangeI;
    words[RANGE_J] = rangeJ;
    words[TILE_I] = tileI;
    words[TILE_J] = tileJ;
    words[ITEMS] = items;
    words[MEMORY_PAGES] = this.thread.memory.f32.byteLength / 65_536;
    Atomics.store(words, NEXT, -items);
    Atomics.add(words, GENERATION, 1);
    Atomics.notify(words, GENERATION, items - 1);
    const failure = this.#runItems(words, step, parameters, items, rangeI, rangeJ, tileI, tileJ);
    if (failure !== null) control.endJob();
    const loss = workers.awaitIdle(PATIENCE_MS);
    const workerFailure = control.takeFailure() ?? (loss === '' ? '' : `${step.name}: ${loss}`);
    return failure ?? workerFailure;
  }

  /**
   * Makes sure that the pool is idle, and that nobody but the caller writes to its memory.
   *
   * @param regions how many parallel functions the caller itself is in
   * @throws NnpackError where that is impossible: inside a step, after the end, while a lost worker may still write
   */
  expectIdle(who: string, regions = 0): void {
    if (this.#state === 'busy') {
      if (isInRegion(regions)) {
        const why = 'its pool is already at work, expected it to be idle (a step may not start another)';
        throw new NnpackError('invalid-context', `${who}: ${why}`);
      }
      // The call before was cut off, by the time limit of a vm or for want of stack; its workers may still be at work.
      this.#workers?.control.endJob();
      this.#workers?.awaitIdle(PATIENCE_MS);
      this.#workers?.control.takeFailure();
      this.#state = 'open';
    }
    if (this.#state === 'closed') throw new NnpackError('disposed', `${who}: its pool is closed`);
    if (this.mayStillWrite) {
      const why = 'a worker that did not come back from its work may still write to the memory of its context';
      throw new NnpackError('worker-failed', `${who}: ${why}, expected a new context`);
    }
  }

  /**
   * Ends the workers and lets go of the memory, which nobody touches from then on unless {@link mayStillWrite}. Closing
   * twice is harmless; closing from inside a step is refused.
   */
  close(): void {
    if (this.#state === 'busy' && isInRegion(0)) {
      throw new NnpackError('invalid-context', 'dispose: the pool is at work, expected it to be idle');
    }
    this.#state = 'closed';
    this.#thread = null;
    this.#workers?.close();
  }
}

/**
 * Whether more than so many parallel functions are on the stack. Only the stack tells a step that starts another from a
 * call that was cut off: nothing runs, not even `finally`, when an engine ends a call for its time.
 */
function isInRegion(regions: number): boolean {
  const errors: { stackTraceLimit?: unknown } = Error;
  const limit = errors.stackTraceLimit;
  try {
    errors.stackTraceLimit = Number.POSITIVE_INFINITY;
    const stack = String(new Error().stack);
    // Tools that shorten code keep the names of methods; where the names do not show, nothing can be told.
    if (!/\b(expectIdle|close)\b/.test(stack)) return true;
    return stack.split(/\bparallelize2dTile2d\b/).length - 1 > regions;
  } catch {
    return true;
  } finally {
    try {
      errors.stackTraceLimit = limit;
    } catch {
      // The limit could not be set in the first place.
    }
  }
}
