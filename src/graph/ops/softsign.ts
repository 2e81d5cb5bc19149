import { unary } from './elementwise.ts';

/** x / (1 + |x|) */
export const softsign = unary((x) => x / (1 + Math.abs(x)));
