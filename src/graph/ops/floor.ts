import { unary } from './elementwise.ts';

/** The greatest whole number that is at most x. */
export const floor = unary(Math.floor, {}, (f32, n, x, y) => {
  for (let i = 0; i < n; i++) f32[y + i] = Math.floor(f32[x + i]);
});
