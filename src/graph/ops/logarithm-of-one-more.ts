import { unary } from './elementwise.ts';

/** log(1 + x), exact for small x too, where the sum would have lost its digits. */
export const logarithmOfOneMore = unary(Math.log1p);
