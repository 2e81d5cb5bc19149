import { unary } from './elementwise.ts';

/** The least whole number that is at least x. */
export const ceiling = unary(Math.ceil, {}, (f32, n, x, y) => {
  for (let i = 0; i < n; i++) f32[y + i] = Math.ceil(f32[x + i]);
});
