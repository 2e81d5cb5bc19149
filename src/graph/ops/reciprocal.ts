import { unary } from './elementwise.ts';

/** 1 / x */
export const reciprocal = unary(
  (x) => 1 / x,
  {},
  (f32, n, x, y) => {
    for (let i = 0; i < n; i++) f32[y + i] = 1 / f32[x + i];
  },
);
