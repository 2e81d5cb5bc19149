import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { NnpackError } from '../../src/errors.ts';
import { isArrayOf } from '../../src/graph/values.ts';
import { parseParams } from '../../src/mxnet/params.ts';
import {
  arrayBytes,
  bytesOf,
  EXAMPLES,
  FLAGS,
  type Form,
  int32,
  int64,
  join,
  nameBytes,
  paramsBytes,
  type WrittenArray,
} from './writer.ts';

const FORMS: readonly Form[] = [0, 1, 2, 3];
const floats = (...values: number[]) => bytesOf(Float32Array.from(values));
const array = (options: Partial<WrittenArray> = {}): WrittenArray => {
  return { name: 'arg:w', form: 2, shape: [2], type: FLAGS.float32, elements: floats(1, 2), ...options };
};

function errorOf(bytes: Uint8Array): NnpackError {
  try {
    parseParams(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  return expect.unreachable('expected an error');
}

function expectError(bytes: Uint8Array, code: ErrorCode, text: string): void {
  const error = errorOf(bytes);
  expect([error.message, error.code]).toEqual([text, code]);
}

describe('parseParams', () => {
  it.each(FORMS)('reads every type of form %i', (form) => {
    const types = Object.keys(EXAMPLES);
    const written = types.map((name) => {
      return { name, form, shape: [2, 3], type: FLAGS[name as 'float32'], elements: bytesOf(EXAMPLES[name].elements) };
    });
    const arrays = parseParams(paramsBytes(written));
    expect([...arrays.keys()]).toEqual(types);
    for (const [name, { type, data }] of arrays) {
      expect(type).toEqual({ dtype: name, shape: [2, 3] });
      expect(isArrayOf(type.dtype, data)).toBe(true);
      expect(Array.from<number | bigint>(data).map(Number), name).toEqual(EXAMPLES[name].values);
    }
  });

  it('reads forms side by side, from any place of a buffer and any realm, into memory of its own', () => {
    const written = FORMS.map((form) => array({ name: `arg:${form}`, form, elements: floats(form, -form) }));
    const bytes = paramsBytes(written);
    for (const offset of [0, 1, 2, 3, 5]) {
      const buffer = runInNewContext('new ArrayBuffer(length)', { length: bytes.length + 9 });
      const placed: Uint8Array = runInNewContext('new Uint8Array(buffer)', { buffer });
      placed.set(bytes, offset);
      const arrays = parseParams(placed.subarray(offset, offset + bytes.length));
      placed.fill(0xff);
      expect([...arrays]).toEqual(
        FORMS.map((form) => {
          return [`${form}`, { type: { dtype: 'float32', shape: [2] }, data: Float32Array.of(form, -form) }];
        }),
      );
    }
    expect(parseParams(Buffer.from(bytes)).get('3')?.data).toEqual(Float32Array.of(3, -3));
  });

  it('takes prefixes off names, and nothing else', () => {
    const names = ['arg:a', 'aux:b', 'c', 'arg:arg:d', 'Arg:e', '__proto__', 'arg:constructor', 'größe', 'arg:', ' '];
    const arrays = parseParams(paramsBytes(names.map((name) => array({ name }))));
    const expected = ['a', 'b', 'c', 'arg:d', 'Arg:e', '__proto__', 'constructor', 'größe', '', ' '];
    expect([...arrays.keys()]).toEqual(expected);
    expect(parseParams(paramsBytes([]))).toEqual(new Map());
  });

  it('knows what no axes, unknown ones and axes of 0 mean', () => {
    const none = new Uint8Array(0);
    for (const form of [0, 1, 2] as const) {
      const written = [array({ name: 'none', form, shape: [], isNone: true }), array({ form })];
      expect([...parseParams(paramsBytes(written)).keys()]).toEqual(['w']);
    }
    const unknown = array({ name: 'unknown', form: 3, shape: [2, -1], isNone: true });
    const scalar = array({ name: 'scalar', form: 3, shape: [], elements: floats(5) });
    const read = parseParams(paramsBytes([unknown, scalar]));
    expect([...read]).toEqual([['scalar', { type: { dtype: 'float32', shape: [] }, data: Float32Array.of(5) }]]);
    const minusOne = join([int64(0x112), int64(0), int64(1), bytesOf(Uint32Array.of(0xf993faca)), int32(0), int32(-1)]);
    expect(parseParams(join([minusOne, int64(1), nameBytes('x')]))).toEqual(new Map());
    for (const form of FORMS) {
      const empty = parseParams(paramsBytes([array({ form, shape: [0, 3], elements: none })])).get('w');
      expect(empty).toEqual({ type: { dtype: 'float32', shape: [0, 3] }, data: new Float32Array(0) });
    }
  });

  it('puts the rows of row-sparse arrays in their places', () => {
    const sparse = { rows: [1, 3], shape: [5, 2], elements: floats(1, 2, 3, 4) };
    const { data, type } = parseParams(paramsBytes([array(sparse), array({ name: 'b' })])).get('w')!;
    expect(data).toEqual(Float32Array.of(0, 0, 1, 2, 0, 0, 3, 4, 0, 0));
    expect(type.shape).toEqual([5, 2]);
    const none = parseParams(paramsBytes([array({ rows: [], shape: [2, 2], elements: floats() })]));
    expect(none.get('w')?.data).toEqual(new Float32Array(4));
    const vector = parseParams(paramsBytes([array({ rows: [2], shape: [3], elements: floats(7) })]));
    expect(vector.get('w')?.data).toEqual(Float32Array.of(0, 0, 7));
    const isOf = (rows: number[], text: string) => {
      expectError(paramsBytes([array({ ...sparse, rows })]), 'invalid-model', `array 'w': ${text}`);
    };
    isOf([1, 5], 'row 1 has the number 5, expected one above 1 and below 5');
    isOf([3, 1], 'row 1 has the number 1, expected one above 3 and below 5');
    isOf([2, 2], 'row 1 has the number 2, expected one above 2 and below 5');
    isOf([-1, 2], 'row 0 has the number -1, expected one above -1 and below 5');
  });
});

describe('files that are refused', () => {
  it.each([8, 9, 10, 11])('for elements of type %i, by name', (type) => {
    const name = Object.entries(FLAGS).find(([, flag]) => flag === type)![0];
    const bytes = type === 11 ? 8 : type === 10 ? 4 : 2;
    const known = 'float32, float64, float16, uint8, int32, int8, int64, bool, bfloat16';
    const text = `array 'w': has elements of ${name}, expected one of ${known}`;
    expectError(paramsBytes([array({ type, elements: new Uint8Array(2 * bytes) })]), 'unsupported-layer', text);
  });

  it('for numbers that mean nothing', () => {
    const of = (options: Partial<WrittenArray>) => paramsBytes([array(options)]);
    const cases: [bytes: Uint8Array, code: ErrorCode, text: string][] = [
      [of({ type: 13 }), 'invalid-model', 'array 0: its type is 13, expected a number from 0 to 12'],
      [of({ type: -1 }), 'invalid-model', 'array 0: its type is -1, expected a number from 0 to 12'],
      [of({ storage: 3 }), 'invalid-model', 'array 0: has storage 3, expected 0 or 1'],
      [of({ storage: -1 }), 'invalid-model', 'array 0: has storage -1, expected 0 or 1'],
      [of({ storage: 1, form: 3 }), 'invalid-model', 'array 0: has storage 1, expected 0'],
      [
        of({ storage: 2 }),
        'unsupported-layer',
        'array 0: is stored in compressed sparse rows (csr), expected a dense or a row-sparse array',
      ],
      [of({ shape: new Array(33).fill(1) }), 'invalid-model', 'array 0: has 33 axes, expected at most 32'],
      [
        of({ shape: [2, -1] }),
        'invalid-model',
        'array 0: has -1 elements along axis 1, expected a whole number of at least 0',
      ],
      [
        of({ shape: [2 ** 20, 2 ** 20] }),
        'invalid-model',
        `array 0: has shape [${2 ** 20}, ${2 ** 20}], expected at most ${2 ** 30} elements`,
      ],
      [
        of({ shape: [...new Array(31).fill(2 ** 52), 0] }),
        'invalid-model',
        `array 0: has shape [${new Array(6).fill(2 ** 52).join(', ')}, …], expected at most ${2 ** 30} elements`,
      ],
      [
        of({ shape: [2 ** 28] }),
        'invalid-model',
        `array 0: ends in its elements: 29 bytes are left, expected ${2 ** 30}`,
      ],
      [
        paramsBytes([array(), array({ name: 'aux:w' })]),
        'invalid-model',
        "has 'arg:w' and 'aux:w', expected each name once",
      ],
      [
        paramsBytes([array(), array({ name: undefined })]),
        'invalid-model',
        'has 1 names, expected 2 (one for each array)',
      ],
      [join([of({}), Uint8Array.of(0)]), 'invalid-model', 'has 1 bytes after its last name, expected none'],
      [new Uint8Array(100), 'invalid-model', 'is no file of MXNet parameters'],
      [new Uint8Array(0), 'invalid-model', 'is no file of MXNet parameters'],
    ];
    for (const [bytes, code, text] of cases) {
      expectError(bytes, code, `parameters: ${text}`);
    }
    for (const value of [undefined, null, 'abc', new ArrayBuffer(24), [1], new Float32Array(9)] as unknown[]) {
      expect(errorOf(value as Uint8Array).message).toMatch(/^parameters: expected a Uint8Array, got /);
    }
  });

  it('for counts and lengths beyond the file, before memory is taken', () => {
    const start = [int64(0x112), int64(0)];
    for (const count of [2n ** 62n, -1n, 2n ** 33n, 7n]) {
      expect(errorOf(join([...start, int64(count), new Uint8Array(24)])).message).toMatch(
        /^parameters: has 24 bytes behind the number of arrays, \d+$/,
      );
      const one = [...start, int64(1), arrayBytes(array()), int64(1)];
      expect(errorOf(join([...one, int64(count), new Uint8Array(3)])).message).toMatch(
        /^parameters: ends in name 0: 3 bytes are left, expected \d+$/,
      );
    }
    const bad = join([...start, int64(1), arrayBytes(array()), int64(1), int64(2), Uint8Array.of(0xc3, 0x28)]);
    expect(errorOf(bad).message).toBe('parameters: name 0 is no UTF-8');
  });

  it('for row-sparse arrays that a few bytes make large, together too', () => {
    const large = (name: string, rows: number) => array({ name, rows: [], shape: [rows, 2], elements: floats() });
    const text = (elements: number) => {
      return `parameters: its row-sparse arrays have ${elements} elements, expected at most ${2 ** 26}`;
    };
    expectError(paramsBytes([large('a', 2 ** 29)]), 'unsupported-layer', text(2 ** 30));
    expectError(paramsBytes([large('a', 2 ** 25), large('b', 1)]), 'unsupported-layer', text(2 ** 26 + 2));
  });

  it('for row-sparse arrays whose shapes do not agree', () => {
    const good = arrayBytes(array({ rows: [0], shape: [2, 2], elements: floats(1, 2) }));
    const view = new DataView(good.buffer, good.byteOffset);
    // the first size of the rows, their second, and the size of their numbers
    for (const [at, size] of [
      [12, 2],
      [12, 3],
      [20, 1],
      [68, 2],
    ]) {
      const before = view.getBigInt64(at, true);
      view.setBigInt64(at, BigInt(size), true);
      const bytes = join([int64(0x112), int64(0), int64(1), good, int64(1), nameBytes('w')]);
      expect(errorOf(bytes).message).toMatch(/^parameters: array 0: has rows of shape .* of shape \[2, 2\]$/);
      view.setBigInt64(at, before, true);
    }
  });

  it('when they end at any byte', () => {
    const sparse = array({ name: 'aux:s', rows: [1], shape: [2, 2], elements: floats(1, 2) });
    const whole = paramsBytes([...FORMS.map((form) => array({ name: `${form}`, form })), sparse]);
    expect(parseParams(whole).size).toBe(5);
    for (let length = 0; length < whole.length; length++) {
      const error = errorOf(whole.subarray(0, length));
      expect(error.code).toBe('invalid-model');
      expect(error.message).toMatch(/^parameters: /);
    }
  });
});
