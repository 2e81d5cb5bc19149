import { unary } from './elementwise.ts';

/** ln(1 + e^x) */
export const softplus = unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
