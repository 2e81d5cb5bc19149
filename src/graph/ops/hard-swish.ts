import { unary } from './elementwise.ts';

/** x · min(max(x / 6 + 1/2, 0), 1) */
export const hardSwish = unary(
  (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  {},
  { gate: 'hardSwish', numbers: () => ({ slope: 1 / 6, offset: 0.5 }) },
);
