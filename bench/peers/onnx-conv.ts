/**
 * An ONNX model of one convolution, y = Conv(x, w, b), with w and b as initializers.
 *
 * An ONNX file is one protobuf message. A message is a run of fields; a field is a key, varint(number · 8 + wire type),
 * and its payload: wire type 0 is one varint, wire type 2 a length and as many bytes (a string, raw data, or a message
 * in turn). Field numbers below are those of onnx.proto3.
 */

import type { LayerProblem } from '../../src/cli/bench/layers.ts';

/** Names of the model's input and output. */
export const INPUT = 'x';
export const OUTPUT = 'y';

const IR_VERSION = 8;
const OPSET_VERSION = 13;
/** TensorProto.DataType and AttributeProto.AttributeType. */
const FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

export function convolutionModel(problem: LayerProblem): Uint8Array {
  return message(
    integer(1, IR_VERSION), // ModelProto.ir_version
    bytes(7, graph(problem)), // .graph
    bytes(8, message(text(1, ''), integer(2, OPSET_VERSION))), // .opset_import: domain '' is ONNX's own
  );
}

/** GraphProto. */
function graph(problem: LayerProblem): Uint8Array {
  const { kernelShape, kernel, bias } = problem;
  return message(
    bytes(1, convolutionNode(problem)), // .node
    text(2, 'convolution'), // .name
    bytes(5, tensor('w', kernelShape, kernel)), // .initializer
    bytes(5, tensor('b', [bias.length], bias)),
    bytes(11, valueInfo(INPUT, problem.inputShape)), // .input
    bytes(12, valueInfo(OUTPUT, problem.outputShape)), // .output
  );
}

/** NodeProto. */
function convolutionNode({ layer, kernelShape }: LayerProblem): Uint8Array {
  const { stride, padding, dilation, groups } = layer;
  return message(
    ...[INPUT, 'w', 'b'].map((name) => text(1, name)), // .input
    text(2, OUTPUT), // .output
    text(4, 'Conv'), // .op_type
    ...[
      integersAttribute('kernel_shape', [kernelShape[2], kernelShape[3]]),
      integersAttribute('strides', [stride, stride]),
      integersAttribute('pads', [padding, padding, padding, padding]), // top, left, bottom, right
      integersAttribute('dilations', [dilation, dilation]),
      message(text(1, 'group'), integer(3, groups), integer(20, ATTRIBUTE_INT)), // .name, .i, .type
    ].map((attribute) => bytes(5, attribute)), // .attribute
  );
}

/** AttributeProto of a list of integers. */
function integersAttribute(name: string, values: readonly number[]): Uint8Array {
  return message(
    text(1, name), // .name
    ...values.map((value) => integer(8, value)), // .ints
    integer(20, ATTRIBUTE_INTS), // .type
  );
}

/** TensorProto with raw, little-endian data. */
function tensor(name: string, shape: readonly number[], data: Float32Array): Uint8Array {
  return message(
    ...shape.map((size) => integer(1, size)), // .dims
    integer(2, FLOAT), // .data_type
    text(8, name), // .name
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)), // .raw_data
  );
}

/** ValueInfoProto: a name and a TypeProto, which holds a Tensor type, which holds a shape of dimensions. */
function valueInfo(name: string, shape: readonly number[]): Uint8Array {
  const dimensions = message(...shape.map((size) => bytes(1, integer(1, size)))); // .dim { dim_value }
  const tensorType = message(integer(1, FLOAT), bytes(2, dimensions)); // .elem_type, .shape
  return message(text(1, name), bytes(2, bytes(1, tensorType))); // .name, .type { tensor_type }
}

function message(...fields: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((length, field) => length + field.length, 0));
  let end = 0;
  for (const field of fields) {
    joined.set(field, end);
    end += field.length;
  }
  return joined;
}

/** A field of wire type 0. */
function integer(field: number, value: number): Uint8Array {
  return Uint8Array.of(...varint(field * 8), ...varint(value));
}

/** A field of wire type 2. */
function bytes(field: number, payload: Uint8Array): Uint8Array {
  return message(Uint8Array.of(...varint(field * 8 + 2), ...varint(payload.length)), payload);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

/** Base-128 digits of a whole number < 2³¹, the least significant first; all but the last have bit 7 set. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}
