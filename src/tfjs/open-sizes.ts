/** Sizes that are not known yet, and what follows from them. */
import type { Size } from '../graph/values.ts';
import type { Value } from './value.ts';

/** times · (the size of that name) + plus */
export interface LinearSize {
  readonly name: string;
  readonly times: number;
  readonly plus: number;
}

/** A size that is a number, or follows from one with a name; null where only a run tells it. */
export type KnownSize = number | LinearSize | null;

/** The elements of a list of sizes, or of a single one; undefined where nothing is known of it. */
export type SizesOf = (value: Value) => readonly KnownSize[] | undefined;

export function knownSize(size: Size): KnownSize {
  return typeof size === 'number' ? size : { name: size, times: 1, plus: 0 };
}

/** The size as a shape has it: a name only where it is that size itself. */
export function plainSize(size: KnownSize): Size | null {
  if (size === null || typeof size === 'number') return size;
  return size.times === 1 && size.plus === 0 ? size.name : null;
}

export function sumOf(a: KnownSize, b: KnownSize): KnownSize {
  if (a === null || b === null) return null;
  if (typeof a === 'number') return typeof b === 'number' ? a + b : { ...b, plus: b.plus + a };
  return typeof b === 'number' ? { ...a, plus: a.plus + b } : null;
}

export function productOf(a: KnownSize, b: KnownSize): KnownSize {
  if (a === null || b === null) return null;
  if (typeof a === 'number') {
    return typeof b === 'number' ? a * b : { ...b, times: b.times * a, plus: b.plus * a };
  }
  return typeof b === 'number' ? productOf(b, a) : null;
}
