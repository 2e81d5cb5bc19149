/** The command of `npm run bench`: which sections run, with what kernels, and what becomes of their results. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { benchCommand, sections } from '../../bench/command.ts';
import type { BenchResult, Row } from '../../bench/result.ts';
import type { Bench, Section } from '../../bench/section.ts';
import { parseArguments } from '../../src/cli/arguments.ts';
import { STOPPED } from '../../src/cli/command.ts';
import { Context } from '../../src/context/context.ts';
import { BENCH, resident } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
const context = new Context({ threads: 1 });
afterAll(() => {
  context.dispose();
  rmSync(folder, { recursive: true });
});

describe('the command', () => {
  const one = resident(BENCH);
  afterAll(() => one.end());

  const row: Row = { what: 'a thing', value: 2, unit: 'ms', against: 'another', ratio: 3, goal: { atLeast: 4 } };
  const section = (name: string, run: Section['run']): Section => ({
    name,
    what: `all of ${name}`,
    seconds: 1,
    steps: [1],
    run,
  });
  const ran: string[] = [];
  const quick = ['one', 'two', 'three'].map((name) =>
    section(name, async ({ step, found }) => {
      step(name);
      ran.push(name);
      found.rows.push({ ...row, what: name });
      found.packages.push({ name: `${name}-peer`, version: '1.2.3' });
    }),
  );

  afterEach(() => {
    ran.length = 0;
    process.exitCode = undefined;
    vi.restoreAllMocks();
  });

  /** What the command prints; its JSON, if that was asked for. */
  async function run(all: readonly Section[], args: readonly string[], signal = new AbortController().signal) {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((text) => void printed.push(text));
    vi.spyOn(console, 'error').mockImplementation((text) => void printed.push(text));
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    const it = benchCommand(all, 'bench');
    await it.run(parseArguments(it, args)!, signal);
    return printed.join('\n');
  }

  it('runs all sections, or those that are named, in their order', async () => {
    await run(quick, []);
    expect(ran).toEqual(['one', 'two', 'three']);
    ran.length = 0;
    const printed = await run(quick, ['three', 'one']);
    expect(ran).toEqual(['one', 'three']);
    for (const text of ['all of one', 'another', '3.00×', '≥ 4×', 'no', 'Node', 'three-peer 1.2.3']) {
      expect(printed).toContain(text);
    }
    expect(printed).not.toContain('all of two');
  });

  it.each([
    [[], 'auto'],
    [['--kernels', 'scalar'], 'scalar'],
  ] as const)('with %j gives sections the kernels %s', async (args, kernels) => {
    const given: Bench['kernels'][] = [];
    const asking = section('asking', async (bench) => void given.push(bench.kernels));
    const printed = await run([asking], args);
    expect(given).toEqual([kernels]);
    const table = kernels === 'auto' ? context.kernels.name : kernels;
    expect(printed.split('\n')[0]).toBe(`${table} kernels`);
    const result: BenchResult = JSON.parse(await run([asking], [...args, '--json', '-']));
    expect(result.kernels).toBe(table);
  });

  it('says why the kernels are slow, on the screen and as data', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    vi.stubGlobal('WebAssembly', undefined);
    try {
      const asking = section('asking', async () => {});
      const { reasons }: BenchResult = JSON.parse(await run([asking], ['--json', '-']));
      expect(reasons.length).toBeGreaterThan(0);
      expect((await run([asking], [])).split('\n')).toEqual(expect.arrayContaining([...reasons]));
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('writes JSON to standard output alone', async () => {
    const result: BenchResult = JSON.parse(await run(quick, ['two', '--json', '-']));
    expect(result).toMatchObject({ rows: [{ ...row, what: 'two' }], layers: [], sizes: [], stopped: false });
    expect(result.machine.packages).toMatchObject({ 'nnpack-ts': expect.any(String), 'two-peer': '1.2.3' });
  });

  it('writes JSON and a page beside the tables', async () => {
    const [json, html] = ['result.json', 'result.html'].map((name) => join(folder, name));
    const printed = await run(quick, ['two', '--json', json, '--html', html]);
    expect(printed).toContain('all of two');
    expect(JSON.parse(readFileSync(json, 'utf8')).rows).toHaveLength(1);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>.*<td[^>]*>two<.*<\/html>\s*$/s);
  });

  it('keeps what is done when it is stopped, and says so', async () => {
    const stop = new AbortController();
    const waiting = section('waiting', async ({ found, signal }) => {
      found.rows.push({ ...row, what: 'before the stop' });
      stop.abort();
      signal.throwIfAborted();
    });
    const json = join(folder, 'stopped.json');
    const printed = await run([quick[0], waiting, quick[1]], ['--json', json], stop.signal);
    expect(ran).toEqual(['one']);
    expect(printed).toMatch(/before the stop.*stopped$/s);
    expect(process.exitCode).toBe(STOPPED);
    const result: BenchResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result.rows.map(({ what }) => what)).toEqual(['one', 'before the stop']);
    expect(result.stopped).toBe(true);
  });

  it('prints each row when it is known, below one head', async () => {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((text) => void printed.push(text));
    const seen: string[][] = [];
    const speaking = section('speaking', async ({ found }) => {
      for (const what of ['first', 'second']) {
        found.rows.push({ ...row, what });
        seen.push(printed.slice(2));
      }
      found.sizes.push({ family: '64→64 3×3', size: 28, points: [{ algorithm: 'wt8x8', gflops: 12.3 }] });
      seen.push(printed.slice(2));
    });
    const it = benchCommand([speaking], 'bench');
    await it.run(parseArguments(it, [])!, new AbortController().signal);
    expect(seen.map((lines) => lines.length)).toEqual([2, 3, 4]);
    expect(seen[2].map((line) => line.split(/\s/)[0])).toEqual(['what', 'first', 'second', '64→64']);
  });

  it('ends at the time limit with what is done, and says that it is cut', async () => {
    const json = join(folder, 'cut.json');
    const endless = section('endless', async ({ found, signal }) => {
      found.rows.push({ ...row, what: 'in time' });
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const args = ['--time-limit', '0.01', '--json', json];
    // Timers of the limit do not keep a process alive.
    const alive = setTimeout(() => {}, 60_000);
    const printed = await run([endless, quick[0]], args);
    clearTimeout(alive);
    expect(printed).toMatch(/in time.*cut at the time limit of 0.01 s: the rest was not measured$/s);
    expect(process.exitCode).toBeUndefined();
    expect(ran).toEqual([]);
    const result: BenchResult = JSON.parse(readFileSync(json, 'utf8'));
    expect([result.rows.map(({ what }) => what), result.stopped]).toEqual([['in time'], true]);
  });

  it('takes a child that Ctrl-C ended first for stopped', async () => {
    const stop = new AbortController();
    const failing = section('failing', async () => {
      setImmediate(() => stop.abort());
      throw new Error('the child was killed');
    });
    expect(await run([failing], [], stop.signal)).toMatch(/stopped$/);
    expect(process.exitCode).toBe(STOPPED);
  });

  it('lets every other error through', async () => {
    const broken = section('broken', async () => {
      throw new Error('wrong result');
    });
    await expect(run([broken], [])).rejects.toThrow('wrong result');
  });

  it.each([
    [
      ['layer'],
      "section expected one of peers, models, tfjs-backend, layers, choice, sizes, gemm, fully-connected, fourier, threads, batch, memory, reader, first-call, got 'layer', did you mean 'layers'?",
    ],
    [
      ['sizes', 'x'],
      "section expected one of peers, models, tfjs-backend, layers, choice, sizes, gemm, fully-connected, fourier, threads, batch, memory, reader, first-call, got 'x'",
    ],
    [['--json'], '--json expected a value, got none'],
    [['--html', '--json', 'x'], "--html expected a value, got the option '--json'"],
    [['--threads', '2'], "unknown option '--threads'"],
    [['--time-limit', '0'], "--time-limit expected a number above 0, got '0'"],
    [
      ['--kernels', 'scaler'],
      "--kernels expected one of auto, reference, scalar, simd, simd-relaxed, simd-wide, simd-relaxed-wide, got 'scaler', did you mean 'scalar'?",
    ],
    [['gemm', '--json', join('no', 'x.json')], "file 'no/x.json' cannot be written: the folder 'no' does not exist"],
    [['gemm', '--html', 'src'], "file 'src' cannot be written: it is a folder, expected the name of a file"],
  ])('refuses %j in one line, before it measures', async (args, text) => {
    const { status, stdout, stderr } = await one.run(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error (arguments: )?[^\n]+\n$/);
    expect(stderr).toContain(text);
  });

  it('tells of every section', () => {
    const bench = benchCommand(sections, 'npm run bench --');
    for (const { name, what, steps, seconds } of sections) {
      expect(bench.examples.map(([line]) => line)).toContain(`npm run bench -- ${name}`);
      expect(bench.examples.some(([, text]) => text.startsWith(what))).toBe(true);
      expect(Math.min(seconds, ...steps)).toBeGreaterThan(0);
    }
  });
});
