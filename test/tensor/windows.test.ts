/** The windows along an axis, held to what their definition says: each place where a window may begin is looked at. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reachOf, windowsAlong } from '../../src/tensor/windows.ts';
import { runs } from '../support/runs.ts';

const axis = fc.record({
  size: fc.integer({ min: 1, max: 20 }),
  before: fc.integer({ min: 0, max: 8 }),
  after: fc.integer({ min: 0, max: 8 }),
  reach: fc.integer({ min: 1, max: 12 }),
  stride: fc.integer({ min: 1, max: 7 }),
});

describe('the windows along an axis', () => {
  it('are, of valid, as many as begin and end inside of the padded input', () => {
    fc.assert(
      fc.property(axis, ({ size, before, after, reach, stride }) => {
        let count = 0;
        while (count * stride + reach <= before + size + after) count++;
        expect(windowsAlong('valid', size, before, after, reach, stride)).toEqual(
          count === 0 ? null : { before, after, count },
        );
      }),
      { numRuns: runs(200) },
    );
  });

  it('are, of full, as many as it takes to see the end of the padded input', () => {
    fc.assert(
      fc.property(axis, ({ size, before, after, reach, stride }) => {
        let count = 1;
        while ((count - 1) * stride + reach < before + size + after) count++;
        expect(windowsAlong('full', size, before, after, reach, stride)).toEqual({ before, after, count });
      }),
      { numRuns: runs(200) },
    );
  });

  it('are, of same, one for each stride that is begun, with no more zeros than they need, the odd one after', () => {
    fc.assert(
      fc.property(axis, ({ size, before, after, reach, stride }) => {
        const found = windowsAlong('same', size, before, after, reach, stride)!;
        let count = 0;
        for (let begin = 0; begin < size; begin += stride) count++;
        let zeros = 0;
        while ((count - 1) * stride + reach > zeros + size) zeros++;
        expect(found.count).toBe(count);
        expect(found.before + found.after).toBe(zeros);
        expect([0, 1]).toContain(found.after - found.before);
      }),
      { numRuns: runs(200) },
    );
  });

  it('reach from the first tap to the last', () => {
    expect([reachOf(1, 5), reachOf(3, 1), reachOf(3, 2), reachOf(5, 3)]).toEqual([1, 3, 5, 13]);
  });
});
