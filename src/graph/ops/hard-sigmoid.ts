import { finiteNumbers, unaryWith } from './elementwise.ts';
import type { Operation } from './operation.ts';
import { SHIFTED_RELU6, sixths } from './pattern.ts';

/** min(max(slope · x + offset, 0), 1) */
export interface HardSigmoidAttributes {
  readonly slope: number;
  readonly offset: number;
}

const FIELDS = { slope: true, offset: true } as const;

const SIXTH = { slope: 1 / 6, offset: 0.5 };

export const hardSigmoid: Operation<HardSigmoidAttributes> = {
  ...unaryWith<HardSigmoidAttributes>(
    FIELDS,
    finiteNumbers(FIELDS),
    ({ slope, offset }) =>
      (x) =>
        Math.min(Math.max(slope * x + offset, 0), 1),
    {},
    { gate: 'hardSigmoid', numbers: (attributes) => attributes },
  ),
  writtenOut: sixths(SHIFTED_RELU6).map((pattern) => ({ pattern, attributes: SIXTH })),
};
