import { unary } from './elementwise.ts';

/** arccos x */
export const arccosine = unary(Math.acos);
