import { unary } from './elementwise.ts';

/** ln x */
export const logarithm = unary(Math.log);
