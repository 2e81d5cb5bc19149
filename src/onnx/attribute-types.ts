/** The types of attributes: those that a file tells, and those that old files leave to be seen from the value. */
import { show } from '../errors.ts';
import { invalid, type Place } from './place.ts';
import type { AttributeProto, AttributeType, AttributeValues } from './proto.ts';

/** By ONNX's numbers; the names of those that are not read are ONNX's. */
const TYPES: readonly (AttributeType | 'SPARSE_TENSOR' | 'SPARSE_TENSORS' | 'TYPE_PROTO' | 'TYPE_PROTOS' | null)[] = [
  null,
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
  'SPARSE_TENSOR',
  'SPARSE_TENSORS',
  'TYPE_PROTO',
  'TYPE_PROTOS',
];

/** What is meant where the type is told and no value is there: numbers that are 0 may be left out. */
const DEFAULTS: Readonly<Record<AttributeType, AttributeValues[AttributeType] | null>> = {
  float: 0,
  int: 0,
  string: '',
  tensor: null,
  graph: null,
  floats: [],
  ints: [],
  strings: [],
  tensors: [],
  graphs: [],
};

/** What a file says of an attribute. */
export interface AttributeParts {
  readonly name: string;
  /** ONNX's number, or 0 where the file tells none. */
  readonly type: number;
  /** '' if it has a value of its own. */
  readonly refAttrName: string;
  /** The values of all fields that are there, one as a rule. */
  readonly values: Partial<AttributeValues>;
  /** ONNX's name of a type whose field is there, though its value is not read. */
  readonly unread: string | null;
}

/** The attribute that a file means. */
export function attributeOf({ name, type, refAttrName, values, unread }: AttributeParts, place: Place): AttributeProto {
  if (name === '') throw invalid(place, 'has no name');
  const there = Object.keys(values) as AttributeType[];
  const told = type === 0 ? null : (TYPES[type] ?? `type ${type}`);
  if (refAttrName !== '') {
    return { name, type: 'reference', refAttrName, valueType: told !== null && isRead(told) ? told : null };
  }
  if (told !== null && !isRead(told)) return { name, type: 'unsupported', onnxType: told };
  if (told === null && there.length === 0 && unread !== null) return { name, type: 'unsupported', onnxType: unread };
  const found = told ?? only(there, place);
  const value = values[found] ?? (there.length === 0 ? DEFAULTS[found] : null);
  if (value === null) {
    const got = there.length === 0 ? 'no value' : `a value of type ${show(there[0])}`;
    throw invalid(place, `has ${got}, expected one of type ${show(found)}`);
  }
  // the value is the one of the type's own field
  return { name, type: found, value } as AttributeProto;
}

function isRead(type: string): type is AttributeType {
  return Object.hasOwn(DEFAULTS, type);
}

function only(there: readonly AttributeType[], place: Place): AttributeType {
  if (there.length === 1) return there[0];
  const got =
    there.length === 0 ? 'neither a type nor a value' : `values of the types ${there.join(', ')}, and no type`;
  throw invalid(place, `has ${got}, expected a type`);
}
