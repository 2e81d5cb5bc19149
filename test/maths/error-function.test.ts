/** The error function against its series and its continued fraction, which share nothing with it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { erf, erfc } from '../../src/maths/error-function.ts';
import { runs } from '../support/runs.ts';

const EPSILON = 2 ** -53;

/** 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, whose terms are all of one sign (DLMF 7.6.2). */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > EPSILON * 1e-3 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** e^(−x²) / √π · 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + …)))) for x > 0 (DLMF 7.9.1). */
function fraction(x: number): number {
  let below = x;
  for (let n = 400; n > 0; n--) below = x + n / 2 / below;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / below;
}

/** An error of x² in double is one of e^(−x²), of x² times as many units; the rest are some roundings. */
const bound = (x: number) => (x * x + 20) * EPSILON;

describe('the error function', () => {
  it('is its series where that is short', () => {
    const x = fc.double({ min: -3, max: 3, noNaN: true });
    const property = fc.property(x, (x) => {
      expect(Math.abs(erf(x) - series(x))).toBeLessThanOrEqual(bound(x) * Math.abs(series(x)));
    });
    fc.assert(property, { numRuns: runs(500) });
  });

  it('leaves the continued fraction, to the last digits also where that is small', () => {
    const property = fc.property(fc.double({ min: 1.5, max: 26, noNaN: true }), (x) => {
      expect(Math.abs(erfc(x) - fraction(x))).toBeLessThanOrEqual(bound(x) * fraction(x));
      expect(Math.abs(erfc(-x) - (2 - fraction(x)))).toBeLessThanOrEqual(3 * EPSILON);
    });
    fc.assert(property, { numRuns: runs(500) });
  });

  it.each([
    [0, 0],
    [-0, -0],
    [Number.POSITIVE_INFINITY, 1],
    [Number.NEGATIVE_INFINITY, -1],
    [Number.NaN, Number.NaN],
    [30, 1],
    [2 ** -1000, 2 ** -1000 * 1.1283791670955126],
  ])('of %d is %d', (x, y) => {
    expect(erf(x)).toBe(y);
  });
});
