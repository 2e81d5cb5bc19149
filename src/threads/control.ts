import type { SimdSetup } from '../kernels/simd/exports.ts';
import type { SharedBytes } from '../tensor/bytes.ts';
import type { Parameters, Step } from './step.ts';
import { MAX_FIELDS } from './step.ts';

/**
 * The words through which a pool and its workers agree, in a small buffer of their own.
 *
 * A job is open while NEXT is negative: a thread claims an item by adding one to it. Each worker has a seat, a word
 * that holds its state. A worker goes from IDLE to WORKING before it claims, and only while a job is open, so the
 * caller never waits for a worker that is still starting, or has died idle. The caller changes nothing of a job until
 * no seat is WORKING. Workers sleep on GENERATION, the caller on the seat of a worker that it waits for.
 *
 * When the caller waits, no item is left to claim, so that each worker has at most one to finish. So a seat needs no
 * heartbeat: nothing could beat in the middle of an item.
 */
export const GENERATION = 0;
export const NEXT = 1;
export const ITEMS = 2;
export const RANGE_I = 3;
export const RANGE_J = 4;
export const TILE_I = 5;
export const TILE_J = 6;
export const NAME_LENGTH = 7;
export const FAILED = 8;
export const ERROR_LENGTH = 9;
export const CLOSING = 10;
export const MEMORY_PAGES = 11;
export const READY = 12;
/** Seats follow at once: a job and the first seats share one cache line, which is what a short job costs. */
const FIRST_SEAT = 13;

/** The states of a worker. Whoever changes one compares first, because worker and caller may both want to. */
export const STARTING = 0;
export const IDLE = 1;
export const WORKING = 2;
/** It runs no step any more, and never will again. */
export const ENDED = 3;
/** It was not ready in time: it never becomes one of the threads, and has no index. */
export const GIVEN_UP = 4;
/** It did not come back from an item, and it is not known whether it still writes to the memory. */
export const LOST = 5;

const NAME_BYTES = 64;
const ERROR_LETTERS = 1024;
const NAME_AT = MAX_FIELDS * 8;
const ERROR_AT = NAME_AT + NAME_BYTES;
const WORDS_AT = ERROR_AT + ERROR_LETTERS * 2;

/** The words of the messages between pool and worker; all other messages that a worker sends or gets are ignored. */
export const SETUP = 'nnpack-ts: setup';
export const STARTED = 'nnpack-ts: started';
export const REFUSED = 'nnpack-ts: refused';

/** What a worker is told when it starts. */
export interface WorkerSetup {
  readonly word: typeof SETUP;
  readonly control: SharedArrayBuffer;
  /** Where its seat is among the control words. */
  readonly seat: number;
  readonly memory: SharedBytes;
  readonly kernels: string;
  /** What emitted kernels need, with this worker's own scratch; null for tables that are not emitted. */
  readonly simd: SimdSetup | null;
}

/** What a worker says: that it is ready, or why it cannot be. */
export type WorkerMessage = { readonly word: typeof STARTED } | { readonly word: typeof REFUSED; readonly why: string };

/** The word of a message; undefined if the message is not ours. */
export function wordOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'word' in message ? message.word : undefined;
}

export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly #fields: Float64Array;
  readonly #name: Uint8Array;
  readonly #error: Uint16Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, WORDS_AT);
    this.#fields = new Float64Array(buffer, 0, MAX_FIELDS);
    this.#name = new Uint8Array(buffer, NAME_AT, NAME_BYTES);
    this.#error = new Uint16Array(buffer, ERROR_AT, ERROR_LETTERS);
  }

  /** New words for so many workers. */
  static for(workers: number): Control {
    return new Control(new SharedArrayBuffer(WORDS_AT + (FIRST_SEAT + 2 * workers) * 4));
  }

  /** Where the seat of a worker is among the words. */
  static seat(worker: number): number {
    return FIRST_SEAT + worker;
  }

  /** Where the index of the thread of a seat is. */
  indexAt(seat: number): number {
    return seat + (this.words.length - FIRST_SEAT) / 2;
  }

  /** Writes which step a job runs and with what numbers; a step's name is ASCII. */
  writeJob<P extends Parameters>(step: Step<P>, parameters: P): void {
    for (let i = 0; i < step.name.length; i++) this.#name[i] = step.name.charCodeAt(i);
    this.words[NAME_LENGTH] = step.name.length;
    for (let i = 0; i < step.fields.length; i++) this.#fields[i] = parameters[step.fields[i]];
  }

  readName(): string {
    return String.fromCharCode(...this.#name.subarray(0, this.words[NAME_LENGTH]));
  }

  readParameters(fields: readonly string[]): Parameters {
    const parameters: Parameters = {};
    for (let i = 0; i < fields.length; i++) parameters[fields[i]] = this.#fields[i];
    // V8 makes a hash table of an object that grows by computed names, and a record again of its copy: steps read it often.
    return { ...parameters };
  }

  /** Lets no thread claim another item. */
  endJob(): void {
    Atomics.store(this.words, NEXT, 0);
  }

  /** Keeps the text of a job's first failure, and ends the job. */
  fail(text: string): void {
    if (Atomics.compareExchange(this.words, FAILED, 0, 1) === 0) {
      const length = Math.min(text.length, ERROR_LETTERS);
      for (let i = 0; i < length; i++) this.#error[i] = text.charCodeAt(i);
      this.words[ERROR_LENGTH] = length;
    }
    this.endJob();
  }

  /** The text of the failure of the job that has just ended, or null; and forgets it. */
  takeFailure(): string | null {
    if (Atomics.load(this.words, FAILED) === 0) return null;
    const text = String.fromCharCode(...this.#error.subarray(0, this.words[ERROR_LENGTH]));
    this.words[ERROR_LENGTH] = 0;
    Atomics.store(this.words, FAILED, 0);
    return text;
  }
}
