/**
 * Messages by tables: a message is read into a draft by its fields' numbers. Fields may come again, as protobuf has it:
 * the last value counts, the parts of a message are those of one message, and a list goes on. So a draft is finished only
 * when the message that it lies in is.
 */
import type { Bytes } from '../check/stored-bytes.ts';
import type { ElementKind, ElementList, Elements } from './elements.ts';
import { invalid, Place } from './place.ts';
import { BYTES, type Cursor, FIXED32, type Int, VARINT } from './wire.ts';

/** Reads the value of a field into a draft of its message. */
export type Field<Draft> = (draft: Draft, cursor: Cursor, wire: number, place: Place) => void;

/** The fields of a message by their numbers. */
export type Fields<Draft> = Readonly<Record<number, Field<Draft>>>;

type Setter<Draft, Value> = (draft: Draft, value: Value, place: Place) => void;

/** What an object, and a number of a list while that grows, take in memory, roughly. */
const OBJECT_BYTES = 320;
const NUMBER_BYTES = 32;

/** Reads what is left of a message. */
export function readMessage<Draft>(cursor: Cursor, fields: Fields<Draft>, draft: Draft, place: Place): Draft {
  while (cursor.left > 0) {
    const tag = cursor.tag(place);
    const field = fields[tag >>> 3];
    if (field === undefined) cursor.skip(tag & 7, place);
    else field(draft, cursor, tag & 7, place);
  }
  return draft;
}

/** A field of one value, or one of a list of values that are no numbers. */
function scalar<Draft, Value>(
  name: string,
  wire: number,
  read: (cursor: Cursor, place: Place) => Value,
  set: Setter<Draft, Value>,
): Field<Draft> {
  return (draft, cursor, found, place) => {
    expectWire(name, found, wire, place);
    set(draft, read(cursor, place), place);
  };
}

export function int<Draft>(name: string, set: Setter<Draft, Int>): Field<Draft> {
  return scalar(name, VARINT, (cursor, place) => cursor.int(place), set);
}

export function int32<Draft>(name: string, set: Setter<Draft, number>): Field<Draft> {
  return scalar(name, VARINT, (cursor, place) => cursor.int32(place), set);
}

export function float<Draft>(name: string, set: Setter<Draft, number>): Field<Draft> {
  return scalar(name, FIXED32, (cursor, place) => cursor.float(place), set);
}

export function text<Draft>(name: string, set: Setter<Draft, string>): Field<Draft> {
  return scalar(name, BYTES, (cursor, place) => cursor.text(place), set);
}

export function bytes<Draft>(name: string, set: Setter<Draft, Bytes>): Field<Draft> {
  return scalar(name, BYTES, (cursor, place) => cursor.bytes(place), set);
}

/** The one message of a field; `open` gives its draft, the same if it comes again. */
export function one<Draft, Inner>(
  name: string,
  fields: () => Fields<Inner>,
  open: (draft: Draft) => Inner,
): Field<Draft> {
  return (draft, cursor, wire, place) => {
    expectWire(name, wire, BYTES, place);
    readInner(cursor, fields(), open(draft), new Place(name, place));
  };
}

/** A list of messages, each finished as it ends. */
export function each<Draft, Inner, Item>(
  name: string,
  fields: () => Fields<Inner>,
  make: () => Inner,
  finish: (inner: Inner, place: Place) => Item,
  list: (draft: Draft) => Item[],
): Field<Draft> {
  return (draft, cursor, wire, place) => {
    expectWire(name, wire, BYTES, place);
    const items = list(draft);
    const inner = new Place(name, place, items.length);
    items.push(finish(readInner(cursor, fields(), make(), inner), inner));
  };
}

function readInner<Inner>(cursor: Cursor, fields: Fields<Inner>, draft: Inner, place: Place): Inner {
  cursor.spend(OBJECT_BYTES, place);
  const outer = cursor.enter(cursor.length(place), place);
  readMessage(cursor, fields, draft, place);
  cursor.leave(outer);
  return draft;
}

/** A list of int64, packed or not. */
export function ints<Draft>(name: string, list: (draft: Draft) => Int[]): Field<Draft> {
  return repeated(name, VARINT, list, pushInt);
}

function pushInt(list: Int[], cursor: Cursor, place: Place): void {
  cursor.spend(NUMBER_BYTES, place);
  list.push(cursor.int(place));
}

/** A list of floats, packed or not. */
export function floats<Draft>(name: string, list: (draft: Draft) => number[]): Field<Draft> {
  return repeated(name, FIXED32, list, pushFloat);
}

function pushFloat(list: number[], cursor: Cursor, place: Place): void {
  cursor.spend(NUMBER_BYTES, place);
  list.push(cursor.float(place));
}

/** A list of a tensor's elements, packed or not. */
export function elements<Draft, Data extends Elements>(
  name: string,
  { wire }: ElementKind<Data>,
  list: (draft: Draft) => ElementList<Data>,
): Field<Draft> {
  return repeated(name, wire, list, pushElement, (run, cursor, place) => run.expectRun(cursor, place));
}

function pushElement(list: ElementList<Elements>, cursor: Cursor, place: Place): void {
  list.push(cursor, place);
}

function repeated<Draft, List>(
  name: string,
  wire: number,
  list: (draft: Draft) => List,
  push: (list: List, cursor: Cursor, place: Place) => void,
  begin?: (list: List, cursor: Cursor, place: Place) => void,
): Field<Draft> {
  return (draft, cursor, found, place) => {
    const into = list(draft);
    if (found !== BYTES) {
      expectWire(name, found, wire, place);
      return push(into, cursor, place);
    }
    const outer = cursor.enter(cursor.length(place), place);
    begin?.(into, cursor, place);
    while (cursor.left > 0) push(into, cursor, place);
    cursor.leave(outer);
  };
}

function expectWire(name: string, found: number, expected: number, place: Place): void {
  if (found !== expected) throw invalid(place, `${name} has wire type ${found}, expected ${expected}`);
}
