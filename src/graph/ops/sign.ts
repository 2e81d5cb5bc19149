import { isNumber, unary } from './elementwise.ts';

/** −1, 0 or 1, as x is negative, zero or positive. */
export const sign = unary(Math.sign, { serves: isNumber });
