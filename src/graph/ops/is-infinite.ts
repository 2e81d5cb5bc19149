import { parseFlag } from '../parse-values.ts';
import { unaryWith } from './elementwise.ts';

/** Whether x is infinite, of a sign that counts. */
export interface IsInfiniteAttributes {
  /** Both count when not told. */
  readonly positive?: boolean;
  readonly negative?: boolean;
}

export const isInfinite = unaryWith<IsInfiniteAttributes>(
  { positive: true, negative: true },
  (who, { positive, negative }) => ({
    positive: parseFlag(who, 'positive', positive),
    negative: parseFlag(who, 'negative', negative),
  }),
  ({ positive = true, negative = true }) =>
    (x) =>
      Number((positive && x === Number.POSITIVE_INFINITY) || (negative && x === Number.NEGATIVE_INFINITY)),
  { dtype: 'bool' },
);
