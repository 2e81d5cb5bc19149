import { unary } from './elementwise.ts';

/** artanh x */
export const inverseHyperbolicTangent = unary(Math.atanh);
