import { extreme } from './extremes.ts';

/** The index of the least element along an axis. */
export const argmin = extreme((a, b) => a < b);
