import { unary } from './elementwise.ts';

/** arcsin x */
export const arcsine = unary(Math.asin);
