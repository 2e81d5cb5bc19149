import {
  Control,
  ENDED,
  GIVEN_UP,
  IDLE,
  LOST,
  REFUSED,
  SETUP,
  STARTED,
  STARTING,
  WORKING,
  type WorkerSetup,
  wordOf,
} from './control.ts';
import { causeOf, spawnWorker, type WorkerFactory, type WorkerHandle, workerScript } from './spawn.ts';

/** One worker and its seat among the control words, which holds its state for both sides. */
export class Seat {
  /** Where its state is among the control words. */
  readonly at: number;
  /** Resolves when it is ready, has been given up or has ended, whichever state it was in. */
  readonly started: Promise<void>;
  readonly #indexAt: number;
  readonly #words: Int32Array;
  readonly #script: URL;
  /** Undefined while the worker is being made, when it may already say something. */
  readonly #worker: WorkerHandle | undefined;
  readonly #failed: (why: string) => void;
  #settle: () => void = () => {};
  #loss = '';
  #isReady = false;
  #isTerminated = false;
  #isClosed = false;

  /**
   * @param failed is told why, when the worker is given up
   * @throws what the factory or the worker throws
   */
  constructor(
    control: Control,
    number: number,
    setup: Pick<WorkerSetup, 'memory' | 'kernels' | 'simd'>,
    failed: (why: string) => void,
    factory?: WorkerFactory,
  ) {
    this.at = Control.seat(number);
    this.#indexAt = control.indexAt(this.at);
    this.#words = control.words;
    this.#failed = failed;
    this.started = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const own = { word: SETUP, control: control.buffer, seat: this.at, ...setup } as const;
    const events = { message: (message: unknown) => this.#hear(message), end: (why: string) => this.#end(why) };
    this.#script = workerScript();
    this.#worker = spawnWorker(this.#script, own, events, factory);
    if (this.#isTerminated) this.#worker.terminate();
  }

  get state(): number {
    return Atomics.load(this.#words, this.at);
  }

  /** Whether it can be known that its thread has ended. */
  get tells(): boolean {
    return this.#worker?.tells ?? false;
  }

  isGone(): boolean {
    return this.#worker?.isGone() ?? false;
  }

  /** What became of a worker that was ready once and is not one of the threads any more; empty while it is one. */
  get loss(): string {
    if (this.#loss !== '') return this.#loss;
    return this.state === ENDED && !this.#isClosed ? `${this.#name} ended in the middle of its work` : '';
  }

  /** A worker that ended as soon as it was idle may have no index. */
  get #name(): string {
    const index = this.#words[this.#indexAt];
    return index === 0 ? 'a worker' : `worker ${index}`;
  }

  /** Whether it did not come back, and is not known to be gone by now. */
  isLost(): boolean {
    if (this.state === LOST && this.isGone()) this.#change(LOST, ENDED);
    return this.state === LOST;
  }

  /** Ends a worker that is still starting; one that is ready by now stays. Nobody waits for either after that. */
  giveUp(why: string): void {
    if (this.#change(STARTING, GIVEN_UP)) {
      this.#failed(`${this.#script.href}: ${why}`);
      this.terminate();
    } else this.#worker?.unref();
    this.#settle();
  }

  /** Takes a worker that is ready out of the threads, and says what became of it; empty if it came back meanwhile. */
  lose(state: typeof ENDED | typeof LOST, what: string): string {
    const isAtWork = this.#change(WORKING, state);
    if (!isAtWork && !this.#change(IDLE, ENDED)) return '';
    this.#loss = `${this.#name} ${what}`;
    this.terminate();
    return isAtWork ? this.#loss : '';
  }

  terminate(): void {
    this.#isTerminated = true;
    this.#worker?.terminate();
    this.#settle();
  }

  /** Ends it, because its pool is closed. */
  close(): void {
    this.#isClosed = true;
    this.#change(STARTING, GIVEN_UP);
    this.terminate();
  }

  #change(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.at, from, to) === from;
  }

  #hear(message: unknown): void {
    const word = wordOf(message);
    if (word === STARTED && this.state !== STARTING) {
      this.#isReady = true;
      this.#worker?.unref();
      this.#settle();
    } else if (word === REFUSED) this.giveUp(causeOf((message as { why?: unknown }).why));
  }

  #end(why: string): void {
    this.giveUp(why);
    if (this.#isClosed) return;
    const what = `ended ${this.#isReady ? 'while it was idle' : 'before it said that it was ready'} (${why})`;
    // In the middle of a job the caller, who waits for the worker, finds it out.
    if (this.state === IDLE) this.lose(ENDED, what);
    else if (this.state === ENDED && !this.#isReady && this.#loss === '') this.#loss = `${this.#name} ${what}`;
  }
}
