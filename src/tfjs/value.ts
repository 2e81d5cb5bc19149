/** A value of a model while the model is read: its axes as the model has them, and how they lie in memory. */
import type { KnownType } from '../graph/node.ts';
import type { Dtype, Name, Parameter, Size } from '../graph/values.ts';
import type { Order } from './orders.ts';

/** The axes behind the batch that a Flatten has made one, and the order in which they lie. */
export interface Flat {
  readonly sizes: readonly number[];
  readonly order: Order;
}

/** A value with the axes that it has in the model. */
export class Value {
  /** Of the layer that makes it. */
  readonly hint: Name;
  /** With its elements where they are known, and lie as in the model. */
  readonly type: KnownType;
  /** How it lies as it was made. */
  readonly order: Order;
  /** The numbers, of a constant. */
  readonly constant: Parameter | null;
  /** Its second axis has its elements in an order of their own. */
  readonly flat: Flat | null;
  /** The names under which it lies in some order. */
  readonly forms = new Map<string, Name>();

  constructor(hint: Name, type: KnownType, order: Order, constant: Parameter | null = null, flat: Flat | null = null) {
    this.hint = hint;
    this.type = type;
    this.order = order;
    this.constant = constant;
    this.flat = flat;
  }

  get shape(): readonly Size[] {
    return this.type.shape;
  }

  get rank(): number {
    return this.type.shape.length;
  }

  get dtype(): Dtype {
    return this.type.dtype;
  }
}

/** The most axes that one of some values has; a call with an argument for each value could not have so many. */
export function mostAxes(values: readonly Value[]): number {
  return values.reduce((most, { rank }) => Math.max(most, rank), 0);
}
