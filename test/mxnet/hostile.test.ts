/** Good files in which anything was changed: they are read as what they are, or refused, and cost no more than they are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { isArrayOf } from '../../src/graph/values.ts';
import { parseParams } from '../../src/mxnet/params.ts';
import { parseSymbol } from '../../src/mxnet/symbol.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { runs } from '../support/runs.ts';
import { symbolOf } from './symbols.ts';
import { bytesOf, EXAMPLES, FLAGS, type Form, join, paramsBytes, type WrittenArray } from './writer.ts';

const options = { numRuns: runs(2000) };

/** Reads, and gives what was read, or null where it was refused as it must be. */
function readOrRefuse<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    expect(['invalid-model', 'unsupported-layer']).toContain((error as NnpackError).code);
    expect((error as NnpackError).message.length).toBeLessThan(500);
    return null;
  }
}

/** How often files were still read: a draw in which none was would show little. */
function printed(what: string, read: number): void {
  console.log(`${what}: ${read} of ${options.numRuns} still read`);
  expect(read).toBeGreaterThan(options.numRuns / 100);
  expect(read).toBeLessThan(options.numRuns * 0.9);
}

type Change = (bytes: Uint8Array) => Uint8Array;

const NUMBERS = [0, 1, 2, 3, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0xf993fac8, 0xf993fac9, 0xf993faca, 2 ** 30];

function cut(bytes: Uint8Array, at: number, count: number, insert: Uint8Array): Uint8Array {
  const start = at % (bytes.length + 1);
  return join([bytes.subarray(0, start), insert, bytes.subarray(Math.min(bytes.length, start + count))]);
}

function changedBy(list: readonly Change[], bytes: Uint8Array): Uint8Array {
  return list.reduce((before: Uint8Array, change) => change(before), bytes);
}

const at = fc.nat({ max: 2 ** 20 });
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(at, fc.nat({ max: 255 })).map(
    ([place, x]): Change =>
      (bytes) =>
        cut(bytes, place, 1, Uint8Array.of(x)),
  ),
  fc.tuple(at, fc.constantFrom(...NUMBERS)).map(
    ([place, x]): Change =>
      (bytes) =>
        cut(bytes, 4 * (place % 256), 4, bytesOf(Uint32Array.of(x))),
  ),
  fc.tuple(at, fc.nat({ max: 16 })).map(
    ([place, count]): Change =>
      (bytes) =>
        cut(bytes, place, count, new Uint8Array(0)),
  ),
  fc.tuple(at, fc.uint8Array({ maxLength: 16 })).map(
    ([place, x]): Change =>
      (bytes) =>
        cut(bytes, place, 0, x),
  ),
  at.map(
    (place): Change =>
      (bytes) =>
        bytes.subarray(0, place % (bytes.length + 1)),
  ),
);

describe('changed files of parameters', () => {
  const array = (name: string, form: Form, type: string): WrittenArray => {
    return { name, form, shape: [3, 2], type: FLAGS[type as 'int8'], elements: bytesOf(EXAMPLES[type].elements) };
  };
  const file = paramsBytes([
    array('arg:a', 0, 'float32'),
    array('aux:b', 1, 'float16'),
    array('c', 2, 'int64'),
    array('arg:d', 3, 'bfloat16'),
    { name: 'e', form: 2, shape: [4, 2], type: 0, rows: [1, 3], elements: bytesOf(Float32Array.of(1, 2, 3, 4)) },
    { name: 'none', form: 2, shape: [], type: 0, elements: new Uint8Array(0), isNone: true },
  ]);

  it('are refused, or give arrays of their shapes that take no more than the file may', () => {
    let read = 0;
    const property = fc.property(fc.array(changes, { minLength: 1, maxLength: 3 }), (list) => {
      const bytes = changedBy(list, file);
      const arrays = readOrRefuse(() => parseParams(bytes));
      if (arrays === null) return;
      read++;
      let taken = 0;
      for (const { type, data } of arrays.values()) {
        expect(isArrayOf(type.dtype, data)).toBe(true);
        expect(data.length).toBe(sizeOf(type.shape));
        taken += data.byteLength;
      }
      // halves become floats, twice as long; rows that are not in the file are at most 2²⁶ elements of 8 bytes
      expect(taken).toBeLessThanOrEqual(2 * bytes.length + 8 * 2 ** 26);
    });
    fc.assert(property, options);
    printed('parameters', read);
  });
});

describe('changed symbols', () => {
  const VALUES: unknown[] = [
    null,
    0,
    1,
    -1,
    5,
    6,
    1e300,
    0.5,
    '',
    'null',
    'conv',
    '__proto__',
    true,
    [],
    {},
    [0, 0],
    [[0, 0, 0]],
  ];

  /** Every place of a JSON value, as the way to it. */
  function waysOf(value: unknown): string[][] {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => [[key], ...waysOf(item).map((way) => [key, ...way])]);
  }

  const texts = (['0.8', '0.9', '1.0'] as const).flatMap((generation) => {
    const symbol = symbolOf(generation);
    return waysOf(symbol).map((way) => ({ generation, way }));
  });
  const changedValue = fc
    .tuple(fc.constantFrom(...texts), fc.constantFrom(undefined, ...VALUES))
    .map(([place, value]) => {
      const json = symbolOf(place.generation);
      // biome-ignore lint/suspicious/noExplicitAny: any JSON
      let holder: any = json;
      for (const key of place.way.slice(0, -1)) holder = holder[key];
      const last = place.way.at(-1)!;
      if (value === undefined) delete holder[last];
      else holder[last] = value;
      return JSON.stringify(json);
    });
  const good = new TextEncoder().encode(JSON.stringify(symbolOf('1.0')));
  const changedText = fc.array(changes, { minLength: 1, maxLength: 2 }).map((list) => {
    return new TextDecoder().decode(new Uint8Array(changedBy(list, good)));
  });

  it('are refused, or give nodes in order whose ends are there', () => {
    let read = 0;
    const property = fc.property(fc.oneof({ arbitrary: changedValue, weight: 3 }, changedText), (text) => {
      const symbol = readOrRefuse(() => parseSymbol(text));
      if (symbol === null) return;
      read++;
      const { nodes, variables, outputs } = symbol;
      expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
      for (const [i, { inputs, attributes }] of nodes.entries()) {
        for (const [node] of inputs) expect(node).toBeLessThan(i);
        for (const value of attributes.values()) expect(typeof value).toBe('string');
      }
      expect(outputs.length).toBeGreaterThan(0);
      for (const [node] of outputs) expect(nodes[node]).toBeDefined();
      expect(variables).toEqual([...nodes.keys()].filter((i) => nodes[i].op === 'null'));
    });
    fc.assert(property, options);
    printed('symbols', read);
  });
});
