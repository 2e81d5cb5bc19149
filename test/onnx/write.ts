/** What src/onnx/write-model.ts writes as lists of numbers, in which tests put what no writer would. */
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../../src/onnx/proto.ts';
import * as writer from '../../src/onnx/write-model.ts';

export { type Style, USUAL, writeModel } from '../../src/onnx/write-model.ts';

/** The bytes of a message, in a list. */
export type Bytes = number[];

const listed = (pieces: writer.Bytes): Bytes => [...writer.joined(pieces)];

export const varint = (value: number | bigint): Bytes => listed(writer.varint(value));
export const int = (field: number, value: number | bigint): Bytes => listed(writer.int(field, value));
export const text = (field: number, value: string): Bytes => listed(writer.text(field, value));
export const bytes = (field: number, value: ArrayLike<number>): Bytes =>
  listed(writer.bytes(field, [Uint8Array.from(value)]));

export const writeTensor = (tensor: TensorProto, style = writer.USUAL) => listed(writer.writeTensor(tensor, style));
export const writeAttribute = (of: AttributeProto, style = writer.USUAL) => listed(writer.writeAttribute(of, style));
export const writeNode = (node: NodeProto, style = writer.USUAL) => listed(writer.writeNode(node, style));
export const writeGraph = (graph: GraphProto, style = writer.USUAL) => listed(writer.writeGraph(graph, style));
