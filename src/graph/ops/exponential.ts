import { unary } from './elementwise.ts';

/** e^x */
export const exponential = unary(Math.exp);
