import { unary } from './elementwise.ts';

/** 1 / (1 + e^−x) */
export const sigmoid = unary((x) => 1 / (1 + Math.exp(-x)));
