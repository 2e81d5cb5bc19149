import { unary } from './elementwise.ts';

/** sinh x */
export const hyperbolicSine = unary(Math.sinh);
