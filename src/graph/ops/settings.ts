/** Inputs that say what is done: axes, sizes and the like, as lists of whole numbers. */
import { NnpackError, show } from '../../errors.ts';
import { type InputTypes, type KnownType, type OpNode, whoIs } from '../node.ts';
import { type DoubleTensor, isFloat, shapeText } from '../values.ts';
import type { Given } from './operation.ts';

type Who = Pick<OpNode<unknown>, 'name' | 'op'>;

/** An axis among so many, from 0 on; a negative one is counted from behind the last. */
export function axisAmong(node: Who, axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  const text = `axis is ${show(axis)}, expected one of ${rank} axes (negative ones are counted from behind the last)`;
  throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
}

/** Axes, each once. */
export function axesAmong(node: Who, axes: readonly number[], rank: number): readonly number[] {
  const resolved = axes.map((axis) => axisAmong(node, axis, rank));
  if (new Set(resolved).size === axes.length) return resolved;
  throw new NnpackError('invalid-argument', `${whoIs(node)}: axes are ${show([...axes])}, expected each once`);
}

/** An axis, which may be negative, whatever the value has. */
export function wholeAxis(who: string, what: string, axis: unknown): number {
  if (Number.isSafeInteger(axis)) return axis as number;
  throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(axis)}, expected a whole number`);
}

/** The attribute `axis`. */
export function parseAxis(who: string, { axis }: Given): { readonly axis: number } {
  return { axis: wholeAxis(who, 'axis', axis) };
}

/** The numbers of an input that is a list of whole ones; null if they are not known yet, undefined if it is left out. */
export function listOf(
  node: Who,
  what: string,
  type: KnownType | null | undefined,
): readonly number[] | null | undefined {
  if (type === null || type === undefined) return undefined;
  expectWhole(node, what, type);
  if (type.shape.length > 1) {
    const text = `${what} expected a list, got ${shapeText(type.shape)}`;
    throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}`);
  }
  return type.elements === undefined ? null : [...type.elements().data];
}

export function expectWhole(node: Who, what: string, type: KnownType | null | undefined): void {
  if (!type || (!isFloat(type.dtype) && type.dtype !== 'bool')) return;
  const text = `${what} expected whole numbers, got ${type.dtype}`;
  throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
}

/** What is known of a value that is there. */
export function typeOfValue(value: DoubleTensor | null): KnownType | null {
  return value && { dtype: value.dtype ?? 'float32', shape: value.shape, elements: () => value };
}

/** The type of an input that is not optional. */
export function typeAt(inputs: InputTypes, place: number): KnownType {
  return inputs[place] as KnownType;
}

/** A place among so many, from 0 on; a negative one is counted from behind the last. */
export function placeAmong(node: Who, index: number, size: number): number {
  if (index >= -size && index < size) return index < 0 ? index + size : index;
  const text = `an index is ${index}, expected one of ${size} elements (negative ones are counted from behind the last)`;
  throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
}
