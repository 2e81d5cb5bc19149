/** What operations of a value and a known number are of the value's channels. */
import type { ChannelForm } from './operation.ts';

/** x + p = 1 · x + p */
export const SUMMAND: ChannelForm = { scale: () => 1, shift: (p) => p };
/** x · p = p · x − 0: −0 is the summand that changes nothing. */
export const FACTOR: ChannelForm = { scale: (p) => p, shift: () => -0 };

/** 1 / p of a power of two; null for other numbers, whose reciprocals would be rounded: 6 / 3 would not be 2. */
export function exactReciprocal(p: number): number | null {
  const inverse = Math.fround(1 / p);
  const isExact = Number.isFinite(inverse) && inverse * p === 1 && Math.log2(Math.abs(p)) % 1 === 0;
  return isExact ? inverse : null;
}
