import { unary } from './elementwise.ts';

/** √x */
export const squareRoot = unary(Math.sqrt, {}, (f32, n, x, y) => {
  for (let i = 0; i < n; i++) f32[y + i] = Math.sqrt(f32[x + i]);
});
