import { finiteNumbers, unaryWith } from './elementwise.ts';

/** x + offset below −threshold, x − offset above the threshold, and 0 between. */
export interface ShrinkageAttributes {
  readonly threshold: number;
  readonly offset: number;
}

const FIELDS = { threshold: true, offset: true } as const;

export const shrinkage = unaryWith<ShrinkageAttributes>(
  FIELDS,
  finiteNumbers(FIELDS),
  ({ threshold, offset }) =>
    (x) =>
      x < -threshold ? x + offset : x > threshold ? x - offset : 0,
);
