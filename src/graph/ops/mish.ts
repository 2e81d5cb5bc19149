import { unary } from './elementwise.ts';

/** x · tanh(ln(1 + e^x)) */
export const mish = unary((x) => x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))));
