/** Files that are cut, changed anywhere, or made to cost much. */
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { parseModel } from '../../src/onnx/parse-model.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { tensorsOf } from '../../src/onnx/tensors-of.ts';
import { failure } from '../support/failure.ts';
import { changedBytes, expectReadOrRefused } from '../support/mutations.ts';
import { graphProto, modelProto, nodeProto, smallModel } from './draw.ts';
import { bytes, int, text, varint, writeModel } from './write.ts';

/** Reads the bytes as a model, and the numbers of all of its tensors. */
function readAll(of: Uint8Array): void {
  for (const { who, tensor } of tensorsOf(parseModel(of))) readTensor(who, tensor);
}

/** Whether the bytes are a model whose tensors all have numbers; anything but our errors is thrown. */
function isGood(of: Uint8Array): boolean {
  try {
    readAll(of);
    return true;
  } catch (error) {
    if (error instanceof NnpackError) return false;
    throw error;
  }
}

const good = writeModel(smallModel());

describe('a good file', () => {
  it('is one', () => {
    expect(isGood(good)).toBe(true);
    expect(tensorsOf(parseModel(good)).map(({ who }) => who)).toEqual([
      "model: initializer 'w'",
      "model: initializer 'b'",
      "model: initializer 's'",
    ]);
  });

  it('that ends anywhere is a good one or an NnpackError', () => {
    const ends = Array.from(good, (_, length) => length).filter((length) => isGood(good.subarray(0, length)));
    // whole fields of the model may be left out after its graph
    expect(ends.length).toBeLessThan(10);
  });

  it('with any bytes changed is a good one or an NnpackError', async () => {
    const refusals = { codes: ['invalid-model', 'unsupported-layer', 'out-of-memory'], part: /^model/ } as const;
    await expectReadOrRefused('ONNX, tensors', changedBytes(good), refusals, readAll);
  });
});

describe('a file that claims much', () => {
  const file = (...graph: number[][]) => Uint8Array.from([...int(1, 8), ...bytes(7, graph.flat())]);
  const BILLION = 1e9;

  it.each([
    ['nodes', [10, ...varint(BILLION)]],
    ['sizes', bytes(5, [10, ...varint(BILLION)])],
    ['packed floats', bytes(5, [34, ...varint(BILLION), 0])],
    ['packed int64', bytes(5, [58, ...varint(BILLION), 0])],
    ['raw bytes', bytes(5, [74, ...varint(BILLION), 0])],
    ['letters', [18, ...varint(BILLION), 65]],
    ['bytes beyond all', [10, ...varint(2n ** 63n)]],
  ])('has fewer %s', (_, graph) => {
    const error = failure(() => parseModel(file(graph)));
    expect(error.code).toBe('invalid-model');
    expect(error.message).toMatch(/expected at most \d+ \(what is left\)$/);
  });

  it('of tensors whose elements are not there is refused before an array is made', () => {
    for (const dims of [[BILLION], [BILLION, BILLION], new Array(30).fill(BILLION)]) {
      const sizes = dims.flatMap((size) => int(1, size));
      const [{ who, tensor }] = tensorsOf(parseModel(file(bytes(5, [...sizes, ...int(2, 1)]))));
      expect(failure(() => readTensor(who, tensor)).code).toBe('invalid-model');
    }
  });

  it('of messages in messages is no deeper than calls may be', () => {
    const nested = (depth: number) => {
      let graph = graphProto();
      for (let i = 0; i < depth; i++) {
        graph = graphProto({ nodes: [nodeProto('If', [{ name: 'then_branch', type: 'graph', value: graph }])] });
      }
      return writeModel(modelProto(graph));
    };
    expect(isGood(nested(30))).toBe(true);
    const error = failure(() => parseModel(nested(40)));
    expect(error.code).toBe('invalid-model');
    expect(error.message).toMatch(/^model: ….*node\[0\].*: lies more than 100 messages deep$/);
    expect(error.message.length).toBeLessThan(500);
    let groups: number[] = [];
    for (let i = 0; i < 3000; i++) groups = bytes(7, groups.slice(0, 20_000));
    expect(isGood(Uint8Array.from(groups))).toBe(false);
  });

  /** A file of one graph that is the same few bytes again and again. */
  const repeated = (part: number[], length: number) => {
    const count = Math.floor(length / part.length);
    const head = [...int(1, 8), 58, ...varint(count * part.length)];
    const of = new Uint8Array(head.length + count * part.length);
    of.set(head);
    of.set(part, head.length);
    for (let held = part.length; held < of.length - head.length; held *= 2)
      of.copyWithin(head.length + held, head.length, head.length + held);
    return of;
  };

  it.each([
    ['empty initialisers', [42, 0]],
    ['empty values', [90, 0]],
    ['nodes', bytes(1, text(4, 'A'))],
    ['attributes', bytes(1, [...text(4, 'A'), ...bytes(5, [...text(1, 'a'), ...int(3, 1)])])],
  ])('of many %s is counted', (_, part) => {
    const error = failure(() => parseModel(repeated(part, 2 ** 24)));
    expect(error.code).toBe('out-of-memory');
    expect(error.message).toMatch(/^model: graph.*: the file takes more than \d+ bytes of memory/);
    expect(isGood(repeated(part, 2 ** 12)) || part[0] === 42).toBe(true);
  });

  it('of many numbers of an attribute is counted', () => {
    const list = new Uint8Array(2 ** 24).fill(1);
    /** The field of a message that begins with `rest`, and ends with the list. */
    const around = (field: number, rest: number[]) => [8 * field + 2, ...varint(rest.length + list.length), ...rest];
    const attribute = around(5, [...text(1, 'a'), ...around(8, [])]);
    const start = [...int(1, 8), ...around(7, around(1, [...text(4, 'A'), ...attribute]))];
    const of = new Uint8Array(start.length + list.length);
    of.set(start);
    of.set(list, start.length);
    expect(failure(() => parseModel(of)).code).toBe('out-of-memory');
  });

  it('of elements in many runs is read in time', () => {
    const runsOfOne = Array.from({ length: 2 ** 17 }, () => [58, 1, 5]).flat();
    const [{ tensor }] = tensorsOf(parseModel(file(bytes(5, runsOfOne))));
    expect(tensor.int64Data).toEqual(new BigInt64Array(2 ** 17).fill(5n));
  });
});
