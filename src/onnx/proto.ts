/**
 * An ONNX file as plain objects, before any operator has a meaning: the messages of ONNX's onnx.proto with the fields that
 * inference needs. What a file leaves out is '', 0 or an empty list, as protobuf has it, or null where that is told from
 * what is there. The domain 'ai.onnx' is written '', which is the same.
 */
import type { Bytes } from '../check/stored-bytes.ts';
import type { DataType } from './data-types.ts';
import type { Int } from './wire.ts';

export interface Model {
  readonly irVersion: Int;
  /** The version of each domain's set of operators. */
  readonly opsets: ReadonlyMap<string, Int>;
  readonly producer: { readonly name: string; readonly version: string };
  /** Who made the model, as a domain: 'org.example'. */
  readonly domain: string;
  readonly modelVersion: Int;
  readonly description: string;
  readonly graph: GraphProto;
  readonly functions: readonly FunctionProto[];
  readonly metadata: ReadonlyMap<string, string>;
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfo: readonly ValueInfo[];
  readonly initializers: readonly TensorProto[];
}

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** Which of the functions of one name. */
  readonly overload: string;
  /** '' where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
}

/** What the attributes of each type hold. */
export interface AttributeValues {
  readonly float: number;
  readonly int: Int;
  readonly string: string;
  readonly tensor: TensorProto;
  readonly graph: GraphProto;
  readonly floats: readonly number[];
  readonly ints: readonly Int[];
  readonly strings: readonly string[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
}

/** The types of attributes that are read. */
export type AttributeType = keyof AttributeValues;

/** An attribute with its value. */
export type ValueAttribute = {
  [Type in AttributeType]: { readonly name: string; readonly type: Type; readonly value: AttributeValues[Type] };
}[AttributeType];

/** An attribute of a node in a function, whose value is that of the function's attribute of another name. */
export interface ReferenceAttribute {
  readonly name: string;
  readonly type: 'reference';
  readonly refAttrName: string;
  /** Of the value, where the file tells it. */
  readonly valueType: AttributeType | null;
}

/** An attribute whose value is not read. */
export interface UnsupportedAttribute {
  readonly name: string;
  readonly type: 'unsupported';
  /** ONNX's name. */
  readonly onnxType: string;
}

export type AttributeProto = ValueAttribute | ReferenceAttribute | UnsupportedAttribute;

/**
 * The numbers of a tensor as the file has them: `rawData`, or a field of their type, or another file. `readTensor` makes
 * them those of a graph.
 */
export interface TensorProto {
  readonly name: string;
  /** ONNX's number. */
  readonly dataType: number;
  readonly dims: readonly Int[];
  /** Where they lie in the file: no copy. */
  readonly rawData: Bytes | null;
  readonly floatData: Float32Array | null;
  /** Of all shorter integers too, of bool, and the bits of float16 and bfloat16. */
  readonly int32Data: Int32Array | null;
  readonly int64Data: BigInt64Array | null;
  readonly doubleData: Float64Array | null;
  /** Of uint32 too. */
  readonly uint64Data: BigUint64Array | null;
  /** Where another file has them: 'location', 'offset' and 'length'. */
  readonly external: ReadonlyMap<string, string> | null;
  /** Whether it is one of the parts of a tensor. */
  readonly isSegment: boolean;
}

export interface ValueInfo {
  readonly name: string;
  readonly type: TypeProto | null;
}

/** The type of a value; others than tensors only say what they are. */
export type TypeProto = TensorTypeProto | { readonly kind: (typeof OTHER_KINDS)[number] };

/** The types that no graph carries. */
export const OTHER_KINDS = ['sequence', 'map', 'optional', 'sparse tensor', 'opaque value'] as const;

export interface TensorTypeProto {
  readonly kind: 'tensor';
  readonly elements: DataType;
  /** A size is a number, a name, or null where nothing is known; without a shape not even the rank is. */
  readonly shape: readonly (number | string | null)[] | null;
}

/** Operators as a graph of others; a node may call it by its domain, name and overload. */
export interface FunctionProto {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The names of the attributes that every call gives. */
  readonly attributes: readonly string[];
  /** The attributes that a call may leave out, with their values then. */
  readonly defaults: ReadonlyMap<string, AttributeProto>;
  readonly nodes: readonly NodeProto[];
  readonly opsets: ReadonlyMap<string, Int>;
  readonly valueInfo: readonly ValueInfo[];
}
