/** Writes ONNX files from the objects that they are read into, field by field from the schema. */
import { inMemory } from '../check/stored-bytes.ts';
import { dataTypeNumberOf } from './data-types.ts';
import type {
  AttributeProto,
  AttributeType,
  FunctionProto,
  GraphProto,
  Model,
  NodeProto,
  TensorProto,
  ValueInfo,
} from './proto.ts';

/** How a file may be written that means the same. */
export interface Style {
  /** Whether lists of numbers are one value each. */
  readonly packed: boolean;
  /** Whether attributes tell their types. */
  readonly typed: boolean;
}

export const USUAL: Style = { packed: true, typed: true };

/** Bytes in pieces: the numbers of tensors are copied once, into the file. */
export type Bytes = readonly Uint8Array[];

const encoder = new TextEncoder();

export function varint(value: number | bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return [Uint8Array.from(bytes)];
}

/** A field with a varint. */
export const int = (field: number, value: number | bigint): Bytes => [...varint(8 * field), ...varint(value)];

/** A field with bytes, or a message. */
export const bytes = (field: number, value: Bytes): Bytes => [
  ...varint(8 * field + 2),
  ...varint(lengthOf(value)),
  ...value,
];

export const text = (field: number, value: string): Bytes => bytes(field, [encoder.encode(value)]);

function lengthOf(pieces: Bytes): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** The pieces as one. */
export function joined(pieces: Bytes): Uint8Array {
  const whole = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const fixed32 = (value: number): Bytes => [new Uint8Array(Float32Array.of(value).buffer)];
const fixed64 = (value: number): Bytes => [new Uint8Array(Float64Array.of(value).buffer)];

/** A list of numbers; `wire` is their wire type where each has a tag. */
function numbers<T>(field: number, wire: number, list: Iterable<T>, one: (value: T) => Bytes, packed: boolean): Bytes {
  const values = [...list].map(one);
  if (packed) return bytes(field, [joined(values.flat())]);
  return values.flatMap((value) => [...varint(8 * field + wire), ...value]);
}

const optional = <T>(value: T | null, write: (value: T) => Bytes): Bytes => (value === null ? [] : write(value));
const texts = (field: number, list: readonly string[]) => list.flatMap((value) => text(field, value));
const messages = <T>(field: number, list: Iterable<T>, write: (value: T) => Bytes) => {
  return [...list].flatMap((value) => bytes(field, write(value)));
};
const entry = ([key, value]: readonly [string, string]) => [...text(1, key), ...text(2, value)];
const opset = ([domain, version]: readonly [string, number | bigint]) => [...text(1, domain), ...int(2, version)];

const OTHER_TYPES = { sequence: 4, map: 5, 'opaque value': 7, 'sparse tensor': 8, optional: 9 } as const;

const ATTRIBUTE_TYPES: Readonly<Record<AttributeType, number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
};

export function writeTensor(tensor: TensorProto, { packed }: Style = USUAL): Bytes {
  return [
    ...numbers(1, 0, tensor.dims, varint, packed),
    ...int(2, tensor.dataType),
    ...(tensor.isSegment ? bytes(3, []) : []),
    ...optional(tensor.floatData, (list) => numbers(4, 5, list, fixed32, packed)),
    ...optional(tensor.int32Data, (list) => numbers(5, 0, list, varint, packed)),
    ...optional(tensor.int64Data, (list) => numbers(7, 0, list, varint, packed)),
    ...text(8, tensor.name),
    ...optional(tensor.rawData, (data) => bytes(9, [inMemory('tensor', data)])),
    ...optional(tensor.doubleData, (list) => numbers(10, 1, list, fixed64, packed)),
    ...optional(tensor.uint64Data, (list) => numbers(11, 0, list, varint, packed)),
    ...optional(tensor.external, (entries) => [...messages(13, entries, entry), ...int(14, 1)]),
  ];
}

function writeValueInfo({ name, type }: ValueInfo): Bytes {
  const write = (): Bytes => {
    if (type === null) return [];
    if (type.kind !== 'tensor') return bytes(2, bytes(OTHER_TYPES[type.kind], []));
    const size = (value: number | string | null) => {
      return optional(value, (known) => (typeof known === 'string' ? text(2, known) : int(1, known)));
    };
    const shape = optional(type.shape, (sizes) => bytes(2, messages(1, sizes, size)));
    return bytes(2, bytes(1, [...int(1, dataTypeNumberOf(type.elements)), ...shape]));
  };
  return [...text(1, name), ...write()];
}

export function writeAttribute(attribute: AttributeProto, style: Style = USUAL): Bytes {
  const { name, type } = attribute;
  if (type === 'unsupported') return [...text(1, name), ...bytes(22, []), ...int(20, 11)];
  if (type === 'reference') {
    const { refAttrName, valueType } = attribute;
    return [...text(1, name), ...text(21, refAttrName), ...optional(valueType, (of) => int(20, ATTRIBUTE_TYPES[of]))];
  }
  const value = writeValue(attribute, style);
  return [...text(1, name), ...value, ...(style.typed || value.length === 0 ? int(20, ATTRIBUTE_TYPES[type]) : [])];
}

function writeValue(attribute: Exclude<AttributeProto, { type: 'unsupported' | 'reference' }>, style: Style): Bytes {
  switch (attribute.type) {
    case 'float':
      return [...varint(8 * 2 + 5), ...fixed32(attribute.value)];
    case 'int':
      return int(3, attribute.value);
    case 'string':
      return text(4, attribute.value);
    case 'tensor':
      return bytes(5, writeTensor(attribute.value, style));
    case 'graph':
      return bytes(6, writeGraph(attribute.value, style));
    case 'floats':
      return numbers(7, 5, attribute.value, fixed32, style.packed);
    case 'ints':
      return numbers(8, 0, attribute.value, varint, style.packed);
    case 'strings':
      return texts(9, attribute.value);
    case 'tensors':
      return messages(10, attribute.value, (tensor) => writeTensor(tensor, style));
    case 'graphs':
      return messages(11, attribute.value, (graph) => writeGraph(graph, style));
  }
}

export function writeNode(node: NodeProto, style: Style = USUAL): Bytes {
  return [
    ...texts(1, node.inputs),
    ...texts(2, node.outputs),
    ...text(3, node.name),
    ...text(4, node.opType),
    ...messages(5, node.attributes.values(), (attribute) => writeAttribute(attribute, style)),
    ...text(7, node.domain),
    ...text(8, node.overload),
  ];
}

export function writeGraph(graph: GraphProto, style: Style = USUAL): Bytes {
  return [
    ...messages(1, graph.nodes, (node) => writeNode(node, style)),
    ...text(2, graph.name),
    ...messages(5, graph.initializers, (tensor) => writeTensor(tensor, style)),
    ...messages(11, graph.inputs, writeValueInfo),
    ...messages(12, graph.outputs, writeValueInfo),
    ...messages(13, graph.valueInfo, writeValueInfo),
  ];
}

function writeFunction(of: FunctionProto, style: Style): Bytes {
  return [
    ...text(1, of.name),
    ...texts(4, of.inputs),
    ...texts(5, of.outputs),
    ...texts(6, of.attributes),
    ...messages(7, of.nodes, (node) => writeNode(node, style)),
    ...messages(9, of.opsets, opset),
    ...text(10, of.domain),
    ...messages(11, of.defaults.values(), (attribute) => writeAttribute(attribute, style)),
    ...messages(12, of.valueInfo, writeValueInfo),
    ...text(13, of.overload),
  ];
}

export function writeModel(model: Model, style: Style = USUAL): Uint8Array {
  return joined([
    ...int(1, model.irVersion),
    ...text(2, model.producer.name),
    ...text(3, model.producer.version),
    ...text(4, model.domain),
    ...int(5, model.modelVersion),
    ...text(6, model.description),
    ...bytes(7, writeGraph(model.graph, style)),
    ...messages(8, model.opsets, opset),
    ...messages(14, model.metadata, entry),
    ...messages(25, model.functions, (of) => writeFunction(of, style)),
  ]);
}
