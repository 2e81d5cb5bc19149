/**
 * ONNX files, written by hand: a graph of nodes, its weights, its inputs and outputs.
 *
 * An ONNX file is one protobuf message. A message is a run of fields; a field is a key, varint(number · 8 + wire type),
 * and its payload:
 *
 *   wire type 0    one varint
 *   wire type 2    a length and as many bytes: a string, raw data, or a message in turn
 *   wire type 5    four bytes: a float
 *
 * Field numbers below are those of onnx.proto3. Weights are most of a file, half a gigabyte of VGG's. So a message is a
 * list of pieces until the file is written, and each weight is copied once.
 */

/** A message, or the fields of one: bytes in pieces. */
export type Message = readonly Uint8Array[];

const IR_VERSION = 8;
const OPSET_VERSION = 13;
/** TensorProto.DataType. */
const FLOAT = 1;
/** AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Message[];
  readonly weights: readonly Message[];
  readonly inputs: readonly Message[];
  readonly outputs: readonly Message[];
}

/** ModelProto: the whole file. */
export function model({ name, nodes, weights, inputs, outputs }: Graph): Uint8Array {
  // GraphProto: .node, .name, .initializer, .input, .output
  const graph = [
    ...nodes.flatMap((node) => bytes(1, node)),
    ...text(2, name),
    ...weights.flatMap((tensor) => bytes(5, tensor)),
    ...inputs.flatMap((info) => bytes(11, info)),
    ...outputs.flatMap((info) => bytes(12, info)),
  ];
  return joined([
    ...integer(1, IR_VERSION), // .ir_version
    ...bytes(7, graph), // .graph
    ...bytes(8, [...text(1, ''), ...integer(2, OPSET_VERSION)]), // .opset_import: domain '' is ONNX's own
  ]);
}

/** A value of an attribute; a whole number that means a float is written as { float: 1 }. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** NodeProto: one operation that makes one value. */
export function node(
  operation: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): Message {
  return [
    ...inputs.flatMap((name) => text(1, name)), // .input
    ...text(2, output), // .output
    ...text(4, operation), // .op_type
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))), // .attribute
  ];
}

/** AttributeProto. */
function attribute(name: string, value: Attribute): Message {
  const named = text(1, name); // .name
  if (typeof value === 'number') return [...named, ...integer(3, value), ...integer(20, ATTRIBUTE.int)]; // .i, .type
  if ('float' in value) return [...named, ...float(2, value.float), ...integer(20, ATTRIBUTE.float)]; // .f, .type
  return [...named, ...value.flatMap((each) => integer(8, each)), ...integer(20, ATTRIBUTE.ints)]; // .ints, .type
}

/** TensorProto with raw, little-endian data. */
export function tensor(name: string, shape: readonly number[], data: Float32Array): Message {
  return [
    ...shape.flatMap((size) => integer(1, size)), // .dims
    ...integer(2, FLOAT), // .data_type
    ...text(8, name), // .name
    ...bytes(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]), // .raw_data
  ];
}

/** ValueInfoProto: a name and a TypeProto, which holds a Tensor type, which holds a shape; a name is an open dimension. */
export function valueInfo(name: string, shape: readonly (number | string)[]): Message {
  const dimensions = shape.flatMap((size) => bytes(1, typeof size === 'number' ? integer(1, size) : text(2, size)));
  const tensorType = [...integer(1, FLOAT), ...bytes(2, dimensions)]; // .elem_type, .shape { dim { value, param } }
  return [...text(1, name), ...bytes(2, bytes(1, tensorType))]; // .name, .type { tensor_type }
}

/** A field of wire type 0. */
function integer(field: number, value: number): Message {
  return [Uint8Array.of(...varint(field * 8), ...varint(value))];
}

/** A field of wire type 2. */
function bytes(field: number, payload: Message): Message {
  return [Uint8Array.of(...varint(field * 8 + 2), ...varint(lengthOf(payload))), ...payload];
}

function text(field: number, value: string): Message {
  return bytes(field, [new TextEncoder().encode(value)]);
}

/** A field of wire type 5. */
function float(field: number, value: number): Message {
  return [Uint8Array.of(...varint(field * 8 + 5)), new Uint8Array(Float32Array.of(value).buffer)];
}

/** Base-128 digits of a whole number < 2³¹, the least significant first; all but the last have bit 7 set. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}

function lengthOf(message: Message): number {
  return message.reduce((length, piece) => length + piece.length, 0);
}

function joined(message: Message): Uint8Array {
  const file = new Uint8Array(lengthOf(message));
  let end = 0;
  for (const piece of message) {
    file.set(piece, end);
    end += piece.length;
  }
  return file;
}
