/**
 * Bytes as the WebAssembly binary format writes them: integers in LEB128 (seven bits a byte, lowest first, the top bit
 * says that more follow), floats in IEEE 754 little-endian, text in UTF-8, and a length before whatever has one.
 */

/** Names as bytes, because the same come again and again: most functions have a `k`, a `scratch`. */
const texts = new Map<string, Uint8Array>();

/** Text in UTF-8; half a surrogate pair is U+FFFD. Engines other than browsers and Node may lack TextEncoder. */
export function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else {
      const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      // The first byte has as many ones at its top as there are bytes.
      bytes.push(((0xff << (7 - more)) & 0xff) | (code >> (6 * more)));
      for (let i = more - 1; i >= 0; i--) bytes.push(0x80 | ((code >> (6 * i)) & 0x3f));
    }
  }
  return Uint8Array.from(bytes);
}

export class ByteWriter {
  private bytes = new Uint8Array(1024);
  private length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array | readonly number[]): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Unsigned LEB128 of 0 … 2³² − 1. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of −2³¹ … 2³¹ − 1: ends when the rest is all copies of the sign bit just written. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  f32(value: number): void {
    this.raw(floatBytes(value, 4));
  }

  f64(value: number): void {
    this.raw(floatBytes(value, 8));
  }

  /** Text, with its length in bytes before it. */
  text(value: string): void {
    const bytes = texts.get(value) ?? utf8(value);
    texts.set(value, bytes);
    this.sized(bytes);
  }

  /** Bytes, with their number before them. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** A list: its length, then each item by `write`. */
  list<T>(items: readonly T[], write: (item: T, index: number) => void): void {
    this.u32(items.length);
    items.forEach(write);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = { 4: new Uint8Array(scratch.buffer, 0, 4), 8: new Uint8Array(scratch.buffer, 0, 8) };

/**
 * IEEE 754, little-endian, until the next call. Which of the many NaNs JavaScript stores is left to it: here the
 * canonical one, so that the bytes are the same on every machine.
 */
export function floatBytes(value: number, size: 4 | 8): Uint8Array {
  if (size === 4) {
    if (Number.isNaN(value)) scratch.setUint32(0, 0x7fc00000, true);
    else scratch.setFloat32(0, value, true);
  } else {
    if (Number.isNaN(value)) scratch.setBigUint64(0, 0x7ff8000000000000n, true);
    else scratch.setFloat64(0, value, true);
  }
  return scratchBytes[size];
}
