import { unary } from './elementwise.ts';

/** arctan x */
export const arctangent = unary(Math.atan);
