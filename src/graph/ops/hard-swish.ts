import { unary } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { SHIFTED_RELU6, sixths, times } from './pattern.ts';

/** x · min(max(x / 6 + 1/2, 0), 1) */
export const hardSwish: Operation<NoAttributes> = {
  ...unary(
    (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
    {},
    { gate: 'hardSwish', numbers: () => ({ slope: 1 / 6, offset: 0.5 }) },
  ),
  writtenOut: [
    ...sixths(times('x', SHIFTED_RELU6)),
    times('x', { op: 'hard-sigmoid', inputs: ['x'], attributes: { slope: 1 / 6, offset: 0.5 } }),
  ].map((pattern) => ({ pattern, attributes: {} })),
};
