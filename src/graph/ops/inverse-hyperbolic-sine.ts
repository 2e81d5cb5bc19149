import { unary } from './elementwise.ts';

/** arsinh x */
export const inverseHyperbolicSine = unary(Math.asinh);
