import type { Parameters, Step } from './step.ts';
import { MAX_FIELDS } from './step.ts';

/**
 * The words through which a pool and its workers agree, in a small buffer of their own.
 *
 * A job is open while NEXT is negative: a thread claims an item by adding one to it. A worker registers in ACTIVE before
 * it claims, and only while a job is open, so a worker that is still starting, or has died idle, is never waited for. The
 * caller changes nothing of a job until every registered worker has left. Workers sleep on GENERATION, the caller on
 * ACTIVE.
 */
export const GENERATION = 0;
export const NEXT = 1;
export const ITEMS = 2;
export const ACTIVE = 3;
export const RANGE_I = 4;
export const RANGE_J = 5;
export const TILE_I = 6;
export const TILE_J = 7;
export const NAME_LENGTH = 8;
export const FAILED = 9;
export const ERROR_LENGTH = 10;
export const CLOSING = 11;
export const MEMORY_PAGES = 12;
export const READY = 13;
export const PROGRESS = 14;
const WORDS = 16;

const NAME_BYTES = 64;
const ERROR_BYTES = 1024;
const FIELDS_AT = WORDS * 4;
const NAME_AT = FIELDS_AT + MAX_FIELDS * 8;
const ERROR_AT = NAME_AT + NAME_BYTES;

export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly #fields: Float64Array;
  readonly #name: Uint8Array;
  readonly #error: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(ERROR_AT + ERROR_BYTES)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.#fields = new Float64Array(buffer, FIELDS_AT, MAX_FIELDS);
    this.#name = new Uint8Array(buffer, NAME_AT, NAME_BYTES);
    this.#error = new Uint8Array(buffer, ERROR_AT, ERROR_BYTES);
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
    return parameters;
  }

  /** Keeps the text of a job's first failure, and lets no thread claim another item of it. */
  fail(text: string): void {
    if (Atomics.compareExchange(this.words, FAILED, 0, 1) === 0) {
      // Not TextEncoder.encodeInto, which refuses shared memory in some browsers.
      const bytes = new TextEncoder().encode(text).subarray(0, ERROR_BYTES);
      this.#error.set(bytes);
      this.words[ERROR_LENGTH] = bytes.length;
    }
    Atomics.store(this.words, NEXT, 0);
  }

  /** The text of the failure of the job that has just ended, or null; and forgets it. */
  takeFailure(): string | null {
    if (Atomics.load(this.words, FAILED) === 0) return null;
    const text = new TextDecoder().decode(this.#error.slice(0, this.words[ERROR_LENGTH]));
    Atomics.store(this.words, FAILED, 0);
    return text;
  }
}
