import { unary } from './elementwise.ts';

/** 1 / (1 + e^−x) */
export const sigmoid = unary(
  (x) => {
    // e^−x has no end below, where e^x still tells small results apart.
    if (x >= 0) return 1 / (1 + Math.exp(-x));
    const power = Math.exp(x);
    return power / (1 + power);
  },
  {},
  { gate: 'sigmoid', numbers: () => ({ slope: 1, offset: 0 }) },
);
