/** What files say is what is read, however they say it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StoredBytes, storedBytes } from '../../src/check/stored-bytes.ts';
import { parseModel } from '../../src/onnx/parse-model.ts';
import type { AttributeProto } from '../../src/onnx/proto.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { drawnModel, graphProto, modelProto, nodeProto, smallModel, tensorProto } from './draw.ts';
import { type Bytes, bytes, int, text, varint, writeGraph, writeModel } from './write.ts';

/** A file with the bytes of a graph. */
const file = (...graphs: Bytes[]) => Uint8Array.from([...int(1, 8), ...graphs.flatMap((graph) => bytes(7, graph))]);
/** A file with the bytes of an attribute. */
const withAttribute = (...attribute: Bytes[]) => file(bytes(1, [...text(4, 'Op'), ...bytes(5, attribute.flat())]));
const attributeOf = (...attribute: Bytes[]): AttributeProto => {
  const [found] = parseModel(withAttribute(...attribute)).graph.nodes[0].attributes.values();
  return found;
};

describe('parseModel', () => {
  it('reads what was written, packed or not, with and without types of attributes', () => {
    fc.assert(
      fc.property(drawnModel, fc.boolean(), fc.boolean(), (model, packed, typed) => {
        expect(parseModel(writeModel(model, { packed, typed }))).toEqual(model);
      }),
      { numRuns: runs(200) },
    );
  });

  it('reads bytes that lie in a file as it does bytes in memory, broken ones too', () => {
    // Longer than what is read together.
    const unknown = bytes(99, new Array(70_000).fill(1));
    const change = fc.record({
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      byte: fc.integer({ min: 0, max: 255 }),
    });
    const read = (of: Uint8Array | StoredBytes) => {
      try {
        return parseModel(of);
      } catch (error) {
        return String(error);
      }
    };
    fc.assert(
      fc.property(drawnModel, fc.option(change), (model, changed) => {
        const written = writeModel(model);
        if (changed !== null) written[Math.floor(changed.at * written.length)] = changed.byte;
        const whole = Uint8Array.from([...unknown, ...written]);
        const inFile = storedBytes(whole.length, (into, first) => into.set(whole.subarray(first, first + into.length)));
        expect(read(inFile)).toEqual(read(whole));
      }),
      { numRuns: runs(200) },
    );
  });

  it('reads two files in one as one of both, as protobuf has it', () => {
    const [one, two] = [graphProto({ nodes: [nodeProto('A')] }), graphProto({ name: 'h', nodes: [nodeProto('B')] })];
    const { graph } = parseModel(file(writeGraph(one), writeGraph(two)));
    expect([graph.name, graph.nodes.map(({ opType }) => opType)]).toEqual(['h', ['A', 'B']]);
    const found = attributeOf(text(1, 'a'), bytes(5, int(1, 2)), bytes(5, [...int(1, 3), ...int(2, 1)]));
    expect(found).toMatchObject({ type: 'tensor', value: { dims: [2, 3], dataType: 1 } });
    // the last of alternatives counts
    const type = (...fields: Bytes[]) => file(bytes(11, bytes(2, fields.flat())));
    const [value] = parseModel(type(bytes(1, int(1, 7)), bytes(4, []), bytes(1, bytes(2, [])))).graph.inputs;
    expect(value.type).toEqual({ kind: 'tensor', elements: { name: 'UNDEFINED', dtype: null }, shape: [] });
    const sizes = [bytes(1, [...int(1, 3), ...text(2, 'N')]), bytes(1, [...text(2, 'N'), ...int(1, 3)])].flat();
    const [sized] = parseModel(type(bytes(1, bytes(2, sizes)))).graph.inputs;
    expect(sized.type).toMatchObject({ shape: ['N', 3] });
  });

  it('goes on with a list, packed or not', () => {
    const ints = [...bytes(8, [1, 2]), ...int(8, 3), ...bytes(8, []), ...bytes(8, varint(-1))];
    expect(attributeOf(text(1, 'a'), ints)).toEqual({ name: 'a', type: 'ints', value: [1, 2, 3, -1] });
    const data = [...bytes(7, [1, 2]), ...int(7, 3), ...bytes(7, [4]), ...int(7, 5)];
    const { initializers } = parseModel(file(bytes(5, data))).graph;
    expect(initializers[0].int64Data).toEqual(BigInt64Array.of(1n, 2n, 3n, 4n, 5n));
  });

  it('passes over fields that it does not know, of each wire type', () => {
    const unknown = [
      ...int(99, 2n ** 64n - 1n),
      ...varint(8 * 99 + 1),
      ...[1, 2, 3, 4, 5, 6, 7, 8],
      ...bytes(2 ** 29 - 1, [255, 255]),
      ...varint(8 * 99 + 5),
      ...[1, 2, 3, 4],
    ];
    const model = parseModel(Uint8Array.from([...unknown, ...writeModel(smallModel()), ...unknown]));
    expect(model).toEqual(smallModel());
  });

  it('sees the types of attributes that tell none', () => {
    const a = text(1, 'a');
    expect(attributeOf(a, int(3, 0))).toEqual({ name: 'a', type: 'int', value: 0 });
    expect(attributeOf(a, bytes(8, []))).toEqual({ name: 'a', type: 'ints', value: [] });
    // what is 0 may be left out where the type is told
    expect(attributeOf(a, int(20, 1))).toEqual({ name: 'a', type: 'float', value: 0 });
    expect(attributeOf(a, int(20, 3))).toEqual({ name: 'a', type: 'string', value: '' });
    expect(attributeOf(a, int(20, 7))).toEqual({ name: 'a', type: 'ints', value: [] });
    // the type that is told counts
    expect(attributeOf(a, int(3, 5), bytes(8, [1]), int(20, 2))).toEqual({ name: 'a', type: 'int', value: 5 });
    for (const [field, number, onnxType] of [
      [22, 11, 'SPARSE_TENSOR'],
      [23, 12, 'SPARSE_TENSORS'],
      [14, 13, 'TYPE_PROTO'],
      [15, 14, 'TYPE_PROTOS'],
    ] as const) {
      const expected = { name: 'a', type: 'unsupported', onnxType };
      expect(attributeOf(a, bytes(field, []))).toEqual(expected);
      expect(attributeOf(a, bytes(field, []), int(20, number))).toEqual(expected);
    }
    expect(attributeOf(a, int(20, 99))).toEqual({ name: 'a', type: 'unsupported', onnxType: 'type 99' });
  });

  it("knows the two names of ONNX's own domain as one", () => {
    const graph = graphProto({ nodes: [{ ...nodeProto('Relu'), domain: 'ai.onnx' }] });
    const model = parseModel(writeModel(modelProto(graph, { opsets: new Map([['ai.onnx', 7]]) })));
    expect([[...model.opsets], model.graph.nodes[0].domain]).toEqual([[['', 7]], '']);
  });

  it('takes sizes for unknown that writers mean so', () => {
    const shape = bytes(2, [
      ...bytes(1, int(1, -1)),
      ...bytes(1, text(2, '')),
      ...bytes(1, []),
      ...bytes(1, int(1, 0)),
    ]);
    const [value] = parseModel(file(bytes(11, bytes(2, bytes(1, shape))))).graph.inputs;
    expect(value.type).toMatchObject({ shape: [null, null, null, 0] });
  });

  it('shares raw data with the file', () => {
    const of = writeModel(modelProto(graphProto({ initializers: [tensorProto({ rawData: new Uint8Array(100) })] })));
    expect((parseModel(of).graph.initializers[0].rawData as Uint8Array).buffer).toBe(of.buffer);
  });

  it.each<[string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(0), 'model: ir_version is 0, expected at least 1'],
    ['no graph', Uint8Array.from(int(1, 8)), 'model: has no graph'],
    ['a text', new TextEncoder().encode('{"format": "onnx"}'), 'model: a field has wire type 3, expected 0, 1, 2 or 5'],
    [
      'a group',
      file([...varint(8 * 99 + 3), ...varint(8 * 99 + 4)]),
      'model: graph: a field has wire type 3, expected 0, 1, 2 or 5',
    ],
    ['field 0', file([0, 0]), 'model: graph: a field has no number from 1 to 2²⁹ − 1'],
    ['field 2²⁹', file([...varint(2 ** 32), 0]), 'model: graph: a field has no number from 1 to 2²⁹ − 1'],
    ['a number for a text', file(int(2, 5)), 'model: graph: name has wire type 0, expected 2'],
    [
      'a float for an int',
      withAttribute(text(1, 'a'), [8 * 3 + 5, 0, 0, 0, 0]),
      "model: graph.node[0].attribute 'a': i has wire type 5, expected 0",
    ],
    [
      'a long number',
      withAttribute(text(1, 'a'), [24, ...new Array(9).fill(255), 2]),
      "model: graph.node[0].attribute 'a': a number has more than 64 bits",
    ],
    ['half a number', file(bytes(1, [...varint(8 * 99), 128])), 'model: graph.node[0]: ends within a number'],
    ['a long text', file([18, 100, 65]), 'model: graph: a field takes 100 bytes, expected at most 1 (what is left)'],
    [
      'a text beyond all',
      file([18, ...varint(2n ** 64n - 1n)]),
      'model: graph: a field takes 18446744073709552000 bytes, expected at most 0 (what is left)',
    ],
    ['a text of no letters', file(bytes(2, [0xc3, 0x28])), 'model: graph: a text of 2 bytes is no UTF-8'],
    ['a node of no operator', file(bytes(1, text(3, 'n'))), 'model: graph.node[0]: has no op_type'],
    ['an attribute of no name', withAttribute(int(3, 1)), 'model: graph.node[0].attribute[0]: has no name'],
    [
      'an attribute of nothing',
      withAttribute(text(1, 'a')),
      "model: graph.node[0].attribute 'a': has neither a type nor a value, expected a type",
    ],
    [
      'an attribute of all',
      withAttribute(text(1, 'a'), int(3, 1), text(4, 'b')),
      "model: graph.node[0].attribute 'a': has values of the types int, string, and no type, expected a type",
    ],
    [
      'an attribute of another type',
      withAttribute(text(1, 'a'), int(3, 1), int(20, 1)),
      "model: graph.node[0].attribute 'a': has a value of type 'int', expected one of type 'float'",
    ],
    [
      'a tensor that is none',
      withAttribute(text(1, 'a'), int(20, 4)),
      "model: graph.node[0].attribute 'a': has no value, expected one of type 'tensor'",
    ],
    [
      'an attribute again',
      file(
        bytes(1, [
          ...text(4, 'Op'),
          ...bytes(5, [...text(1, 'a'), ...int(3, 1)]),
          ...bytes(5, [...text(1, 'a'), ...int(3, 1)]),
        ]),
      ),
      "model: graph.node[0]: has a second attribute 'a'",
    ],
    [
      'half a packed float',
      withAttribute(text(1, 'a'), bytes(7, [0, 0, 0])),
      "model: graph.node[0].attribute 'a': a field takes 4 bytes, expected at most 3 (what is left)",
    ],
    [
      'a wide size',
      file(bytes(11, bytes(2, bytes(1, bytes(2, bytes(1, int(1, 2n ** 60n))))))),
      'model: graph.input[0].type.tensor_type.shape.dim[0]: dim_value is 1152921504606846976, expected less than 2⁵³',
    ],
    ['a function of no name', Uint8Array.from([...file([]), ...bytes(25, [])]), 'model: functions[0]: has no name'],
    [
      'two versions',
      Uint8Array.from([...file([]), ...bytes(8, int(2, 7)), ...bytes(8, [...text(1, 'ai.onnx'), ...int(2, 8)])]),
      "model: imports versions 7 and 8 of the operators of the domain '', expected one",
    ],
  ])('refuses %s', (_, of, message) => {
    const error = failure(() => parseModel(of));
    expect([error.code, error.message]).toEqual(['invalid-model', message]);
  });

  it('does not read sparse initializers', () => {
    const error = failure(() => parseModel(file(bytes(15, []))));
    expect(error.code).toBe('unsupported-layer');
    expect(error.message).toBe('model: graph: has a sparse_initializer, expected dense ones');
  });

  it('is given bytes', () => {
    for (const value of [undefined, null, 'abc', new ArrayBuffer(3), new Float32Array(3), []] as unknown[]) {
      expect(failure(() => parseModel(value as Uint8Array)).code).toBe('invalid-argument');
    }
  });
});
