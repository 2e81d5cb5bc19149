/** A row of `score`: how often each implementation runs, whose turn it is, and what comes of it. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Score } from '../../src/cli/score/result.ts';
import { scoreBatch } from '../../src/cli/score/score.ts';
import { countRuns, finishFigures, startFigure } from '../../src/cli/score/turns.ts';
import { type Context, createContext } from '../../src/context/context.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { explainNetwork } from '../../src/networks/explain.ts';
import type { Network } from '../../src/networks/network.ts';
import { networkBytes } from '../../src/networks/plan.ts';
import { runs } from '../support/runs.ts';

describe('runs in turn', () => {
  it('are as many as the budget allows, 5 and 10 at most, one of each at least', () => {
    expect(countRuns(15)).toEqual({ dryRuns: 5, passes: 10 });
    expect(countRuns(Infinity)).toEqual({ dryRuns: 5, passes: 10 });
    expect(countRuns(14.9)).toEqual({ dryRuns: 4, passes: 10 });
    expect(countRuns(6)).toEqual({ dryRuns: 2, passes: 4 });
    expect(countRuns(0)).toEqual({ dryRuns: 1, passes: 1 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40, noNaN: true }), (affordable) => {
        const { dryRuns, passes } = countRuns(affordable);
        expect(Math.min(dryRuns, passes)).toBeGreaterThanOrEqual(1);
        expect(dryRuns).toBeLessThanOrEqual(5);
        expect(dryRuns + passes).toBe(Math.max(2, Math.min(15, Math.floor(affordable))));
      }),
      { numRuns: runs(100) },
    );
  });

  /** Runs that take so many milliseconds each, by a clock that only they move. */
  async function take(milliseconds: readonly number[], budgetSeconds: number, slowdown = (_time: number) => 1) {
    let time = 0;
    const order: number[] = [];
    const clock = () => time;
    const figures = [];
    for (const [i, duration] of milliseconds.entries()) {
      const run = async () => {
        order.push(i);
        time += duration * slowdown(time);
        return i;
      };
      figures.push(await startFigure(run, budgetSeconds, clock));
    }
    await finishFigures(figures, clock);
    return { figures, order };
  }

  it('count the time of the passes alone', async () => {
    const { figures } = await take([100, 300], 3);
    expect(figures.map(({ first, dryRuns, passes }) => [first, dryRuns, passes])).toEqual([
      [0, 5, 10],
      [1, 3, 7],
    ]);
    expect(figures.map(({ milliseconds }) => milliseconds)).toEqual([1000, 2100]);
  });

  it('take turns evenly, whatever each of them costs', async () => {
    const duration = fc.integer({ min: 1, max: 1000 });
    await fc.assert(
      fc.asyncProperty(duration, duration, fc.integer({ min: 1, max: 20 }), async (a, b, budget) => {
        const { figures, order } = await take([a, b], budget);
        const totals = figures.map(({ dryRuns, passes }) => dryRuns + passes);
        const done = [0, 0];
        for (const i of order) {
          done[i]++;
          // The shares done differ by one run of the figure with fewer of them at most.
          expect(Math.abs(done[0] / totals[0] - done[1] / totals[1])).toBeLessThanOrEqual(
            1 / Math.min(...totals) + 1e-9,
          );
        }
        expect(done).toEqual(totals);
      }),
      { numRuns: runs(100) },
    );
  });

  it('keep the ratio of a machine that gets slower', async () => {
    const { figures } = await take([100, 200], 60, (time) => 1 + time / 2000);
    const [a, b] = figures.map(({ milliseconds, passes }) => milliseconds / passes);
    // One after the other, the second would run on a machine twice as slow.
    expect(b / a).toBeGreaterThan(1.8);
    expect(b / a).toBeLessThan(2.6);
  });
});

describe('a row', () => {
  const contexts: Context[] = [];
  afterAll(() => {
    for (const context of contexts) context.dispose();
  });
  async function contextOf(memoryLimit?: number): Promise<Context> {
    const context = await createContext({ threads: 1, memoryLimit });
    contexts.push(context);
    return context;
  }
  const narrow = buildNetwork('alexnet', { width: 1 / 16 });
  const options = { eligibility: 'all', rule: 'fastest', budgetSeconds: 1e-9 } as const;
  const bytesOf = (context: Context, batch: number, algorithm: 'auto' | 'implicit-gemm') =>
    networkBytes(narrow, { context, batch, algorithm });

  it('scores both implementations of one network', async () => {
    const context = await contextOf();
    // Every look at the clock is 10 ms after the last one, so that every run takes 10 ms.
    let looks = 0;
    const clock = () => 10 * looks++;
    const row = await scoreBatch(narrow, 3, { ...options, budgetSeconds: 0.09, context, clock });
    for (const score of [row.default, row.accelerated]) {
      expect(score).toMatchObject({ dryRuns: 3, passes: 6, parts: 1 });
      expect(score.imagesPerSecond).toBeCloseTo(300, 9);
      expect(score.nodes).toHaveLength(narrow.nodes.length - 9); // 7 activations and 2 dropouts go
      for (const { milliseconds, phases } of score.nodes) {
        const sum = Object.values(phases).reduce((total, phase) => total + phase, 0);
        expect(sum).toBeCloseTo(milliseconds, 9);
      }
    }
    expect(row.ratio).toBeCloseTo(1, 9);
    const algorithms = ({ nodes }: Score) =>
      nodes.filter(({ op }) => op === 'convolution').map(({ algorithm }) => algorithm);
    expect(algorithms(row.default)).toEqual(Array(5).fill('implicit-gemm'));
    expect(algorithms(row.accelerated)).toContain('wt8x8');
    expect(context.describe().usedBytes).toBe(0);
  });

  it('leaves to the default implementation what the documented rules do', async () => {
    const context = await contextOf();
    const { accelerated } = await scoreBatch(narrow, 2, { ...options, eligibility: 'documented', context });
    expect(accelerated.nodes.find(({ name }) => name === 'conv1')?.algorithm).toBe('implicit-gemm');
  });

  it('takes what the rule says', async () => {
    const context = await contextOf();
    const algorithmsBy = (rule: 'fastest' | 'nnpack') =>
      explainNetwork(narrow, { batch: 2, context, rule }).nodes.map(({ algorithm }) => algorithm);
    const { accelerated } = await scoreBatch(narrow, 2, { ...options, rule: 'nnpack', context });
    expect(accelerated.nodes.map(({ algorithm }) => algorithm)).toEqual(algorithmsBy('nnpack'));
    expect(algorithmsBy('nnpack')).not.toEqual(algorithmsBy('fastest'));
  });

  it('is taken one after the other, or in parts, where memory is short', async () => {
    const roomy = await contextOf();
    const [own, usual] = [bytesOf(roomy, 8, 'auto'), bytesOf(roomy, 8, 'implicit-gemm')];
    const whole = await contextOf(1.1 * Math.max(own, usual));
    const row = await scoreBatch(narrow, 8, { ...options, context: whole });
    expect([row.default.parts, row.accelerated.parts]).toEqual([1, 1]);
    const short = await contextOf(0.9 * usual);
    const inParts = await scoreBatch(narrow, 8, { ...options, context: short });
    expect(inParts.default.parts).toBeGreaterThan(1);
    expect(short.describe().usedBytes).toBe(0);
  });

  it('says what it takes where not even one image fits', async () => {
    const context = await contextOf(2 ** 20);
    await expect(scoreBatch(narrow, 1, { ...options, context })).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(/one image takes .* expected at most/),
    });
    await expect(scoreBatch(narrow, 10 ** 9, { ...options, context })).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(context.describe().usedBytes).toBe(0);
  });

  it('stops between two nodes and gives its memory back', async () => {
    const context = await contextOf();
    const controller = new AbortController();
    let nodes = 0;
    const progress = () => {
      if (++nodes === 30) controller.abort();
    };
    const score = scoreBatch(buildNetwork('alexnet', { width: 1 / 4 }), 8, {
      ...options,
      context,
      progress,
      signal: controller.signal,
    });
    await expect(score).rejects.toMatchObject({ name: 'AbortError' });
    expect(context.describe().usedBytes).toBe(0);
  });

  it('is refused where the implementations disagree', async () => {
    const context = await contextOf();
    const kernel = { data: new Float32Array(9).fill(Number.NaN), shape: [1, 1, 3, 3] };
    const network: Network = {
      name: 'broken',
      inputs: [{ name: 'data', shape: [1, 20, 20] }],
      nodes: [{ op: 'convolution', name: 'conv', inputs: ['data'], kernel }],
      outputs: ['conv'],
    };
    await expect(scoreBatch(network, 1, { ...options, context })).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringContaining("network 'broken', batch 1: output 'conv' differs by NaN"),
    });
    expect(context.describe().usedBytes).toBe(0);
  });
});
