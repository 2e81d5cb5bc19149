import { unary } from './elementwise.ts';

/** tanh x */
export const hyperbolicTangent = unary(Math.tanh);
