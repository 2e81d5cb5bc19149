/** Two digits of a bound never say more than holds. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { atLeast, atMost } from '../../src/dispatch/digits.ts';
import { runs } from '../support/runs.ts';

it.each([
  [1.51e36, '1.6e+36', '1.5e+36'],
  [1.59e-36, '1.6e-36', '1.5e-36'],
  [9.96e4, '1.0e+5', '9.9e+4'],
  [2.5, '2.5e+0', '2.5e+0'],
  [0.1 + 0.2, '3.0e-1', '3.0e-1'],
  [0, '0.0e+0', '0.0e+0'],
  [Infinity, 'Infinity', 'Infinity'],
])('%d', (value, up, down) => {
  expect([atLeast(value), atMost(value)]).toEqual([up, down]);
});

it('is a number beside the value, no further than a tenth of its first digit', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (value) => {
      const [up, down] = [Number(atLeast(value)), Number(atMost(value))];
      const noise = 1 + 2 ** -50;
      expect(up * noise >= value && down <= value * noise).toBe(true);
      expect(up - down).toBeLessThanOrEqual(0.1 * noise * 10 ** Math.floor(Math.log10(value * noise)) + 0.01 * down);
    }),
    { numRuns: runs(500) },
  );
});
