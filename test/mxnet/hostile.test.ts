/** Good files in which anything was changed: they are read as what they are, or refused, and cost no more than they are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isArrayOf } from '../../src/graph/values.ts';
import { parseParams } from '../../src/mxnet/params.ts';
import { parseSymbol } from '../../src/mxnet/symbol.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { changedBytes, expectReadOrRefused } from '../support/mutations.ts';
import { symbolOf } from './symbols.ts';
import { bytesOf, EXAMPLES, FLAGS, type Form, paramsBytes, type WrittenArray } from './writer.ts';

const CODES = ['invalid-model', 'unsupported-layer'] as const;

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

  it('are refused, or give arrays of their shapes that take no more than the file may', async () => {
    const refusals = { codes: CODES, part: /^(?:parameters|array ')/ };
    await expectReadOrRefused('MXNet, parameters', changedBytes(file), refusals, (bytes) => {
      let taken = 0;
      for (const { type, data } of parseParams(bytes).values()) {
        expect(isArrayOf(type.dtype, data)).toBe(true);
        expect(data.length).toBe(sizeOf(type.shape));
        taken += data.byteLength;
      }
      // halves become floats, twice as long; rows that are not in the file are at most 2²⁶ elements of 8 bytes
      expect(taken).toBeLessThanOrEqual(2 * bytes.length + 8 * 2 ** 26);
    });
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
  const changedText = changedBytes(good).map((bytes) => new TextDecoder().decode(bytes));
  const drawn = fc.oneof({ arbitrary: changedValue, weight: 3 }, changedText);

  it('are refused, or give nodes in order whose ends are there', async () => {
    const refusals = { codes: CODES, part: /^(?:symbol|node)/ };
    await expectReadOrRefused('MXNet, symbols', drawn, refusals, (text) => {
      const { nodes, variables, outputs } = parseSymbol(text);
      expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
      for (const [i, { inputs, attributes }] of nodes.entries()) {
        for (const [node] of inputs) expect(node).toBeLessThan(i);
        for (const value of attributes.values()) expect(typeof value).toBe('string');
      }
      expect(outputs.length).toBeGreaterThan(0);
      for (const [node] of outputs) expect(nodes[node]).toBeDefined();
      expect(variables).toEqual([...nodes.keys()].filter((i) => nodes[i].op === 'null'));
    });
  });
});
