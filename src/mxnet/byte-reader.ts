/** Little-endian numbers of a file one after the other, each only if the file still has it. */
import { decodeUtf8 } from '../check/utf8.ts';
import { NnpackError } from '../errors.ts';

export class ByteReader {
  readonly #who: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #place: { at: number };

  constructor(who: string, bytes: Uint8Array, place = { at: 0 }) {
    this.#who = who;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#place = place;
  }

  /** The same reader at the same place, by another name in errors. */
  as(who: string): ByteReader {
    return new ByteReader(who, this.#bytes, this.#place);
  }

  get at(): number {
    return this.#place.at;
  }

  get left(): number {
    return this.#bytes.length - this.#place.at;
  }

  int32(what: string): number {
    return this.#view.getInt32(this.skip(4, what), true);
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }

  /** Exact up to 2⁵³; whoever asks has a bound far below. */
  uint64(what: string): number {
    return Number(this.#view.getBigUint64(this.skip(8, what), true));
  }

  /** Exact up to ±2⁵³. */
  int64(what: string): number {
    return Number(this.#view.getBigInt64(this.skip(8, what), true));
  }

  text(length: number, what: string): string {
    const start = this.skip(length, what);
    return decodeUtf8(this.#bytes.subarray(start, start + length)) ?? this.fail(`${what} is no UTF-8`);
  }

  /** Passes over so many bytes, and gives the place of the first. */
  skip(count: number, what: string): number {
    const start = this.#place.at;
    if (!(count <= this.left)) this.fail(`ends in ${what}: ${this.left} bytes are left, expected ${count}`);
    this.#place.at = start + count;
    return start;
  }

  fail(text: string): never {
    throw new NnpackError('invalid-model', `${this.#who}: ${text}`);
  }

  unsupported(text: string): never {
    throw new NnpackError('unsupported-layer', `${this.#who}: ${text}`);
  }
}
