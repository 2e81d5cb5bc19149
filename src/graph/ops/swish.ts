import { finiteNumbers, unaryWith } from './elementwise.ts';
import type { Operation } from './operation.ts';
import { times } from './pattern.ts';

/** x / (1 + e^(−slope · x)) */
export interface SwishAttributes {
  readonly slope: number;
}

const FIELDS = { slope: true } as const;

export const swish: Operation<SwishAttributes> = {
  ...unaryWith<SwishAttributes>(
    FIELDS,
    finiteNumbers(FIELDS),
    ({ slope }) =>
      (x) =>
        x / (1 + Math.exp(-slope * x)),
    {},
    { gate: 'swish', numbers: ({ slope }) => ({ slope, offset: 0 }) },
  ),
  writtenOut: [{ pattern: times('x', { op: 'sigmoid', inputs: ['x'] }), attributes: { slope: 1 } }],
};
