/** A node of an ONNX graph as a converter of its operator reads it: attributes by type, with defaults, and each once. */
import { NnpackError, show } from '../errors.ts';
import type { Name } from '../graph/values.ts';
import type {
  AttributeProto,
  AttributeType,
  AttributeValues,
  NodeProto,
  TensorProto,
  ValueAttribute,
} from './proto.ts';
import { type ReadBytes, readTensor, type Tensor } from './tensor.ts';
import type { Int } from './wire.ts';

/** What was read of attributes: nodes of a function share theirs, however often it is called. */
const attributeTensors = new WeakMap<TensorProto, Tensor>();

export class NodeReader {
  /** As errors name it. */
  readonly who: string;
  readonly opType: string;
  /** The version of the operators of its domain. */
  readonly opset: number;
  /** null where an optional input is left out; those at the end are missing. */
  readonly inputs: readonly (Name | null)[];
  /** null where nobody wants an output. */
  readonly outputs: readonly (Name | null)[];
  readonly #node: NodeProto;
  readonly #readExternal: ReadBytes | undefined;
  readonly #read = new Set<string>();

  constructor(node: NodeProto, opset: number, readExternal?: ReadBytes) {
    this.who = `node ${show(node.name || node.outputs[0] || '')} (${node.opType})`;
    this.opType = node.opType;
    this.opset = opset;
    const named = (names: readonly string[]) => names.map((name) => (name === '' ? null : name));
    this.inputs = withoutLastNulls(named(node.inputs));
    this.outputs = withoutLastNulls(named(node.outputs));
    this.#node = node;
    this.#readExternal = readExternal;
  }

  has(name: string): boolean {
    return this.#node.attributes.has(name);
  }

  int(name: string): number | undefined;
  int(name: string, absent: number): number;
  int(name: string, absent?: number): number | undefined {
    const value = this.#value(name, 'int');
    return value === undefined ? absent : numberOf(value);
  }

  ints(name: string): readonly number[] | undefined;
  ints(name: string, absent: readonly number[]): readonly number[];
  ints(name: string, absent?: readonly number[]): readonly number[] | undefined {
    return this.#value(name, 'ints')?.map(numberOf) ?? absent;
  }

  float(name: string): number | undefined;
  float(name: string, absent: number): number;
  float(name: string, absent?: number): number | undefined {
    return this.#value(name, 'float') ?? absent;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#value(name, 'floats');
  }

  string(name: string): string | undefined;
  string(name: string, absent: string): string;
  string(name: string, absent?: string): string | undefined {
    return this.#value(name, 'string') ?? absent;
  }

  strings(name: string): readonly string[] | undefined {
    return this.#value(name, 'strings');
  }

  tensor(name: string): Tensor | undefined {
    const value = this.#value(name, 'tensor');
    if (value === undefined) return undefined;
    const known = attributeTensors.get(value);
    if (known !== undefined) return known;
    const tensor = readTensor(`${this.who}: attribute ${show(name)}`, value, this.#readExternal);
    attributeTensors.set(value, tensor);
    return tensor;
  }

  /** An input that must be there. */
  input(index: number): Name {
    const name = this.inputs[index];
    if (name) return name;
    throw new NnpackError('invalid-model', `${this.who}: input ${index} is missing`);
  }

  /** Attributes that nobody has read: an operator that does not know them would mean something else. */
  unread(): readonly string[] {
    return [...this.#node.attributes.keys()].filter((name) => !this.#read.has(name));
  }

  /** @throws NnpackError 'unsupported-layer' that says what this library does not do */
  unsupported(what: string): never {
    throw new NnpackError('unsupported-layer', `${this.who}: ${what} is not supported`);
  }

  invalid(what: string): never {
    throw new NnpackError('invalid-model', `${this.who}: ${what}`);
  }

  #value<Type extends AttributeType>(name: string, type: Type): AttributeValues[Type] | undefined {
    this.#read.add(name);
    const attribute = this.#node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (isOf(attribute, type)) return attribute.value;
    return this.invalid(`attribute ${show(name)} is of type ${attribute.type}, expected ${type}`);
  }
}

/** An attribute of a type, and so with a value of that type. */
function isOf<Type extends AttributeType>(
  attribute: AttributeProto,
  type: Type,
): attribute is ValueAttribute & { readonly type: Type; readonly value: AttributeValues[Type] } {
  return attribute.type === type;
}

/** Whole numbers beyond those of doubles stand for no end at all. */
function numberOf(value: Int): number {
  return Number(value);
}

function withoutLastNulls(names: readonly (Name | null)[]): readonly (Name | null)[] {
  return names.slice(0, names.findLastIndex((name) => name !== null) + 1);
}
