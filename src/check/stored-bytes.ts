/** Bytes that lie in files and are read when they are needed, beside those that are in memory. */
import { isUint8Array } from './arrays.ts';
import { allocated } from './memory.ts';

/** Bytes that are read when they are needed. */
export interface StoredBytes {
  readonly length: number;
  /** Fills `into` with the bytes from `first` on, of which there are as many. */
  readInto(into: Uint8Array, first: number): void;
}

export type Bytes = Uint8Array | StoredBytes;

export function isStoredBytes(bytes: Bytes): bytes is StoredBytes {
  return !ArrayBuffer.isView(bytes);
}

const known = new WeakSet<object>();

/** So many bytes, which `readInto` reads. */
export function storedBytes(length: number, readInto: StoredBytes['readInto']): StoredBytes {
  const bytes = { length, readInto };
  known.add(bytes);
  return bytes;
}

/** Whether a value, whoever gave it, is bytes of either kind: stored ones are ours alone. */
export function isBytes(value: unknown): value is Bytes {
  return isUint8Array(value) || known.has(value as object);
}

/** Bytes `first` … `first + length − 1`, of which there are as many. */
export function partOf(bytes: StoredBytes, first: number, length: number): StoredBytes {
  return storedBytes(length, (into, at) => bytes.readInto(into, first + at));
}

/** Several runs of bytes as one. */
export function joined(parts: readonly Bytes[]): StoredBytes {
  const ends: number[] = [];
  const length = parts.reduce((sum, part, i) => (ends[i] = sum + part.length), 0);
  return storedBytes(length, (into, first) => {
    let i = ends.findIndex((end) => end > first);
    for (let at = 0; at < into.length; i++) {
      const start = first + at - (ends[i] - parts[i].length);
      const part = into.subarray(at, at + Math.min(into.length - at, parts[i].length - start));
      copyBytes(parts[i], start, part);
      at += part.length;
    }
  });
}

/** Fills `into` with the bytes from `first` on. */
export function copyBytes(bytes: Bytes, first: number, into: Uint8Array): void {
  if (isStoredBytes(bytes)) bytes.readInto(into, first);
  else into.set(bytes.subarray(first, first + into.length));
}

/** All of the bytes in memory: where they are, or read. */
export function inMemory(who: string, bytes: Bytes): Uint8Array {
  if (!isStoredBytes(bytes)) return bytes;
  const whole = allocated(who, `${bytes.length} bytes`, () => new Uint8Array(bytes.length));
  bytes.readInto(whole, 0);
  return whole;
}

/** Whether numbers in memory lie as they do in files. */
export const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Numbers that stay in their file take at least so many bytes: others are read at once. */
export const LEAST_STORED = 2 ** 16;

/** Larger files are read piece by piece. */
export const LARGE_FILE = 2 ** 26;

/** One for all: what is read is copied before anything else is. */
let floats = new Float32Array(2 ** 18);

/** Reads bytes as numbers of single precision, little-endian; what it gives holds until the next of these reads. */
export function floatReader(bytes: StoredBytes): (first: number, count: number) => Float32Array {
  return (first, count) => {
    if (count > floats.length) floats = allocated('stored numbers', `${count} numbers`, () => new Float32Array(count));
    const piece = floats.subarray(0, count);
    bytes.readInto(new Uint8Array(piece.buffer, 0, 4 * count), 4 * first);
    return piece;
  };
}

const WINDOW = 2 ** 16;

/** Bytes where a reader wants them: all of those in memory, of those in a file a window that moves along. */
export class ByteWindow {
  readonly length: number;
  bytes: Uint8Array;
  view: DataView;
  readonly #stored: StoredBytes | null;
  /** Where the window begins. */
  #start = 0;

  constructor(bytes: Bytes) {
    this.length = bytes.length;
    this.#stored = isStoredBytes(bytes) ? bytes : null;
    this.bytes = isStoredBytes(bytes) ? new Uint8Array(0) : bytes;
    this.view = viewOf(this.bytes);
  }

  /** The index in `bytes` of the byte at `at`, from which on there are so many. */
  place(at: number, count: number): number {
    const index = at - this.#start;
    if (this.#stored === null || (index >= 0 && index + count <= this.bytes.length)) return index;
    const length = Math.min(Math.max(count, WINDOW), this.length - at);
    // What the last window was is no longer read.
    const own =
      this.bytes.length === length ? this.bytes : allocated('a file', `${length} bytes`, () => new Uint8Array(length));
    this.#stored.readInto(own, at);
    this.bytes = own;
    this.view = viewOf(own);
    this.#start = at;
    return 0;
  }

  /** So many bytes in memory that stay as they are. */
  take(at: number, count: number): Uint8Array {
    const index = this.place(at, count);
    const bytes = this.bytes.subarray(index, index + count);
    return this.#stored === null ? bytes : bytes.slice();
  }

  /** The same, where they lie; null for bytes in memory. */
  stored(at: number, count: number): StoredBytes | null {
    return this.#stored === null ? null : partOf(this.#stored, at, count);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
