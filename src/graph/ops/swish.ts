import { finiteNumbers, unaryWith } from './elementwise.ts';

/** x / (1 + e^(−slope · x)) */
export interface SwishAttributes {
  readonly slope: number;
}

const FIELDS = { slope: true } as const;

export const swish = unaryWith<SwishAttributes>(
  FIELDS,
  finiteNumbers(FIELDS),
  ({ slope }) =>
    (x) =>
      x / (1 + Math.exp(-slope * x)),
  {},
  { gate: 'swish', numbers: ({ slope }) => ({ slope, offset: 0 }) },
);
