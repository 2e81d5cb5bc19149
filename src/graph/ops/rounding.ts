import { unary } from './elementwise.ts';

/** The nearest whole number; of two, the even one. */
export const rounding = unary((x) => {
  const below = Math.floor(x);
  const over = x - below;
  // Infinities have nothing over, and −0 keeps its sign.
  if (over === 0 || !Number.isFinite(x)) return x;
  const rounded = over < 0.5 || (over === 0.5 && below % 2 === 0) ? below : below + 1;
  return rounded === 0 && x < 0 ? -0 : rounded;
});
