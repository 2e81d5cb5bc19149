/** What `score` prints: rows beside what was published, and the time that is left. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { publishedOf } from '../../src/cli/score/published.ts';
import type { Score, ScoreRow } from '../../src/cli/score/result.ts';
import { rowLines, rowTable } from '../../src/cli/score/text.ts';
import { secondsLeft } from '../../src/cli/score/time-left.ts';

describe('what was published', () => {
  it('is known of AlexNet and of the VGG with 11 layers', () => {
    expect(publishedOf('alexnet', 1)).toEqual({
      default: 6.389429,
      accelerated: 19.027215,
      ratio: 19.027215 / 6.389429,
    });
    expect(publishedOf('vgg-11', 256)?.ratio).toBeCloseTo(6.961, 3);
    expect(publishedOf('alexnet', 3)).toBeNull();
    expect(publishedOf('inception-bn', 1)).toBeNull();
    expect(publishedOf('vgg-16', 1)).toBeNull();
  });

  it('has the dip at batch 2 that the document shows', () => {
    for (const network of ['alexnet', 'vgg-11'] as const) {
      const [one, two] = [1, 2].map((batch) => publishedOf(network, batch)!.accelerated);
      expect(two).toBeLessThan(one);
    }
  });
});

describe('the time left', () => {
  const row = (network: ScoreRow['network'], batch: number, byDefault: number, accelerated: number) => ({
    network,
    batch,
    default: { imagesPerSecond: byDefault },
    accelerated: { imagesPerSecond: accelerated },
  });
  const jobs = [1, 2, 100].flatMap((batch) => [{ network: 'alexnet' as const, batch }]);

  it('is the whole budget where nothing is known', () => {
    expect(secondsLeft(jobs, [], 0, 30)).toBe(180);
    expect(secondsLeft(jobs, [], 20, 30)).toBe(160);
    expect(secondsLeft(jobs, [], 1000, 30)).toBe(120);
  });

  it('follows the speed of the last row, within the budget', () => {
    // Batch 2: 30 images at 10 and at 30 a second; batch 100: 1500 images, more than 30 s of both.
    expect(secondsLeft(jobs, [row('alexnet', 1, 10, 30)], 0, 30)).toBe(3 + 1 + 30 + 30);
    const done = [row('alexnet', 1, 1, 1), row('alexnet', 2, 100, 300)];
    expect(secondsLeft(jobs, done, 2, 30)).toBe(15 + 5 - 2);
    expect(secondsLeft(jobs, [...done, row('alexnet', 100, 1, 1)], 0, 30)).toBe(0);
  });
});

describe('a row as text', () => {
  const score = (imagesPerSecond: number, rest: Partial<Score> = {}): Score => ({
    imagesPerSecond,
    dryRuns: 5,
    passes: 10,
    parts: 1,
    nodes: [],
    ...rest,
  });
  const row: ScoreRow = {
    network: 'alexnet',
    batch: 1,
    default: score(6.4),
    accelerated: score(19.2),
    ratio: 3,
    published: publishedOf('alexnet', 1),
  };
  const linesOf = (shown: ScoreRow) => stripVTControlCharacters(rowLines(shown)).split('\n');

  it('begins as MXNet prints it', () => {
    expect(linesOf(row)).toEqual([
      'batch size  1, image/sec: 6.400000       default implementation',
      'batch size  1, image/sec: 19.200000      accelerated, 3.00×, published 2.98×',
    ]);
    const [large] = linesOf({ ...row, batch: 256 });
    expect(large).toMatch(/^batch size 256, image\/sec: 6\.400000 {6}default/);
  });

  it('tells of short budgets and of parts', () => {
    const lines = linesOf({
      ...row,
      default: score(1, { passes: 3, parts: 2 }),
      published: null,
    });
    expect(lines[0]).toMatch(/default implementation, 3 of 10 passes in the budget, in 2 parts$/);
    expect(lines[1]).toMatch(/accelerated, 3\.00×$/);
  });

  it('stands in a table with all others', () => {
    const text = stripVTControlCharacters(rowTable([row, { ...row, network: 'inception-bn', published: null }]));
    expect(text).toMatch(/alexnet +│ +1 │ +6\.40 │ +19\.20 │ 3\.00× │ +2\.98×/);
    expect(text).toMatch(/inception-bn.*3\.00× │ +– │/);
  });
});
