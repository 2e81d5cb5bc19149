import { unary } from './elementwise.ts';

/** arcosh x */
export const inverseHyperbolicCosine = unary(Math.acosh);
