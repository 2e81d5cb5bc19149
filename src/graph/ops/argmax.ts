import { extreme } from './extremes.ts';

/** The index of the greatest element along an axis. */
export const argmax = extreme((a, b) => a > b);
