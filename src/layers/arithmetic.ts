import type { Context } from '../context/context.ts';
import { COMBINATIONS, type Combination } from '../kernels/table.ts';
import { arithmeticStep, itemSize } from './steps.ts';

/** How two values lie along rows of rows of an output: distances in elements, 0 where a value stays where it is. */
export interface PairRows {
  /** Rows, in groups of `inner`. */
  readonly rows: number;
  readonly inner: number;
  /** Elements of a row. */
  readonly columns: number;
  /** From one group, row and element to the next. */
  readonly a: readonly [outer: number, inner: number, step: number];
  readonly b: readonly [outer: number, inner: number, step: number];
}

/** y = a ∘ b, y being dense; it may be a or b where that goes along with it. */
export function runArithmetic(
  context: Context,
  combination: Combination,
  { rows, inner, columns, a, b }: PairRows,
  aAt: number,
  bAt: number,
  y: number,
): void {
  const [aOuter, aInner, aStep] = a;
  const [bOuter, bInner, bStep] = b;
  const parameters = {
    combination: COMBINATIONS.indexOf(combination),
    ...{ inner, columns, a: aAt, aOuter, aInner, aStep, b: bAt, bOuter, bInner, bStep, y },
  };
  const item = itemSize(columns);
  context.pool.parallelize2dTile2d(arithmeticStep, parameters, rows, columns, item.rows, item.columns);
}
