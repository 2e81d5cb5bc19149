import { unary } from './elementwise.ts';

/** cosh x */
export const hyperbolicCosine = unary(Math.cosh);
