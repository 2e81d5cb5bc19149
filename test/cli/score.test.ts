/** `score` through real processes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { publishedOf } from '../../src/cli/score/published.ts';
import type { ScoreResult } from '../../src/cli/score/result.ts';
import { command, type Ended, MAIN, resident, start } from '../support/process.ts';

describe('score', () => {
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
