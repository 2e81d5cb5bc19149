import { isTruth, unary } from './elementwise.ts';

/** Whether x is false. */
export const not = unary((x) => Number(x === 0), { serves: isTruth });
