import { unary } from './elementwise.ts';

/** eˣ − 1, exact for small x too, where the difference of the two would have lost its digits. */
export const exponentialMinusOne = unary(Math.expm1);
