import { isNumber, unary } from './elementwise.ts';

/** −x */
export const negation = unary(
  (x) => -x,
  { serves: isNumber },
  (f32, n, x, y) => {
    for (let i = 0; i < n; i++) f32[y + i] = -f32[x + i];
  },
);
