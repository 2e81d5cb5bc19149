/** Small models for tests, and drawn ones. */
import fc from 'fast-check';
import { dataTypeOf } from '../../src/onnx/data-types.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  Model,
  NodeProto,
  TensorProto,
  ValueInfo,
} from '../../src/onnx/proto.ts';

/** A tensor of which some fields are there. */
export function tensorProto(fields: Partial<TensorProto>): TensorProto {
  const none = { rawData: null, floatData: null, int32Data: null, int64Data: null, doubleData: null, uint64Data: null };
  return { name: 't', dataType: 1, dims: [], ...none, external: null, isSegment: false, ...fields };
}

export function graphProto(fields: Partial<GraphProto> = {}): GraphProto {
  return { name: 'g', nodes: [], inputs: [], outputs: [], valueInfo: [], initializers: [], ...fields };
}

export function nodeProto(opType: string, attributes: readonly AttributeProto[] = []): NodeProto {
  const byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  return { name: 'n', opType, domain: '', overload: '', inputs: ['x'], outputs: ['y'], attributes: byName };
}

export function modelProto(graph: GraphProto, fields: Partial<Model> = {}): Model {
  return {
    irVersion: 8,
    opsets: new Map([['', 17]]),
    producer: { name: 'test', version: '1' },
    domain: '',
    modelVersion: 0,
    description: '',
    graph,
    functions: [],
    metadata: new Map(),
    ...fields,
  };
}

const name = fc.oneof(
  fc.constantFrom('', 'x', 'conv.weight', '__proto__', 'größe', '\ufeffx', '名', '𝒳', 'a'.repeat(70)),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const named = name.map((text) => text || 'n');
const domain = fc.constantFrom('', 'com.microsoft', 'local');
/** Of 64 bits, numbers where they are safe. */
const int = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.integer({ min: -3, max: 300 }).map(BigInt),
    fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 1n - 2n ** 53n, 2n ** 32n),
  )
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const float = fc.float();
const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 3 });
/** A field without elements is as good as none. */
const many = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 20 });

const numbers: fc.Arbitrary<Partial<TensorProto>> = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((rawData) => ({ rawData })),
  many(float).map((list) => ({ floatData: Float32Array.from(list) })),
  many(fc.integer()).map((list) => ({ int32Data: Int32Array.from(list) })),
  many(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((list) => ({ int64Data: BigInt64Array.from(list) })),
  many(fc.double()).map((list) => ({ doubleData: Float64Array.from(list) })),
  many(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map((list) => ({ uint64Data: BigUint64Array.from(list) })),
  fc.constant({ external: new Map([['location', 'w.bin']]) }),
);
const tensor = fc
  .tuple(name, fc.integer({ min: 0, max: 30 }), some(int), numbers, fc.boolean())
  .map(([name, dataType, dims, fields, isSegment]) => tensorProto({ name, dataType, dims, isSegment, ...fields }));

const size = fc.oneof(fc.nat(), named, fc.constant(null));
const type = fc.oneof(
  fc.constant(null),
  fc.constantFrom('sequence', 'map', 'optional', 'sparse tensor', 'opaque value').map((kind) => ({ kind }) as const),
  fc
    .tuple(fc.constantFrom(0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 16), fc.option(some(size)))
    .map(([number, shape]) => ({ kind: 'tensor', elements: dataTypeOf(number), shape }) as const),
);
const valueInfo: fc.Arbitrary<ValueInfo> = fc.record({ name, type });

type Graphs = { attribute: AttributeProto; node: NodeProto; graph: GraphProto };

const attributes = (of: fc.Arbitrary<AttributeProto>) =>
  some(of).map((list) => new Map(list.map((attribute) => [attribute.name, attribute])));

const drawn = fc.letrec<Graphs>((tie) => {
  const of = <T>(type: string, value: fc.Arbitrary<T>) =>
    fc.record({ name: named, type: fc.constant(type), value }) as unknown as fc.Arbitrary<AttributeProto>;
  const plain = [
    of('float', float),
    of('int', int),
    of('string', name),
    of('floats', some(float)),
    of('ints', some(int)),
    of('strings', some(name)),
    of('tensor', tensor),
    of('tensors', some(tensor)),
    fc.record({
      name: named,
      type: fc.constant('reference' as const),
      refAttrName: named,
      valueType: fc.constantFrom('ints' as const, null),
    }),
    named.map((name) => ({ name, type: 'unsupported', onnxType: 'SPARSE_TENSOR' }) as const),
  ];
  return {
    attribute: fc.oneof(
      { maxDepth: 1 },
      fc.oneof(...plain),
      of('graph', tie('graph')),
      of('graphs', some(tie('graph'))),
    ),
    node: fc.record({
      name,
      opType: named,
      domain,
      overload: name,
      inputs: some(name),
      outputs: some(name),
      attributes: attributes(tie('attribute')),
    }),
    graph: fc.record({
      name,
      nodes: some(tie('node')),
      inputs: some(valueInfo),
      outputs: some(valueInfo),
      valueInfo: some(valueInfo),
      initializers: some(tensor),
    }),
  };
});

const opsets = fc.constantFrom(
  new Map<string, number>(),
  new Map([['', 17]]),
  new Map([
    ['local', 1],
    ['', 9],
  ]),
);
const func: fc.Arbitrary<FunctionProto> = fc.record({
  name: named,
  domain,
  overload: name,
  inputs: some(name),
  outputs: some(name),
  attributes: some(name),
  defaults: attributes(drawn.attribute),
  nodes: some(drawn.node),
  opsets,
  valueInfo: some(valueInfo),
});

/** Models of anything that a file may hold. */
export const drawnModel: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.integer({ min: 1, max: 13 }),
  opsets,
  producer: fc.record({ name, version: name }),
  domain: name,
  modelVersion: int,
  description: name,
  graph: drawn.graph,
  functions: some(func),
  metadata: fc.constantFrom(
    new Map<string, string>(),
    new Map([
      ['__proto__', 'a'],
      ['b', ''],
    ]),
  ),
});

/** A model that has something of everything. */
export function smallModel(): Model {
  const weights = tensorProto({
    name: 'w',
    dims: [2, 3],
    rawData: new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
  });
  const bias = tensorProto({ name: 'b', dims: [3], floatData: Float32Array.of(1, -2, 0.5) });
  const steps = tensorProto({ name: 's', dataType: 7, dims: [2], int64Data: BigInt64Array.of(-1n, 2n ** 40n) });
  const inner = graphProto({ name: 'then', nodes: [nodeProto('Relu')], initializers: [steps] });
  const shape = { kind: 'tensor', elements: dataTypeOf(1), shape: ['N', 3, null] } as const;
  const nodes = [
    nodeProto('Conv', [
      { name: 'pads', type: 'ints', value: [0, 1, 2 ** 40, 2n ** 63n - 1n] },
      { name: 'auto_pad', type: 'string', value: 'NOTSET' },
      { name: 'alpha', type: 'float', value: 0.5 },
    ]),
    nodeProto('If', [{ name: 'then_branch', type: 'graph', value: inner }]),
  ];
  const inputs = [{ name: 'x', type: shape }];
  const of = { attributes: ['k'], defaults: new Map(), opsets: new Map([['', 17]]), valueInfo: [] };
  const twice = {
    name: 'Twice',
    domain: 'local',
    overload: '',
    inputs: ['x'],
    outputs: ['y'],
    nodes: [nodeProto('Add')],
    ...of,
  };
  const outputs = [{ name: 'y', type: { kind: 'sequence' } as const }];
  const graph = graphProto({ nodes, inputs, outputs, initializers: [weights, bias] });
  return modelProto(graph, { functions: [twice], metadata: new Map([['a', 'b']]) });
}

/** A network that can be read: y = Relu(Conv(x, w) + b) with w in a file beside the model's. */
export function smallNetwork(): Model {
  const types = (shape: readonly (number | string)[]) => ({ kind: 'tensor', elements: dataTypeOf(1), shape }) as const;
  const kernel = tensorProto({ name: 'w', dims: [2, 3, 1, 1], external: new Map([['location', 'w.bin']]) });
  const bias = tensorProto({ name: 'b', dims: [2], floatData: Float32Array.of(1, -1) });
  return modelProto(
    graphProto({
      nodes: [
        { ...nodeProto('Conv'), inputs: ['x', 'w', 'b'], outputs: ['c'] },
        { ...nodeProto('Relu'), inputs: ['c'] },
      ],
      inputs: [{ name: 'x', type: types(['N', 3, 'H', 'W']) }],
      outputs: [{ name: 'y', type: types(['N', 2, 'H', 'W']) }],
      initializers: [kernel, bias],
    }),
  );
}
