/** Numbers of tensors in every form that a file may have them in, against arrays that the engine makes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTYPES, type Dtype, type TypedArray } from '../../src/graph/values.ts';
import { decodeHalf, encodeHalf } from '../../src/maths/half.ts';
import { dataTypeNumber } from '../../src/onnx/data-types.ts';
import { parseModel } from '../../src/onnx/parse-model.ts';
import type { TensorProto } from '../../src/onnx/proto.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { graphProto, modelProto, tensorProto } from './draw.ts';
import { writeModel } from './write.ts';

/** A tensor as it comes out of a file, whose raw data begins anywhere. */
function throughFile(fields: Partial<TensorProto>, packed = true, before = 0): TensorProto {
  const model = modelProto(graphProto({ initializers: [tensorProto({ name: 'x'.repeat(before), ...fields })] }));
  return parseModel(writeModel(model, { packed, typed: true })).graph.initializers[0];
}

const bytesOf = (data: ArrayBufferView<ArrayBuffer>) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const code = (dtype: Dtype) => dataTypeNumber(dtype);

interface Form {
  readonly values: TypedArray;
  readonly rawData: Uint8Array;
  readonly field: Partial<TensorProto>;
}

const bits32 = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0];

/** What a list of int32 becomes in each type. */
const FORMS: Readonly<Record<Dtype, (list: readonly number[]) => Form>> = {
  float32: (list) => {
    const values = Float32Array.from(list, (x) => x / 3);
    return { values, rawData: bytesOf(values), field: { floatData: values } };
  },
  float64: (list) => {
    const values = Float64Array.from(list, (x) => x / 3);
    return { values, rawData: bytesOf(values), field: { doubleData: values } };
  },
  int64: (list) => {
    const values = BigInt64Array.from(list, (x) => BigInt(x) * 0x1_0000_0001n);
    return { values, rawData: bytesOf(values), field: { int64Data: values } };
  },
  int32: (list) => {
    const values = Int32Array.from(list);
    return { values, rawData: bytesOf(values), field: { int32Data: values } };
  },
  int8: (list) => {
    const values = Int8Array.from(list);
    return { values, rawData: bytesOf(values), field: { int32Data: Int32Array.from(values) } };
  },
  uint8: (list) => {
    const values = Uint8Array.from(list);
    return { values, rawData: values, field: { int32Data: Int32Array.from(values) } };
  },
  bool: (list) => {
    const values = Uint8Array.from(list, (x) => x & 1);
    return { values, rawData: values, field: { int32Data: Int32Array.from(values) } };
  },
  float16: (list) => {
    const codes = Uint16Array.from(list, (x) => encodeHalf(x / 3, 'binary16'));
    const values = Float32Array.from(codes, (bits) => decodeHalf(bits, 'binary16'));
    return { values, rawData: bytesOf(codes), field: { int32Data: Int32Array.from(codes) } };
  },
  bfloat16: (list) => {
    const codes = Uint16Array.from(list, (x) => bits32(x / 3) >>> 16);
    const values = Float32Array.from(codes, (bits) => new Float32Array(Uint32Array.of(bits * 65536).buffer)[0]);
    return { values, rawData: bytesOf(codes), field: { int32Data: Int32Array.from(codes) } };
  },
};

const list = fc.array(fc.oneof(fc.integer(), fc.integer({ min: -300, max: 300 })), { maxLength: 20 });

describe.each(DTYPES)('readTensor of %s', (dtype) => {
  it('reads raw data anywhere in a file, elements packed or not, and another file', () => {
    fc.assert(
      fc.property(list, fc.nat(8), fc.boolean(), (numbers, before, packed) => {
        const { values, rawData, field } = FORMS[dtype](numbers);
        const shape = [1, numbers.length];
        const is = { dataType: code(dtype), dims: shape };
        const expected = { dtype, shape, data: values };
        expect(readTensor('t', throughFile({ ...is, rawData }, packed, before))).toEqual(expected);
        expect(readTensor('t', throughFile({ ...is, ...field }, packed))).toEqual(expected);
        const entries = new Map([
          ['location', 'sub/w.bin'],
          ['offset', '64'],
          ['length', `${rawData.length}`],
        ]);
        const read = (...asked: unknown[]) => {
          expect(asked).toEqual(['sub/w.bin', 64, rawData.length]);
          return rawData;
        };
        expect(readTensor('t', throughFile({ ...is, external: entries }), read)).toEqual(expected);
      }),
      { numRuns: runs(50) },
    );
  });

  it('reads scalars and tensors of no elements', () => {
    const { values, rawData, field } = FORMS[dtype]([7]);
    const is = { dataType: code(dtype) };
    for (const form of [{ rawData }, field]) {
      expect(readTensor('t', throughFile({ ...is, ...form }))).toEqual({ dtype, shape: [], data: values });
    }
    const none = { dtype, shape: [2 ** 52, 2 ** 52, 0], data: values.slice(0, 0) };
    expect(readTensor('t', throughFile({ ...is, dims: none.shape }))).toEqual(none);
    expect(readTensor('t', throughFile({ ...is, dims: none.shape, rawData: new Uint8Array(0) }))).toEqual(none);
  });
});

describe('readTensor', () => {
  it('decodes every half', () => {
    const codes = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const read = (dtype: Dtype) => {
      const tensor = tensorProto({ dataType: code(dtype), dims: [2 ** 16], rawData: bytesOf(codes) });
      return readTensor('t', tensor).data;
    };
    expect(read('float16')).toEqual(Float32Array.from(codes, (bits) => decodeHalf(bits, 'binary16')));
    expect(read('bfloat16')).toEqual(new Float32Array(Uint32Array.from(codes, (bits) => bits * 65536).buffer));
    // as an int16 that was widened
    const wide = tensorProto({ dataType: code('float16'), dims: [1], int32Data: Int32Array.of(-17408) });
    expect(readTensor('t', wide).data).toEqual(Float32Array.of(-1));
  });

  it('shares bytes that lie well with the file, and never with what is misaligned', () => {
    const buffer = new Uint8Array(new Float32Array(5).buffer);
    const at = (start: number) => {
      const tensor = tensorProto({ dims: [4], rawData: buffer.subarray(start, start + 16) });
      return readTensor('t', tensor).data;
    };
    expect(at(4).buffer).toBe(buffer.buffer);
    for (const start of [1, 2, 3]) expect(at(start).buffer).not.toBe(buffer.buffer);
  });

  it('takes for true what is not 0', () => {
    const is = { dataType: code('bool'), dims: [3] };
    const expected = Uint8Array.of(0, 1, 1);
    expect(readTensor('t', tensorProto({ ...is, rawData: Uint8Array.of(0, 1, 255) })).data).toEqual(expected);
    expect(readTensor('t', tensorProto({ ...is, int32Data: Int32Array.of(0, 1, -7) })).data).toEqual(expected);
  });

  it.each([
    [4, 'UINT16'],
    [5, 'INT16'],
    [8, 'STRING'],
    [12, 'UINT32'],
    [13, 'UINT64'],
    [14, 'COMPLEX64'],
    [17, 'FLOAT8E4M3FN'],
    [22, 'INT4'],
    [99, 'data type 99'],
    [-1, 'data type -1'],
  ])('does not read type %i, whatever else is wrong', (dataType, name) => {
    const error = failure(() => readTensor('t', tensorProto({ dataType, dims: [-5], isSegment: true })));
    expect(error.code).toBe('unsupported-layer');
    expect(error.message).toBe(
      `t: has elements of type ${name}, expected one of FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT64, INT32, INT8, UINT8, BOOL`,
    );
  });

  const raw = new Uint8Array(16);
  const float = Float32Array.of(1);
  const elsewhere = (...entries: [string, string][]) => ({ external: new Map(entries), dims: [4] });
  const where: [string, string] = ['location', 'w'];
  it.each<[string, Partial<TensorProto>, string]>([
    ['invalid-model', { dataType: 0 }, 't: has no data_type'],
    ['unsupported-layer', { isSegment: true }, 't: is a segment, expected a whole tensor'],
    ['invalid-model', { dims: [-1] }, 't: dims are [-1], expected whole numbers less than 2⁵³'],
    [
      'invalid-model',
      { dims: [2n ** 60n, 0] },
      't: dims are [1152921504606846976n, 0], expected whole numbers less than 2⁵³',
    ],
    ['invalid-model', { dims: [3], rawData: raw }, 't: raw_data has 16 bytes, expected 12 (the shape is [3])'],
    [
      'invalid-model',
      { dims: [1e9, 1e9], rawData: raw },
      't: raw_data has 16 bytes, expected 4000000000000000000 (the shape is [1000000000, 1000000000])',
    ],
    [
      'invalid-model',
      { dims: new Array(40).fill(2 ** 50) },
      `t: float_data has 0 elements, expected Infinity (the shape is [${new Array(6).fill(2 ** 50).join(', ')}, …])`,
    ],
    ['invalid-model', { dims: [2], floatData: float }, 't: float_data has 1 elements, expected 2 (the shape is [2])'],
    ['invalid-model', {}, 't: float_data has 0 elements, expected 1 (the shape is [])'],
    ['invalid-model', { floatData: float, rawData: raw }, 't: has both raw_data and float_data'],
    ['invalid-model', { dataType: 7, floatData: float }, 't: has float_data, expected int64_data (of INT64)'],
    ['invalid-model', { dataType: 3, int32Data: Int32Array.of(128) }, 't: int32_data[0] is 128, expected -128 to 127'],
    ['invalid-model', { dataType: 2, int32Data: Int32Array.of(-1) }, 't: int32_data[0] is -1, expected 0 to 255'],
    [
      'invalid-model',
      { dataType: 10, int32Data: Int32Array.of(65536) },
      't: int32_data[0] is 65536, expected -32768 to 65535',
    ],
    ['invalid-model', elsewhere(), 't: external_data has no location'],
    ['invalid-model', { ...elsewhere(where), rawData: raw }, 't: has numbers of its own, and external_data'],
    [
      'invalid-model',
      elsewhere(where, ['length', '12']),
      't: external_data has 12 bytes, expected 16 (the shape is [4])',
    ],
    ['invalid-model', elsewhere(where, ['offset', '-4']), "t: external_data: offset is '-4', expected a whole number"],
    [
      'invalid-model',
      elsewhere(where, ['offset', '9'.repeat(16)]),
      "t: external_data: offset is '9999999999999999', expected a whole number",
    ],
    [
      'invalid-model',
      elsewhere(where, ['length', '1e3']),
      "t: external_data: length is '1e3', expected a whole number",
    ],
    [
      'out-of-memory',
      { ...elsewhere(where), dims: [2 ** 15, 2 ** 16] },
      't: the shape [32768, 65536] has 2147483648 elements, expected at most 1073741824',
    ],
    ['input-output', elsewhere(where), "t: external data 'w' is not given"],
  ])('ends in %s: case %#', (code, fields, message) => {
    const error = failure(() => readTensor('t', tensorProto(fields)));
    expect([error.code, error.message]).toEqual([code, message]);
  });

  it('looks at what another file is said to hold', () => {
    const tensor = tensorProto(elsewhere(where));
    const error = (read: () => unknown) => failure(() => readTensor('t', tensor, read as () => Uint8Array)).message;
    expect(error(() => new Uint8Array(15))).toBe("t: external data 'w' has 15 bytes from 0 on, expected 16");
    expect(error(() => 'abc')).toBe("t: external data 'w' is 'abc', expected a Uint8Array");
    expect(
      error(() => {
        throw new Error('gone');
      }),
    ).toBe("t: external data 'w' could not be read: gone");
  });
});
