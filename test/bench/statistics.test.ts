/** How the benchmark measures, and when a goal is met. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atLeast, isMet } from '../../bench/goal.ts';
import type { Row } from '../../bench/result.ts';
import { measure, median, ratio } from '../../bench/statistics.ts';
import { runs } from '../support/runs.ts';

describe('measure', () => {
  /** Candidates that take the time that is written down for each of their runs, the last one for ever. */
  function scripted(...scripts: number[][]) {
    const log: string[] = [];
    const candidates = scripts.map((times, i) => {
      let run = 0;
      const name = 'abc'[i];
      const time = (): number => {
        log.push(name);
        return times[Math.min(run++, times.length - 1)];
      };
      return { name, time };
    });
    return { candidates, log };
  }

  it('warms each candidate up, then runs all in turn', async () => {
    const { candidates, log } = scripted([9, 9, 1, 2, 3], [8, 8, 6, 4, 5]);
    const measured = await measure(candidates, { rounds: 3, warmUp: 2, budget: 1e9 });
    expect(log.join('')).toBe('aabbababab');
    expect(measured).toEqual([
      { name: 'a', median: 2, min: 1, max: 3, times: [1, 2, 3] },
      { name: 'b', median: 5, min: 4, max: 6, times: [6, 4, 5] },
    ]);
    expect(ratio(measured[1], measured[0])).toEqual({ ratio: 2.5, low: 5 / 3, high: 6 });
  });

  it('gives a slow candidate fewer rounds, spread over all', async () => {
    const { candidates } = scripted([1], [40], [1000]);
    const measured = await measure(candidates, { rounds: 8, warmUp: 3, budget: 100 });
    const rounds = measured.map(({ times }) => times.flatMap((time, round) => (Number.isNaN(time) ? [] : [round])));
    expect(rounds).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [2, 4], [4]]);
    expect(measured.map((each) => each.median)).toEqual([1, 40, 1000]);
    // the only round of both is that of the slower one
    expect(ratio(measured[2], measured[1])).toEqual({ ratio: 25, low: 25, high: 25 });
  });

  it('keeps to the budget, and runs at least once', async () => {
    const counts = fc.record({
      rounds: fc.integer({ min: 1, max: 20 }),
      warmUp: fc.integer({ min: 0, max: 5 }),
      budget: fc.integer({ min: 1, max: 1000 }),
      time: fc.integer({ min: 1, max: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(counts, async ({ time, ...options }) => {
        const { candidates, log } = scripted([time]);
        const [{ times }] = await measure(candidates, options);
        const took = times.filter((each) => !Number.isNaN(each)).length;
        expect(times).toHaveLength(options.rounds);
        expect(took).toBe(Math.min(options.rounds, Math.max(1, Math.floor(options.budget / time))));
        const warmUps = log.length - took;
        expect(warmUps).toBeGreaterThanOrEqual(1);
        expect(warmUps === 1 || warmUps * time <= options.budget).toBe(true);
      }),
      { numRuns: runs(50) },
    );
  });

  it('stops between two runs', async () => {
    const stop = new AbortController();
    let ran = 0;
    const time = (): number => {
      if (++ran === 3) setImmediate(() => stop.abort());
      return 1;
    };
    const measuring = measure([{ name: 'a', time }], { rounds: 9, warmUp: 1, budget: 1e9 }, stop.signal);
    await expect(measuring).rejects.toMatchObject({ name: 'AbortError' });
    expect(ran).toBeLessThanOrEqual(4);
  });

  it('has the median in the middle', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(values, (times) => {
        const middle = median(times);
        const half = Math.ceil(times.length / 2);
        expect(times.filter((time) => time <= middle).length).toBeGreaterThanOrEqual(half);
        expect(times.filter((time) => time >= middle).length).toBeGreaterThanOrEqual(half);
      }),
      { numRuns: runs(100) },
    );
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('isMet', () => {
  const row = (rest: Partial<Row>): Row => ({ what: 'x', value: 1, unit: 'ms', ...rest });

  it.each([
    [{ ratio: 2, goal: { atLeast: 2 } }, true],
    [{ ratio: 1.99, goal: { atLeast: 2 } }, false],
    [{ ratio: 2, goal: { atMost: 2 } }, true],
    [{ ratio: 2.01, goal: { atMost: 2 } }, false],
    [{ ratio: Number.NaN, goal: { atLeast: 2 } }, false],
    [{ ratio: Number.NaN, goal: { atMost: 2 } }, false],
    [{ goal: { atMost: 2 } }, false],
    [{ ratio: 3 }, undefined],
  ])('%j: %s', (rest, met) => {
    expect(isMet(row(rest))).toBe(met);
  });
});

describe('goals', () => {
  it.each([
    ['scalar', 0.9],
    ['simd', 0.85],
    ['simd-relaxed', 0.85],
    ['reference', undefined],
  ] as const)('of %s are its own', (kernels, goal) => {
    const goals = { scalar: 0.9, emitted: 0.85 };
    expect(atLeast(kernels, goals)).toEqual(goal === undefined ? undefined : { atLeast: goal });
    expect(atLeast(kernels, {})).toBeUndefined();
  });
});
