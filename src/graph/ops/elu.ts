import { finiteNumbers, unaryWith } from './elementwise.ts';

/** x where it is positive, and alpha · (e^x − 1) elsewhere; all of it times scale. */
export interface EluAttributes {
  readonly alpha: number;
  readonly scale: number;
}

const FIELDS = { alpha: true, scale: true } as const;

export const elu = unaryWith<EluAttributes>(
  FIELDS,
  finiteNumbers(FIELDS),
  ({ alpha, scale }) =>
    (x) =>
      scale * (x > 0 ? x : alpha * Math.expm1(x)),
);
