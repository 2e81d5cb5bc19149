import { SCRATCH_BYTES, type SimdSetup } from '../kernels/simd/exports.ts';
import type { SharedBytes } from '../tensor/bytes.ts';
import { CLOSING, Control, ENDED, GENERATION, GIVEN_UP, IDLE, LOST, READY, STARTING, WORKING } from './control.ts';
import { now } from './runtime.ts';
import { Seat } from './seat.ts';
import { causeOf, type WorkerFactory } from './spawn.ts';

/** Workers that are not ready are given up when none has become ready for so long. */
const START_MS = 10_000;

/** How often the caller checks a worker that it waits for. */
const SLICE_MS = 100;

/** How long a worker that is terminated in the middle of its work may take to be gone. */
const TERMINATION_MS = 5_000;

/**
 * The workers of a pool, from their start to their end. Each state of a worker has a bounded time and a way out:
 *
 *   starting  →  idle, or given up: it failed, or for ten seconds no worker became ready
 *   idle      →  working, or ended: its thread ended, and the host said so
 *   working   →  idle, or ended: its thread ended, which it says itself or its lifeline tells; or the caller lost
 *                patience and terminated it, and its lifeline told that it is gone
 *             →  lost, where nothing tells: then the memory must not be used until the worker is known to be gone
 */
export class Workers {
  readonly control: Control;
  readonly #mayBlock = mayBlock();
  readonly #asked: number;
  readonly #seats: Seat[] = [];
  /** Distinct reasons why workers did not start. */
  readonly #failures = new Set<string>();
  #hasLost = false;
  #isClosed = false;
  /** Threads that took part when the pool was closed. */
  #tookPart = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(count: number, memory: SharedBytes, kernels: string, simd: SimdSetup | null, factory?: WorkerFactory) {
    this.#asked = count;
    this.control = Control.for(count);
    for (let i = 0; i < count; i++) {
      const own = simd && { ...simd, scratch: simd.scratch + ((i + 1) * SCRATCH_BYTES) / 4 };
      try {
        const failed = (why: string) => void this.#failures.add(why);
        this.#seats.push(new Seat(this.control, i, { memory, kernels, simd: own }, failed, factory));
      } catch (error) {
        this.#failures.add(causeOf(error));
        break;
      }
    }
    if (this.#seats.length === 0) return;
    this.#watchStart();
    void this.started().then(() => clearTimeout(this.#timer));
  }

  /** Indices of threads are less than this, the caller's among them; it does not shrink when a worker ends. */
  get places(): number {
    return 1 + this.#count((state) => state !== GIVEN_UP);
  }

  /** Threads that really take part: the caller, and the workers that are not known to have ended. */
  get takingPart(): number {
    if (this.#isClosed) return this.#tookPart;
    return 1 + this.#count((state) => state === STARTING || state === IDLE || state === WORKING);
  }

  /** Workers that have said that they are ready, and have not ended. */
  get ready(): number {
    return this.#count((state) => state === IDLE || state === WORKING);
  }

  #count(counts: (state: number) => boolean): number {
    let count = 0;
    for (const seat of this.#seats) if (counts(seat.state)) count++;
    return count;
  }

  /** Why there are fewer threads than asked for; empty when there are not, or it is not known yet. */
  get reason(): string {
    const reasons = [...this.#failures].map((why) => `a worker could not be started (${why})`);
    const losses = this.#seats.map((seat) => seat.loss).filter((loss) => loss !== '');
    if (losses.length > 0) {
      reasons.push(`${this.takingPart} of ${1 + this.#asked} threads take part (${losses.join('; ')})`);
    }
    return reasons.join('; ');
  }

  /** Resolves when every worker is ready to work, or has been given up. */
  async started(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.started));
  }

  #watchStart(): void {
    const before = Atomics.load(this.control.words, READY);
    this.#timer = setTimeout(() => {
      // Each worker that becomes ready gives the others more time, for slow machines that start many.
      if (Atomics.load(this.control.words, READY) !== before) return this.#watchStart();
      for (const seat of this.#seats) seat.giveUp(`no word from it for ${START_MS / 1000} s`);
    }, START_MS);
  }

  /** Whether a worker that did not come back may still write to the memory. */
  get mayStillWrite(): boolean {
    if (!this.#hasLost) return false;
    this.#hasLost = this.#seats.some((seat) => seat.isLost());
    // The late word of a worker that is gone belongs to no job.
    if (!this.#hasLost) this.control.takeFailure();
    return this.#hasLost;
  }

  /**
   * Waits until no worker is at the job. All have at most one item to finish; whoever takes longer than `patienceMs` for
   * it is terminated.
   *
   * @returns what became of those that did not come back; empty when all did
   */
  awaitIdle(patienceMs: number): string {
    let losses = '';
    let waited = 0;
    for (const seat of this.#seats) {
      while (seat.state === WORKING) {
        if (!this.#sleep(seat)) continue;
        // Slices are counted, because the clock goes on while a machine is suspended.
        waited += SLICE_MS;
        const loss = this.#lookAfter(seat, waited, patienceMs);
        if (loss !== '') losses += losses === '' ? loss : `; ${loss}`;
      }
    }
    return losses;
  }

  /** Checks a worker that has been waited for so long; returns what became of it if it is lost by now. */
  #lookAfter(seat: Seat, waited: number, patienceMs: number): string {
    if (seat.isGone()) return seat.lose(ENDED, 'ended in the middle of its work');
    if (waited < patienceMs) return '';
    seat.terminate();
    for (let time = 0; seat.tells && !seat.isGone() && time < TERMINATION_MS; time += SLICE_MS) this.#sleep(seat);
    this.#hasLost = true;
    return seat.lose(seat.isGone() ? ENDED : LOST, `did not finish its item in ${patienceMs / 1000} s`);
  }

  /** @returns whether the worker was at work for a whole slice. */
  #sleep(seat: Seat): boolean {
    if (this.#mayBlock) return Atomics.wait(this.control.words, seat.at, WORKING, SLICE_MS) === 'timed-out';
    // The main thread of a browser may not sleep.
    for (const end = now() + SLICE_MS; now() < end; ) if (seat.state !== WORKING) return false;
    return true;
  }

  /** Ends all workers, wherever they are; after that none is at work, or else `mayStillWrite` says so. */
  close(): void {
    if (this.#isClosed) return;
    this.#tookPart = this.takingPart;
    this.#isClosed = true;
    Atomics.store(this.control.words, CLOSING, 1);
    this.control.endJob();
    Atomics.add(this.control.words, GENERATION, 1);
    Atomics.notify(this.control.words, GENERATION);
    for (const seat of this.#seats) seat.close();
    // Workers may still be at a call that was cut off by the time limit of a vm.
    this.awaitIdle(0);
  }
}

/** Whether this thread may sleep in Atomics.wait. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
