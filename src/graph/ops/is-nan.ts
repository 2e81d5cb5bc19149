import { unary } from './elementwise.ts';

/** Whether x is no number at all. */
export const isNan = unary((x) => Number(Number.isNaN(x)), { dtype: 'bool' });
