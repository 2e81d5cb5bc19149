import { unary } from './elementwise.ts';

/** cos x */
export const cosine = unary(Math.cos);
