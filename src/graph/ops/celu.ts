import { finiteNumbers, unaryWith } from './elementwise.ts';

/** max(x, 0) + min(alpha · (e^(x / alpha) − 1), 0) */
export interface CeluAttributes {
  readonly alpha: number;
}

const FIELDS = { alpha: true } as const;

export const celu = unaryWith<CeluAttributes>(
  FIELDS,
  finiteNumbers(FIELDS),
  ({ alpha }) =>
    (x) =>
      Math.max(x, 0) + Math.min(alpha * Math.expm1(x / alpha), 0),
);
