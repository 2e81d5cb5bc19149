/** The choice of ways within a bound, against all choices there are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitWays, floatsOf, leastFloats, type Ways } from '../../src/graph/fit.ts';
import { RUNS } from '../networks/arbitrary.ts';

const way = fc.record({
  workspaceFloats: fc.nat(5),
  constantFloats: fc.nat(9),
  milliseconds: fc.nat(9),
});
const ways = fc.tuple(way, fc.array(way, { maxLength: 3 })).map(([own, others]): Ways => [own, ...others]);

/** Every choice of one way for each node. */
function allChoices(nodes: readonly Ways[]): number[][] {
  return nodes.reduce<number[][]>((found, node) => found.flatMap((taken) => node.map((_, i) => [...taken, i])), [[]]);
}

const timeOf = (nodes: readonly Ways[], taken: readonly number[]): number =>
  nodes.reduce((sum, node, i) => sum + node[taken[i]].milliseconds, 0);

describe('fitWays', () => {
  it('finds what fits whenever something does, and nodes keep their own choices where these fit', () => {
    fc.assert(
      fc.property(
        fc.array(ways, { minLength: 1, maxLength: 4 }),
        fc.record({ values: fc.nat(6), staged: fc.nat(12) }),
        fc.nat(40),
        (nodes, scratch, floats) => {
          const totals = allChoices(nodes).map((taken) => floatsOf(nodes, taken, scratch));
          expect(leastFloats(nodes, scratch)).toBe(Math.min(...totals));
          const taken = fitWays(nodes, scratch, floats);
          if (taken === null) {
            expect(Math.min(...totals)).toBeGreaterThan(floats);
            return;
          }
          expect(floatsOf(nodes, taken, scratch)).toBeLessThanOrEqual(floats);
          const own = nodes.map(() => 0);
          if (floatsOf(nodes, own, scratch) <= floats)
            expect(timeOf(nodes, taken)).toBeLessThanOrEqual(timeOf(nodes, own));
        },
      ),
      { numRuns: 500 * RUNS },
    );
  });

  it('changes where a byte costs the least', () => {
    const slow = { workspaceFloats: 0, constantFloats: 1, milliseconds: 9 };
    const nodes: Ways[] = [
      [{ workspaceFloats: 0, constantFloats: 5, milliseconds: 1 }, slow],
      [{ workspaceFloats: 0, constantFloats: 9, milliseconds: 1 }, slow],
      [{ workspaceFloats: 0, constantFloats: 5, milliseconds: 8 }, slow],
    ];
    const scratch = { values: 16, staged: 0 };
    const within = (floats: number): readonly number[] | null => fitWays(nodes, scratch, floats);
    expect(within(35)).toEqual([0, 0, 0]);
    expect(within(34)).toEqual([0, 0, 1]);
    expect(within(30)).toEqual([0, 1, 1]);
    expect(within(19)).toEqual([1, 1, 1]);
    expect(within(18)).toBe(null);
  });
});
