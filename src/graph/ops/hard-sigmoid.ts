import { finiteNumbers, unaryWith } from './elementwise.ts';

/** min(max(slope · x + offset, 0), 1) */
export interface HardSigmoidAttributes {
  readonly slope: number;
  readonly offset: number;
}

const FIELDS = { slope: true, offset: true } as const;

export const hardSigmoid = unaryWith<HardSigmoidAttributes>(
  FIELDS,
  finiteNumbers(FIELDS),
  ({ slope, offset }) =>
    (x) =>
      Math.min(Math.max(slope * x + offset, 0), 1),
  {},
  { gate: 'hardSigmoid', numbers: (attributes) => attributes },
);
