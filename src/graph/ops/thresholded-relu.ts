import { finiteNumbers, unaryWith } from './elementwise.ts';

/** x where it is greater than the threshold, and 0 elsewhere. */
export interface ThresholdedReluAttributes {
  readonly threshold: number;
}

const FIELDS = { threshold: true } as const;

export const thresholdedRelu = unaryWith<ThresholdedReluAttributes>(
  FIELDS,
  finiteNumbers(FIELDS),
  ({ threshold }) =>
    (x) =>
      x > threshold ? x : 0,
);
