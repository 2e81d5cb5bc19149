/**
 * The types of all values of a graph, and what each node costs.
 *
 * A size that a graph leaves open stays a name through all of this, so that ranks and channels are checked as soon as a
 * graph is read, before the size of a picture is known. What follows from such a size and is another gets a name of its
 * own: `conv.2` is axis 2 of the value `conv`.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { Shape } from './compiled.ts';
import { defined } from './definition.ts';
import type { Graph, Node } from './graph.ts';
import { lazy } from './lazy.ts';
import { type InputTypes, type KnownType, whoIs } from './node.ts';
import { wrongRank } from './ops/inputs.ts';
import { valueCount } from './ops/operation.ts';
import { operationOf } from './ops/table.ts';
import {
  doublesOf,
  isExactInDouble,
  isTensorType,
  type Name,
  type Parameter,
  parameterOf,
  type Size,
  shapeText,
  type TensorType,
  type ValueType,
} from './values.ts';

/**
 * The types of a graph's values by their names: inputs, parameters, and what nodes make. One that follows from elements
 * that are not known is missing.
 */
export type Types = ReadonlyMap<Name, KnownType>;

/** Elements of a value that may be known before anything runs: what shapes are computed with. */
const MOST_KNOWN = 4096;

/**
 * The types that follow from those of the inputs, which are the declared ones where none are given.
 *
 * @throws NnpackError where a node cannot read what it is given
 * @example
 * inferTypes(graph).get('y'); // { dtype: 'float32', shape: ['N', 8, 'y.2', 'y.3'] }
 */
export function inferTypes(graph: Graph, inputs: Types = graph.inputs): Types {
  const types = new Map<Name, KnownType>(inputs);
  for (const [name, parameter] of graph.parameters) types.set(name, parameterType(parameter));
  for (const node of graph.nodes) {
    if (node.inputs.some((name) => name !== null && !types.has(name))) continue;
    for (const [i, type] of outputTypes(node, typesOf(types, node.inputs)).entries()) {
      if (type !== null) types.set(node.outputs[i], type);
    }
  }
  return types;
}

/** The types of values that a node reads. */
export function typesOf(types: Types, names: readonly (Name | null)[]): InputTypes {
  return names.map((name) => (name === null ? null : (types.get(name) ?? null)));
}

/** The types of what a node makes of inputs of these types. */
export function outputTypes(node: Node, inputs: InputTypes): readonly (KnownType | null)[] {
  const operation = operationOf(node);
  const first = valueCount(operation);
  operation.weights?.forEach(({ name, axes }, i) => {
    const type = inputs[first + i];
    if (type && type.shape.length !== axes.length) throw wrongRank(node, name, `[${axes.join(', ')}]`, type.shape);
  });
  const inferred = operation.infer(node, inputs).map((type, i): KnownType | null => {
    if (type === null) return null;
    const shape = type.shape.map((size, axis) => {
      expectSize(node, axis, size);
      return size ?? `${node.outputs[i]}.${axis}`;
    });
    return type.elements === undefined ? { dtype: type.dtype, shape } : { ...type, shape };
  });
  const isKnown = node.inputs.length > 0 && inputs.every((type) => type === null || type.elements !== undefined);
  return isKnown ? withElements(node, inputs, inferred) : inferred;
}

/** Sizes follow from whatever numbers a file has: NaN, fractions and what no double counts are no sizes. */
function expectSize(node: Node, axis: number, size: Size | null): void {
  if (typeof size !== 'number' || (Number.isSafeInteger(size) && size >= 0)) return;
  const text = `axis ${axis} of its output has ${show(size)} elements, expected a whole number below 2⁵³`;
  throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
}

/** The elements of outputs, which are computed when somebody asks for them. */
function withElements(
  node: Node,
  inputs: InputTypes,
  outputs: readonly (KnownType | null)[],
): readonly (KnownType | null)[] {
  const read = inputs.map((type) => type?.elements);
  const results = lazy(
    () =>
      defined(
        node,
        read.map((elements) => elements?.() ?? null),
      ),
    read.filter((elements) => elements !== undefined),
  );
  return outputs.map((type, i) => {
    if (type === null || type.elements !== undefined || !isFew(type)) return type;
    const elements = lazy(() => doublesOf(parameterOf(results()[i], type.dtype, 'constant')), [results]);
    return { ...type, elements };
  });
}

/** The types of parameters, whose elements are made once. */
const parameterTypes = new WeakMap<Parameter, KnownType>();

/** The type of a parameter, with its elements where they are few. */
export function parameterType(parameter: Parameter): KnownType {
  if (!isFew(parameter.type) || !isExactInDouble(parameter)) return parameter.type;
  const known = parameterTypes.get(parameter) ?? { ...parameter.type, elements: lazy(() => doublesOf(parameter)) };
  parameterTypes.set(parameter, known);
  return known;
}

/** Whether the elements of a value may be known before anything runs. */
export function isFew(type: ValueType): boolean {
  return isTensorType(type) && sizeOf(type.shape) <= MOST_KNOWN;
}

/** What a node costs. */
export interface NodeCost {
  /** As the field counts them: convolutions and fully-connected layers only. */
  readonly multiplyAdds: number;
  /** Learnt numbers that it reads, moving statistics not among them. */
  readonly parameters: number;
}

/** What each node of a graph costs, for types whose sizes are all known. */
export function costsOf(graph: Graph, types: Types): readonly NodeCost[] {
  return graph.nodes.map((node) => {
    const shapesOf = (names: readonly (Name | null)[]) =>
      names.map((name) => (name === null ? null : shapeOf(types, name)));
    const outputs = node.outputs.map((name) => shapeOf(types, name));
    const multiplyAdds = operationOf(node).multiplyAdds?.(shapesOf(node.inputs), outputs) ?? 0;
    return { multiplyAdds, parameters: learntNumbers(graph, node) };
  });
}

function learntNumbers({ parameters }: Graph, node: Node): number {
  const read = node.inputs.map((name) => (name === null ? undefined : parameters.get(name)));
  return read.reduce((sum, parameter) => {
    return parameter?.role === 'weight' ? sum + sizeOf(parameter.type.shape) : sum;
  }, 0);
}

/** The shape of a value, all of whose sizes are known. */
export function shapeOf(types: Types, name: Name): Shape {
  const type = types.get(name);
  if (type !== undefined && isTensorType(type)) return type.shape;
  const got = type === undefined ? 'no type' : shapeText(type.shape);
  throw new NnpackError('invalid-input-size', `value ${show(name)} has ${got}, expected sizes that are all known`);
}

/** The type of a value, all of whose sizes are known. */
export function typeOf(types: Types, name: Name): TensorType {
  const shape = shapeOf(types, name);
  return { dtype: (types.get(name) as ValueType).dtype, shape };
}

/**
 * The types of a graph's inputs with all of their sizes: those declared, and what the shapes given say of the names.
 *
 * @throws NnpackError where a shape given does not fit, or a size is told by none of them
 */
export function bindInputs(who: string, graph: Graph, shapes: ReadonlyMap<Name, Shape>): Types {
  const sizes = new Map<string, number>();
  for (const [name, shape] of shapes) bindShape(`${who}: input ${show(name)}`, graph.inputs.get(name), shape, sizes);
  return new Map(
    [...graph.inputs].map(([name, { dtype, shape }]) => {
      const bound = shape.map((size) => (typeof size === 'number' ? size : (sizes.get(size) ?? size)));
      if (bound.every((size) => typeof size === 'number')) return [name, { dtype, shape: bound }];
      const text = `input ${show(name)} expected positive sizes, got ${shapeText(bound)}`;
      throw new NnpackError('invalid-input-size', `${who}: ${text}`);
    }),
  );
}

function bindShape(who: string, declared: ValueType | undefined, shape: Shape, sizes: Map<string, number>): void {
  const expected = declared?.shape ?? [];
  const fits = expected.every((size, axis) => typeof size === 'string' || size === shape[axis]);
  if (!fits || shape.length !== expected.length) {
    const text = `expected ${shapeText(expected)} (a name is any size), got ${show([...shape])}`;
    throw new NnpackError('invalid-input-size', `${who} ${text}`);
  }
  expected.forEach((size, axis) => {
    const isDeclaredEmpty = size === 0 && shape[axis] === 0;
    if (!isDeclaredEmpty && (!Number.isSafeInteger(shape[axis]) || shape[axis] < 1)) {
      throw new NnpackError('invalid-input-size', `${who} expected positive sizes, got ${show([...shape])}`);
    }
    if (typeof size === 'number') return;
    const known = sizes.get(size);
    if (known !== undefined && known !== shape[axis]) {
      const text = `${shortened(size)} is ${shape[axis]} here and ${known} elsewhere, expected one size`;
      throw new NnpackError('invalid-input-size', `${who}: ${text}`);
    }
    sizes.set(size, shape[axis]);
  });
}
