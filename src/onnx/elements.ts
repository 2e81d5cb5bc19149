/** The elements of a tensor that a file spells out in a field of their type, rather than as the bytes of an array. */
import { allocated } from '../check/memory.ts';
import type { Place } from './place.ts';
import { type Cursor, FIXED32, FIXED64, VARINT } from './wire.ts';

/** What the fields of elements are read into. */
export type Elements = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;

/** How the elements of a field are written, and what holds them. */
export interface ElementKind<Data extends Elements> {
  readonly wire: number;
  /** Of one that is packed; varints have as many as they take. */
  readonly bytes: number | null;
  make(count: number): Data;
  read(into: Data, i: number, cursor: Cursor, place: Place): void;
}

const FLOAT: ElementKind<Float32Array> = {
  wire: FIXED32,
  bytes: 4,
  make: (count) => new Float32Array(count),
  read: (into, i, cursor, place) => {
    into[i] = cursor.float(place);
  },
};

const DOUBLE: ElementKind<Float64Array> = {
  wire: FIXED64,
  bytes: 8,
  make: (count) => new Float64Array(count),
  read: (into, i, cursor, place) => {
    into[i] = cursor.double(place);
  },
};

const INT32: ElementKind<Int32Array> = {
  wire: VARINT,
  bytes: null,
  make: (count) => new Int32Array(count),
  read: (into, i, cursor, place) => {
    into[i] = cursor.int32(place);
  },
};

const INT64: ElementKind<BigInt64Array> = {
  wire: VARINT,
  bytes: null,
  make: (count) => new BigInt64Array(count),
  read: (into, i, cursor, place) => {
    into[i] = cursor.int64(place);
  },
};

const UINT64: ElementKind<BigUint64Array> = {
  wire: VARINT,
  bytes: null,
  make: (count) => new BigUint64Array(count),
  read: (into, i, cursor, place) => {
    into[i] = cursor.uint64(place);
  },
};

/** The kinds of the fields by the names of what holds them. */
export const ELEMENT_KINDS = { FLOAT, DOUBLE, INT32, INT64, UINT64 } as const;

/** How many elements have room made for them by the first, where each has a tag of its own. */
const FIRST_ROOM = 8;

/** The elements read so far: packed ones have room made for all at once, others for twice as many when it is full. */
export class ElementList<Data extends Elements> {
  readonly #kind: ElementKind<Data>;
  #data: Data;
  #length = 0;

  constructor(kind: ElementKind<Data>) {
    this.#kind = kind;
    this.#data = kind.make(0);
  }

  /** Makes room for what is left of packed ones. */
  expectRun(cursor: Cursor, place: Place): void {
    const { bytes } = this.#kind;
    this.#grow(this.#length + (bytes === null ? cursor.countVarints() : Math.ceil(cursor.left / bytes)), cursor, place);
  }

  push(cursor: Cursor, place: Place): void {
    if (this.#length === this.#data.length) this.#grow(Math.max(FIRST_ROOM, this.#length + 1), cursor, place);
    this.#kind.read(this.#data, this.#length, cursor, place);
    this.#length++;
  }

  get length(): number {
    return this.#length;
  }

  finish(): Data {
    return this.#data.subarray(0, this.#length) as Data;
  }

  #grow(least: number, cursor: Cursor, place: Place): void {
    if (least <= this.#data.length) return;
    // not all is copied again for each of many runs of few elements
    const room = Math.max(least, 2 * this.#data.length);
    cursor.spend((room - this.#data.length) * this.#data.BYTES_PER_ELEMENT, place);
    const grown = allocated(`${place}`, `${room} elements`, () => this.#kind.make(room));
    // one kind of array on both sides
    (grown as Float32Array).set(this.#data as Float32Array);
    this.#data = grown;
  }
}
