import { unary } from './elementwise.ts';

/** tan x */
export const tangent = unary(Math.tan);
