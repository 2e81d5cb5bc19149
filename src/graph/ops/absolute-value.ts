import { isNumber, unary } from './elementwise.ts';

/** |x| */
export const absoluteValue = unary(Math.abs, { serves: isNumber }, (f32, n, x, y) => {
  for (let i = 0; i < n; i++) f32[y + i] = Math.abs(f32[x + i]);
});
