import { NnpackError } from '../errors.ts';
import { SCRATCH_BYTES, type SimdSetup } from '../kernels/simd/exports.ts';
import type { SharedBytes } from '../tensor/bytes.ts';
import {
  ACTIVE,
  CLOSING,
  Control,
  GENERATION,
  ITEMS,
  MEMORY_PAGES,
  NEXT,
  PROGRESS,
  RANGE_I,
  RANGE_J,
  READY,
  TILE_I,
  TILE_J,
} from './control.ts';
import { spawnWorker, type WorkerFactory, type WorkerHandle } from './spawn.ts';
import type { Parameters, Step, Thread } from './step.ts';

/** A worker that makes no progress for this long while the caller waits for it is taken for dead. */
const PATIENCE_MS = 60_000;

/** What a worker is told when it starts. */
export interface WorkerSetup {
  readonly control: SharedArrayBuffer;
  readonly memory: SharedBytes;
  readonly kernels: string;
  /** What emitted kernels need, the scratch that of this worker alone; null for tables that are not emitted. */
  readonly simd: SimdSetup | null;
}

/**
 * A pool of threads over one memory, in pthreadpool's manner: each parallel function equals the serial loop in its
 * documentation, the caller takes part, and without workers the loop simply runs on the caller. Items are claimed one by
 * one from a shared counter, so uneven items even out; no result depends on who computed it.
 */
export class ThreadPool {
  #thread: Thread | null;
  readonly #control: Control | null;
  readonly #workers: WorkerHandle[] = [];
  readonly #mayBlock: boolean;
  #state: 'open' | 'busy' | 'closed' = 'open';
  #reason = '';

  /**
   * @param thread what the caller works with
   * @param threads how many threads in all, the caller among them
   * @param memory the bytes to share; null means that the caller works alone
   * @param simd for tables of emitted kernels; its scratch is that of all threads, one after another
   */
  constructor(
    thread: Thread,
    threads: number,
    memory: SharedBytes | null,
    factory?: WorkerFactory,
    simd: SimdSetup | null = null,
  ) {
    this.#thread = thread;
    this.#mayBlock = mayBlock();
    if (threads > 1 && memory === null) this.#reason = 'the memory cannot be shared between threads';
    this.#control = threads > 1 && memory !== null ? new Control() : null;
    if (this.#control !== null && memory !== null) {
      for (let index = 1; index < threads; index++) {
        try {
          const own = simd && { ...simd, scratch: simd.scratch + (index * SCRATCH_BYTES) / 4 };
          const setup = { control: this.#control.buffer, memory, kernels: thread.kernels.name, simd: own };
          this.#workers.push(spawnWorker(setup, factory));
        } catch (error) {
          this.#reason = `a worker could not be started (${(error as Error).message})`;
          break;
        }
      }
    }
  }

  /** What the caller works with; nothing of it is held once the pool is closed. */
  get thread(): Thread {
    if (this.#thread === null) throw new NnpackError('disposed', 'the pool is closed');
    return this.#thread;
  }

  /** Why there are fewer threads than asked for; empty when there are not, or it is not known yet. */
  get reason(): string {
    return this.#reason;
  }

  /** Threads that take part in the work: the caller and the workers that were started. */
  get threadsCount(): number {
    return 1 + this.#workers.length;
  }

  /** Resolves when every worker is ready to work, or has failed to start and been given up. */
  async ready(): Promise<void> {
    const failures = await Promise.all(this.#workers.map((worker) => worker.started));
    for (let i = failures.length - 1; i >= 0; i--) {
      if (failures[i] === null) continue;
      this.#reason = `a worker could not be started (${failures[i]})`;
      const [failed] = this.#workers.splice(i, 1);
      failed.terminate();
    }
  }

  /** Workers that have said that they are ready. */
  get readyWorkers(): number {
    return this.#control === null ? 0 : Atomics.load(this.#control.words, READY);
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
   * Returns when all of it is done. The first error of any thread is thrown here, and no further item is begun.
   */
  parallelize2dTile2d<P extends Parameters>(
    step: Step<P>,
    parameters: P,
    rangeI: number,
    rangeJ: number,
    tileI: number,
    tileJ: number,
  ): void {
    if (this.#state !== 'open') {
      if (this.#state === 'closed') throw new NnpackError('disposed', `${step.name}: its pool is closed`);
      const why = 'its pool is already at work, expected it to be idle (a step may not start another)';
      throw new NnpackError('invalid-context', `${step.name}: ${why}`);
    }
    const items = Math.ceil(rangeI / tileI) * Math.ceil(rangeJ / tileJ);
    this.#state = 'busy';
    try {
      if (this.#control === null || items < 2) {
        for (let item = 0; item < items; item++) {
          this.#runItem(step, parameters, item, items, rangeI, rangeJ, tileI, tileJ);
        }
      } else this.#share(this.#control, step, parameters, items, rangeI, rangeJ, tileI, tileJ);
    } finally {
      if (this.#state === 'busy') this.#state = 'open';
    }
  }

  /** An item on the caller; whatever is thrown there becomes the library's error, as it does on a worker. */
  #runItem<P extends Parameters>(
    step: Step<P>,
    parameters: P,
    item: number,
    items: number,
    rangeI: number,
    rangeJ: number,
    tileI: number,
    tileJ: number,
  ): void {
    try {
      runItem(this.thread, step, parameters, item, rangeI, rangeJ, tileI, tileJ);
    } catch (error) {
      if (error instanceof NnpackError) throw error;
      const text = error instanceof Error ? error.message : String(error);
      throw new NnpackError('worker-failed', `${step.name}: item ${item} of ${items} failed: ${text}`, {
        cause: error,
      });
    }
  }

  /**
   * Ends the workers and lets go of the memory. Closing twice is harmless; closing from inside a step is refused.
   *
   * @returns whether no worker can touch the memory any more: one that never came back from a job may
   */
  close(): boolean {
    if (this.#state === 'busy') {
      throw new NnpackError('invalid-context', 'dispose: the pool is at work, expected it to be idle');
    }
    const isIdle = this.#control === null || Atomics.load(this.#control.words, ACTIVE) === 0;
    if (this.#state === 'closed') return isIdle;
    this.#state = 'closed';
    this.#thread = null;
    if (this.#control === null) return isIdle;
    Atomics.store(this.#control.words, CLOSING, 1);
    Atomics.add(this.#control.words, GENERATION, 1);
    Atomics.notify(this.#control.words, GENERATION);
    // A worker that is still starting has no loop to leave yet.
    for (const worker of this.#workers) worker.terminate();
    return isIdle;
  }

  #share<P extends Parameters>(
    control: Control,
    step: Step<P>,
    parameters: P,
    items: number,
    rangeI: number,
    rangeJ: number,
    tileI: number,
    tileJ: number,
  ): void {
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
    let failure: unknown;
    try {
      for (let claim = Atomics.add(words, NEXT, 1); claim < 0; claim = Atomics.add(words, NEXT, 1)) {
        this.#runItem(step, parameters, claim + items, items, rangeI, rangeJ, tileI, tileJ);
      }
    } catch (error) {
      failure = error;
      Atomics.store(words, NEXT, 0);
    }
    this.#awaitWorkers(words, step.name);
    const workerFailure = control.takeFailure();
    if (failure !== undefined) throw failure;
    if (workerFailure !== null) throw new NnpackError('worker-failed', workerFailure);
  }

  /** Waits until no worker is registered in the job; a worker that dies there says so itself or runs out of patience. */
  #awaitWorkers(words: Int32Array, name: string): void {
    let progress = Atomics.load(words, PROGRESS);
    let since = 0;
    for (let active = Atomics.load(words, ACTIVE); active !== 0; active = Atomics.load(words, ACTIVE)) {
      if (!this.#mayBlock) {
        // The main thread of a browser may not sleep; only time can tell it that a worker has died.
        if (since === 0) since = Date.now();
      } else if (Atomics.wait(words, ACTIVE, active, 1000) !== 'timed-out') continue;
      else if (since === 0) since = Date.now();
      const now = Atomics.load(words, PROGRESS);
      if (now !== progress) {
        progress = now;
        since = Date.now();
      } else if (Date.now() - since > PATIENCE_MS) {
        this.#state = 'open';
        this.close();
        throw new NnpackError(
          'worker-failed',
          `${name}: a worker made no progress for ${PATIENCE_MS / 1000} s; the pool is closed`,
        );
      }
    }
  }
}

/** Runs item number `item` of the tiled loop: what the caller and every worker do with a claim. */
export function runItem<P extends Parameters>(
  thread: Thread,
  step: Step<P>,
  parameters: P,
  item: number,
  rangeI: number,
  rangeJ: number,
  tileI: number,
  tileJ: number,
): void {
  const across = Math.ceil(rangeJ / tileJ);
  const i = Math.floor(item / across) * tileI;
  const j = (item % across) * tileJ;
  step.run(thread, parameters, i, j, Math.min(tileI, rangeI - i), Math.min(tileJ, rangeJ - j));
}

/** Whether this thread may sleep in Atomics.wait. */
function mayBlock(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
