import type { KernelTable } from '../kernels/table.ts';
import type { Memory } from '../tensor/memory.ts';

/** What one thread works with; every thread has its own, over the same bytes. */
export interface Thread {
  /** 0 for the caller, 1 and up for workers. */
  readonly index: number;
  readonly memory: Memory;
  readonly kernels: KernelTable;
}

/** The numbers that a step reads; a worker gets them by value. */
export type Parameters = Record<string, number>;

/**
 * A named piece of work on the ranges [i, i + iCount) × [j, j + jCount). Workers cannot take closures, so a step is found
 * by its name on every thread, and reads everything else from numbers.
 */
export interface Step<P extends Parameters = Parameters> {
  readonly name: string;
  /** The parameters in the order in which they cross to a worker, which knows the step as one of any parameters. */
  readonly fields: readonly string[];
  run(thread: Thread, parameters: P, i: number, j: number, iCount: number, jCount: number): void;
}

/** The most parameters a step may have. */
export const MAX_FIELDS = 64;

/** A step whose fields are written once and typed from there. */
export function defineStep<F extends string>(
  name: string,
  fields: readonly F[],
  run: (thread: Thread, parameters: Record<F, number>, i: number, j: number, iCount: number, jCount: number) => void,
): Step<Record<F, number>> {
  if (fields.length > MAX_FIELDS) throw new RangeError(`step ${name} has ${fields.length} fields`);
  return Object.freeze({ name, fields, run });
}

/** Runs item number `item` of the tiled loop: what the caller and every worker do with a claim. */
export function runItem<P extends Parameters>(
  thread: Thread,
  step: Step<P>,
  parameters: P,
  item: number,
  rangeI: number,
  rangeJ: number,
  tileI: number,
  tileJ: number,
): void {
  const across = Math.ceil(rangeJ / tileJ);
  const i = Math.floor(item / across) * tileI;
  const j = (item % across) * tileJ;
  step.run(thread, parameters, i, j, Math.min(tileI, rangeI - i), Math.min(tileJ, rangeJ - j));
}
