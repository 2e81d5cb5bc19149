import type { Row } from './result.ts';

/** Whether a row's ratio meets its goal; undefined without a goal. A goal without a ratio, or with NaN, is not met. */
export function isMet({ ratio = Number.NaN, goal }: Row): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}
