/** Operations as models write them out in others: what a pass looks for, to make one node of several. */

/** x, a known number, or a node that makes the value. */
export type Pattern = 'x' | number | NodePattern;

/** A node of this operation, with inputs in this order or, where its operation does not mind, in the other. */
export interface NodePattern {
  readonly op: string;
  readonly inputs: readonly Pattern[];
  /** Those that it must have; numbers are equal where float32 does not tell them apart. */
  readonly attributes?: Readonly<Record<string, number>>;
}

/** A way to write an operation of x out, and the attributes of the node that stands for it. */
export interface WrittenOut<A extends object> {
  readonly pattern: NodePattern;
  readonly attributes: A;
}

export const plus = (a: Pattern, b: Pattern): NodePattern => ({ op: 'sum', inputs: [a, b] });
export const times = (a: Pattern, b: Pattern): NodePattern => ({ op: 'multiplication', inputs: [a, b] });
export const over = (a: Pattern, b: Pattern): NodePattern => ({ op: 'division', inputs: [a, b] });

/** min(max(x + 3, 0), 6): six times the hard sigmoid. */
export const SHIFTED_RELU6: NodePattern = { op: 'clamp', inputs: [plus('x', 3)], attributes: { min: 0, max: 6 } };

/** A sixth of a value, which some write as a quotient and others as a product. */
export const sixths = (of: Pattern): readonly NodePattern[] => [over(of, 6), times(of, 1 / 6)];
