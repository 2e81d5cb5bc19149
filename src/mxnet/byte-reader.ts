/** Little-endian numbers of a file one after the other, each only if the file still has it. */
import { type Bytes, ByteWindow } from '../check/stored-bytes.ts';
import { decodeUtf8 } from '../check/utf8.ts';
import { NnpackError } from '../errors.ts';

export class ByteReader {
  readonly #who: string;
  readonly #window: ByteWindow;
  readonly #place: { at: number };

  constructor(who: string, bytes: Bytes | ByteWindow, place = { at: 0 }) {
    this.#who = who;
    this.#window = bytes instanceof ByteWindow ? bytes : new ByteWindow(bytes);
    this.#place = place;
  }

  /** The same reader at the same place, by another name in errors. */
  as(who: string): ByteReader {
    return new ByteReader(who, this.#window, this.#place);
  }

  get at(): number {
    return this.#place.at;
  }

  get left(): number {
    return this.#window.length - this.#place.at;
  }

  int32(what: string): number {
    const at = this.#index(4, what);
    return this.#window.view.getInt32(at, true);
  }

  uint32(what: string): number {
    const at = this.#index(4, what);
    return this.#window.view.getUint32(at, true);
  }

  /** Exact up to 2⁵³; whoever asks has a bound far below. */
  uint64(what: string): number {
    const at = this.#index(8, what);
    return Number(this.#window.view.getBigUint64(at, true));
  }

  /** Exact up to ±2⁵³. */
  int64(what: string): number {
    const at = this.#index(8, what);
    return Number(this.#window.view.getBigInt64(at, true));
  }

  text(length: number, what: string): string {
    const start = this.#index(length, what);
    return decodeUtf8(this.#window.bytes.subarray(start, start + length)) ?? this.fail(`${what} is no UTF-8`);
  }

  /** Passes over so many bytes, and gives the place of the first. */
  skip(count: number, what: string): number {
    const start = this.#place.at;
    if (!(count <= this.left)) this.fail(`ends in ${what}: ${this.left} bytes are left, expected ${count}`);
    this.#place.at = start + count;
    return start;
  }

  /** Passes over so many bytes, and gives the index of the first in the window. */
  #index(count: number, what: string): number {
    return this.#window.place(this.skip(count, what), count);
  }

  fail(text: string): never {
    throw new NnpackError('invalid-model', `${this.#who}: ${text}`);
  }

  unsupported(text: string): never {
    throw new NnpackError('unsupported-layer', `${this.#who}: ${text}`);
  }
}
