import { unary } from './elementwise.ts';

/** sin x */
export const sine = unary(Math.sin);
