/** The benchmark of whole networks: its arithmetic with a made-up clock, its rows on narrow networks, and the command. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { publishedOf } from '../../src/cli/score/published.ts';
import type { Score, ScoreResult, ScoreRow } from '../../src/cli/score/result.ts';
import { scoreBatch } from '../../src/cli/score/score.ts';
import { rowLines, rowTable } from '../../src/cli/score/text.ts';
import { secondsLeft } from '../../src/cli/score/time-left.ts';
import { countRuns, finishFigures, startFigure } from '../../src/cli/score/turns.ts';
import { type Context, createContext } from '../../src/context/context.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { explainNetwork } from '../../src/networks/explain.ts';
import type { Network } from '../../src/networks/network.ts';
import { networkBytes } from '../../src/networks/plan.ts';
import { command, type Ended, MAIN, resident, start } from '../support/process.ts';
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

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
  const one = resident(MAIN);
  afterAll(async () => {
    await one.end();
    rmSync(folder, { recursive: true });
  });
  const score = (...args: string[]) => command('score', ...args);
  /** Ctrl-C as soon as a text is printed. */
  async function interruptAt(text: string, ...args: string[]): Promise<Ended> {
    const { child, ended, printed } = start('score', ...args);
    await printed(text);
    child.kill('SIGINT');
    return ended;
  }
  const read = (path: string): ScoreResult => JSON.parse(readFileSync(path, 'utf8'));

  it('prints rows as they are done, and loses none to one that takes too much memory', () => {
    const json = join(folder, 'rows.json');
    const { status, stdout, stderr } = score(
      ...['--networks', 'alexnet', '--batch', '1,100000000', '--budget', '1', '--threads', '1', '--json', json],
    );
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/'alexnet'.*100000000 takes .*smaller batches, or leave alexnet out/);
    const [network, device, byDefault, accelerated] = stdout.split('\n');
    expect(network).toBe('network: alexnet');
    expect(device).toMatch(
      /^device: cpu, 1 thread, (scalar|simd|simd-relaxed) kernels, eligibility all, rule fastest$/,
    );
    expect(byDefault).toMatch(/^batch size {2}1, image\/sec: \d+\.\d{6} +default implementation/);
    expect(accelerated).toMatch(/^batch size {2}1, image\/sec: \d+\.\d{6} +accelerated, \d+\.\d\d×, published 2\.98×/);
    expect(stdout).toMatch(/│ alexnet +│ +1 │/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(stdout + stderr).not.toMatch(/\x1b/);
    const { rows, stopped } = read(json);
    expect(stopped).toBe(true);
    expect(rows.map(({ batch }) => batch)).toEqual([1]);
  });

  it('prints JSON and nothing else, and writes a page', () => {
    const html = join(folder, 'page.html');
    const { status, stdout, stderr } = score(
      ...['--networks', 'alexnet', '--batch', '1', '--budget', '1', '--eligibility', 'documented', '--rule', 'nnpack'],
      ...['--json', '-', '--html', html],
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const result: ScoreResult = JSON.parse(stdout);
    expect(result).toMatchObject({
      machine: { cores: expect.any(Number), packages: { 'nnpack-ts': expect.any(String) } },
      settings: {
        kernels: expect.stringMatching(/^(scalar|simd)/),
        eligibility: 'documented',
        rule: 'nnpack',
        budgetSeconds: 1,
      },
      rows: [{ network: 'alexnet', batch: 1, published: publishedOf('alexnet', 1) }],
      stopped: false,
    });
    const [{ default: byDefault, accelerated, ratio }] = result.rows;
    expect(ratio).toBeCloseTo(accelerated.imagesPerSecond / byDefault.imagesPerSecond, 9);
    expect(accelerated.nodes.map(({ name }) => name)).toContain('conv1');
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>.*alexnet.*<\/html>\s*$/is);
  });

  it('prints what is done at Ctrl-C', async () => {
    const json = join(folder, 'stopped.json');
    const args = ['--networks', 'alexnet', '--batch', '1,2,3,4,5,6,7', '--budget', '1', '--json', json];
    const { status, stdout, stderr } = await interruptAt('accelerated', ...args);
    expect(status).toBe(130);
    expect(stderr).toBe('stopped\n');
    expect(stdout).toMatch(/│ alexnet +│ +1 │/);
    const { rows, stopped } = read(json);
    expect(stopped).toBe(true);
    expect(rows.length).toBeGreaterThanOrEqual(1);
    expect(rows.length).toBeLessThan(7);
  });

  it('says so where nothing is done at Ctrl-C', async () => {
    const json = join(folder, 'nothing.json');
    const { status, stderr } = await interruptAt('device', '--networks', 'alexnet', '--batch', '4', '--json', json);
    expect(status).toBe(130);
    expect(stderr).toBe('no row was finished\nstopped\n');
    expect(existsSync(json)).toBe(false);
  });

  it('survives a closed pipe', async () => {
    const { child, ended } = start('score', '--networks', 'alexnet', '--batch', '1', '--budget', '1');
    child.stdout?.destroy();
    expect((await ended).stderr).toBe('');
  });

  it.each([
    [['--networks', 'alexnte'], /expected one of alexnet, .*got 'alexnte', did you mean 'alexnet'\?/],
    [['--networks', 'alexnet,'], /--networks expected one of .*got ''/],
    [['--batch', '0'], /--batch expected a whole number above 0, got '0'/],
    [['--batch', '1,two'], /--batch expected .*got 'two'/],
    [['--budget', '0'], /--budget expected a number above 0, got '0'/],
    [['--eligibility', 'none'], /--eligibility expected one of documented, all/],
    [['--kernels', 'simple'], /--kernels expected one of auto, reference, scalar, simd/],
    [['--threads', '1000'], /threads is 1000/],
    [['--jsn', 'x'], /did you mean '--json'/],
    [['alexnet'], /expected options only, got 'alexnet'/],
    [['--json', join(folder, 'none', 'x.json')], /x\.json.* the folder .*none' does not exist/],
    [['--html', folder], /it is a folder/],
    [['--json', 'package.json/x.json'], /the folder 'package\.json' cannot be written to/],
  ])('refuses %j in one line before any work, with nothing written', async (args, text) => {
    const before = readdirSync(folder);
    const { status, stdout, stderr } = await one.run('score', ...args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(text);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('prints its help', () => {
    const { status, stdout } = score('--help');
    expect(status).toBe(0);
    for (const text of ['--networks LIST', '--html FILE', 'Examples:']) expect(stdout).toContain(text);
  });
});

describe('a file', () => {
  it('is replaced whole, and a device is written to', async () => {
    const { checkWritable, writeWhole } = await import('../../src/cli/files.ts');
    const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
    try {
      const path = join(folder, 'a.txt');
      writeFileSync(path, 'before');
      await checkWritable(path);
      await writeWhole(path, 'after');
      expect(readFileSync(path, 'utf8')).toBe('after');
      await writeWhole(path, Uint8Array.of(1, 2));
      expect([...readFileSync(path)]).toEqual([1, 2]);
      await checkWritable('/dev/null');
      await writeWhole('/dev/null', 'x');
      await expect(writeWhole(folder, 'x')).rejects.toMatchObject({ code: 'input-output' });
      expect(readdirSync(folder)).toEqual(['a.txt']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
