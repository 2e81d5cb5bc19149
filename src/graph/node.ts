/** A node, whatever its operation. */
import { show } from '../errors.ts';
import type { DoubleTensor, Dtype, Name, Size, ValueType } from './values.ts';

/** What a node reads, what it makes, and the attributes that say how. */
export interface OpNode<A> {
  readonly name: Name;
  readonly op: string;
  /** null where an optional input is left out; those at the end may be missing. */
  readonly inputs: readonly (Name | null)[];
  readonly outputs: readonly Name[];
  readonly attributes: A;
}

/** The type of a value, and its elements where they are few and known before anything runs. */
export interface KnownType extends ValueType {
  readonly elements?: () => DoubleTensor;
}

/** null where an input is left out. */
export type InputTypes = readonly (KnownType | null)[];

/** What inference says of an output: null for a size that is not known and has no name yet. */
export interface InferredType {
  readonly dtype: Dtype;
  readonly shape: Sizes;
  /** Told where they follow from the types alone. */
  readonly elements?: () => DoubleTensor;
}

/** null where a size is not known. */
export type Sizes = readonly (Size | null)[];

/** How an error names a node. */
export function whoIs({ name, op }: Pick<OpNode<unknown>, 'name' | 'op'>): string {
  return `node ${show(name)} (${op})`;
}
