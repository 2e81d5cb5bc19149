/**
 * The wire format of protocol buffers, in which ONNX files are written. A message is a run of fields, each a tag and a
 * value; the tag is a varint, 8 · field number + wire type:
 *
 *     0  varint: 7 bits a byte, the lowest first, the top bit set on all bytes but the last; negative numbers as 2⁶⁴ − |x|
 *     1  8 bytes, little-endian
 *     2  a varint of how many bytes follow: texts, bytes, messages, and packed numbers
 *     5  4 bytes, little-endian
 *
 * 3 and 4 began and ended groups, and ONNX has none. Numbers that a field repeats are packed into one value or each
 * have a tag, whatever the schema says. Unknown fields are passed over, so that newer files can be read.
 *
 * No length is believed: each is held against what is left, and what is made of a file against what the file has.
 *
 * Source: protobuf.dev/programming-guides/encoding.
 */
import { type Bytes, ByteWindow, isStoredBytes, LEAST_STORED } from '../check/stored-bytes.ts';
import { decodeUtf8 } from '../check/utf8.ts';
import { NnpackError } from '../errors.ts';
import { invalid, type Place } from './place.ts';

/** An integer of 64 bits: a number where that is exact, else a bigint. */
export type Int = number | bigint;

/** The wire types. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** How many messages may lie in each other: what protobuf's own readers allow. */
const DEEPEST = 100;
/** What is made of a file of n bytes takes about 2²⁸ + 8 n at most. Packed int64 of a byte each take the eight. */
const LEAST_ALLOWANCE = 2 ** 28;
const ALLOWANCE_PER_BYTE = 8;
/** What a text takes in memory beside its letters, roughly. */
const TEXT_BYTES = 32;
/** Longer texts are decoded as a whole, a call of which takes longer than a few letters; chains of more take more memory. */
const SHORT_TEXT = 12;

/** The bytes of the longest varint. */
const MOST_VARINT = 10;
/** Bytes that are looked at together. */
const MOST_COUNTED = 2 ** 16;

const WORD = 4;
/** A length from here on takes three bytes, and its tag one. */
const LONG_BYTES = 2 ** 14;

/** Reads a file from the front; where it is in a message, nothing beyond the end of that can be read. */
export class Cursor {
  readonly #window: ByteWindow;
  readonly #mayMove: boolean;
  #at = 0;
  #end: number;
  #depth = 0;
  #allowance: number;
  /** The last varint's 64 bits, 32 and 32, unsigned. */
  #low = 0;
  #high = 0;

  /** @param mayMove whether bytes that have been read may be written over */
  constructor(bytes: Bytes, mayMove = false) {
    this.#window = new ByteWindow(bytes);
    this.#mayMove = mayMove && !isStoredBytes(bytes);
    this.#end = bytes.length;
    this.#allowance = LEAST_ALLOWANCE + ALLOWANCE_PER_BYTE * bytes.length;
  }

  /** The bytes left of the message. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Counts what is about to be made of the file, in bytes or nearly so. */
  spend(bytes: number, place: Place): void {
    this.#allowance -= bytes;
    if (this.#allowance >= 0) return;
    const most = LEAST_ALLOWANCE + ALLOWANCE_PER_BYTE * this.#window.length;
    const text = `the file takes more than ${most} bytes of memory from here on, expected less of ${this.#window.length}`;
    throw new NnpackError('out-of-memory', `${place}: ${text} bytes`);
  }

  /** The tag of the next field: its number is tag >>> 3, its wire type tag & 7. */
  tag(place: Place): number {
    this.#varint(place);
    const tag = this.#low;
    if (this.#high !== 0 || tag < 8) throw invalid(place, 'a field has no number from 1 to 2²⁹ − 1');
    return tag;
  }

  /** An int64. */
  int(place: Place): Int {
    this.#varint(place);
    const high = this.#high | 0;
    const value = high * 2 ** 32 + this.#low;
    return Number.isSafeInteger(value) ? value : this.#wide();
  }

  int64(place: Place): bigint {
    this.#varint(place);
    return this.#high === 0 ? BigInt(this.#low) : this.#wide();
  }

  uint64(place: Place): bigint {
    return BigInt.asUintN(64, this.int64(place));
  }

  /** An int32 or an enum: the lowest 32 bits of longer numbers, as protobuf has it. */
  int32(place: Place): number {
    this.#varint(place);
    return this.#low | 0;
  }

  float(place: Place): number {
    const at = this.#window.place(this.#take(4, place), 4);
    return this.#window.view.getFloat32(at, true);
  }

  double(place: Place): number {
    const at = this.#window.place(this.#take(8, place), 8);
    return this.#window.view.getFloat64(at, true);
  }

  /** Where the bytes of a field lie in the file: no copy. Of a file on disk, many stay there. */
  bytes(place: Place): Bytes {
    const length = this.length(place);
    const start = this.#take(length, place);
    const stored = length >= LEAST_STORED ? this.#window.stored(start, length) : null;
    if (stored !== null) return stored;
    const bytes = this.#window.take(start, length);
    return this.#mayMove && length >= LONG_BYTES ? this.#aligned(bytes) : bytes;
  }

  /**
   * The bytes moved to the start of a word, so that an array of floats can lie on them: over those of their own tag and
   * length, which have been read and take at least as many as they are moved by. A copy would lie in memory that the process
   * has not had before, which takes longer, and twice as much.
   */
  #aligned(bytes: Uint8Array): Uint8Array {
    const { bytes: all } = this.#window;
    const start = bytes.byteOffset - all.byteOffset;
    const to = start - (bytes.byteOffset % WORD);
    all.copyWithin(to, start, start + bytes.length);
    return all.subarray(to, to + bytes.length);
  }

  /** A text, which must be UTF-8. */
  text(place: Place): string {
    const length = this.length(place);
    this.spend(TEXT_BYTES + length, place);
    const start = this.#take(length, place);
    if (length <= SHORT_TEXT) {
      const letters = this.#asciiLetters(start, length);
      if (letters !== null) return letters;
    }
    const index = this.#window.place(start, length);
    const text = decodeUtf8(this.#window.bytes.subarray(index, index + length));
    if (text === null) throw invalid(place, `a text of ${length} bytes is no UTF-8`);
    return text;
  }

  /** How many bytes follow. */
  length(place: Place): number {
    this.#varint(place);
    const length = this.#high * 2 ** 32 + this.#low;
    this.#expect(length, place);
    return length;
  }

  /** How many varints are left of packed ones. */
  countVarints(): number {
    let count = 0;
    for (let first = this.#at; first < this.#end; first += MOST_COUNTED) {
      const length = Math.min(MOST_COUNTED, this.#end - first);
      const start = this.#window.place(first, length);
      const { bytes } = this.#window;
      for (let at = start; at < start + length; at++) count += (bytes[at] >>> 7) ^ 1;
    }
    return count;
  }

  /** Goes into so many bytes, as if nothing followed; gives what `leave` needs. */
  enter(length: number, place: Place): number {
    if (++this.#depth > DEEPEST) throw invalid(place, `lies more than ${DEEPEST} messages deep`);
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#depth--;
    this.#end = outer;
  }

  /** Passes over the value of a field. */
  skip(wire: number, place: Place): void {
    if (wire === VARINT) this.#varint(place);
    else if (wire === FIXED64) this.#take(8, place);
    else if (wire === FIXED32) this.#take(4, place);
    else if (wire === BYTES) this.#take(this.length(place), place);
    else throw invalid(place, `a field has wire type ${wire}, expected ${VARINT}, ${FIXED64}, ${BYTES} or ${FIXED32}`);
  }

  /** The letters, or null where one has more bytes. */
  #asciiLetters(start: number, length: number): string | null {
    let letters = '';
    const first = this.#window.place(start, length);
    for (let at = first; at < first + length; at++) {
      const byte = this.#window.bytes[at];
      if (byte >= 0x80) return null;
      letters += String.fromCharCode(byte);
    }
    return letters;
  }

  #take(length: number, place: Place): number {
    this.#expect(length, place);
    const start = this.#at;
    this.#at += length;
    return start;
  }

  #expect(length: number, place: Place): void {
    if (length <= this.left) return;
    throw invalid(place, `a field takes ${length} bytes, expected at most ${this.left} (what is left)`);
  }

  #wide(): bigint {
    return BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low));
  }

  #varint(place: Place): void {
    let low = 0;
    let high = 0;
    const first = this.#window.place(this.#at, Math.min(MOST_VARINT, this.left));
    const { bytes } = this.#window;
    for (let i = 0; i < MOST_VARINT; i++) {
      if (this.#at === this.#end) throw invalid(place, 'ends within a number');
      const byte = bytes[first + i];
      this.#at++;
      const bits = byte & 0x7f;
      if (i < 5) low |= bits << (7 * i);
      // the fifth byte has 4 bits of the lower half and 3 of the upper
      if (i === 4) high = bits >>> 4;
      if (i > 4) high |= bits << (7 * i - 32);
      if (byte >= 0x80) continue;
      // nine bytes have 63 bits
      if (i === 9 && bits > 1) break;
      this.#low = low >>> 0;
      this.#high = high >>> 0;
      return;
    }
    throw invalid(place, 'a number has more than 64 bits');
  }
}
