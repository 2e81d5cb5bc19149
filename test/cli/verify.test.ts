/** `nnpack-ts verify`: right kernels hold, a wrong one is found, shrunk and replayed, and Ctrl-C leaves what is done. */
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { parseArguments } from '../../src/cli/arguments.ts';
import { verify as command } from '../../src/cli/verify/command.ts';
import { jobsOf } from '../../src/cli/verify/jobs.ts';
import { formatResult } from '../../src/cli/verify/text.ts';
import { type VerifyOptions, verify } from '../../src/cli/verify/verify.ts';
import type { Context } from '../../src/context/context.ts';
import { breathe } from '../../src/graph/breathe.ts';
import { type Convolve, convolutionReference, type Problem } from '../../src/testing/index.ts';
import { command as run, start } from '../support/process.ts';

/** What the command's core computes with in a test that says so. */
const injected = vi.hoisted((): { convolve?: Convolve } => ({}));
vi.mock('../../src/cli/verify/verify.ts', async (original) => {
  const core = await original<typeof import('../../src/cli/verify/verify.ts')>();
  return { ...core, verify: (options: VerifyOptions) => core.verify({ ...injected, ...options }) };
});

function verifyWith(options: Partial<VerifyOptions>) {
  return verify({
    algorithms: ['wt8x8'],
    kernels: ['scalar'],
    threads: [1],
    cases: 10,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...options,
  });
}

const right: Convolve = (problem, data) => Float32Array.from(convolutionReference(problem, data));

/** Wrong in the last element, for kernels of several rows where there is padding above. */
const isHard = ({ kernelShape, padding }: Problem) => kernelShape[2] >= 3 && padding.top >= 2;
const wrong: Convolve = (problem, ...rest) => {
  const output = right(problem, ...rest);
  if (isHard(problem)) output[output.length - 1] += 1;
  return output;
};

describe('verify', () => {
  it('holds what the library computes, with a row for each algorithm and table', async () => {
    const seen: string[] = [];
    const { rows, leftOut, stopped } = await verifyWith({
      algorithms: ['direct', 'wt6x6', 'implicit-gemm'],
      kernels: ['scalar', 'reference'],
      threads: [1, 2],
      seed: 11,
      onProgress: (row, of, what) => seen.push(`${row}/${of} ${what}`),
    });
    expect(rows.map(({ algorithm, kernels, cases }) => [algorithm, kernels, cases])).toEqual([
      ['direct', 'scalar', 10],
      ['wt6x6', 'scalar', 10],
      ['implicit-gemm', 'scalar', 10],
      ['direct', 'reference', 10],
      ['wt6x6', 'reference', 5],
      ['implicit-gemm', 'reference', 5],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({ failure: null, seed: 11, threads: [1, 2] });
      expect(row.greatest).toBeGreaterThan(0);
      expect(row.greatest).toBeLessThanOrEqual(1);
    }
    expect({ leftOut, stopped }).toEqual({ leftOut: [], stopped: false });
    expect(seen[0]).toBe('1/6 rows, direct with scalar kernels, 0 of 10 cases');
    expect(seen.at(-1)).toBe('6/6 rows, implicit-gemm with reference kernels, 4 of 5 cases');
  });

  it('does the same work for the same seed, and counts what is refused', async () => {
    const options = { algorithms: ['wt6x6'], cases: 60, convolve: right } as const;
    const { rows } = await verifyWith({ ...options, seed: 5 });
    expect((await verifyWith({ ...options, seed: 5 })).rows).toEqual(rows);
    expect(rows[0].cases).toBe(60);
    expect(rows[0].ineligible).toBeGreaterThan(0);
    const { rows: drawn } = await verifyWith(options);
    expect((await verifyWith({ ...options, seed: drawn[0].seed })).rows).toEqual(drawn);
    expect(drawn[0].greatest).not.toBe(rows[0].greatest);
  });

  it('finds a wrong kernel, the smallest case of it, and the line that replays that', async () => {
    const { rows } = await verifyWith({
      algorithms: ['wt8x8', 'ft8x8'],
      threads: [1, 2],
      cases: 200,
      seed: 9,
      convolve: wrong,
    });
    expect(rows.map((row) => row.failure === null)).toEqual([false, false]);
    const { failure, cases } = rows[0];
    expect(cases).toBeGreaterThan(0);
    expect(cases).toBeLessThan(200);
    expect(failure!.problem).toMatchObject({
      inputShape: [1, 1, 1, 1],
      kernelShape: [1, 1, 3, 1],
      hasBias: false,
      padding: { top: 2, right: 0, bottom: 0, left: 0 },
      groups: 1,
      activation: 'identity',
    });
    expect(failure!.description).toMatch(
      /^input 1×1×1×1, kernel 1×1×3×1, padding 2 0 0 0 \(top right bottom left\), seed /,
    );
    expect(failure!.text).toMatch(/^at \[0, 0, 0, 0\]: got .*, expected .*, error (1|0\.9).*, allowed /);
    const line = /^nnpack-ts verify --algorithm wt8x8 --kernels scalar --threads 1,2 --seed 9 --path (\d+(:\d+)+)$/;
    expect(failure!.replay).toMatch(line);
    const path = line.exec(failure!.replay)![1];
    const replayed = await verifyWith({ threads: [1, 2], seed: 9, path, convolve: wrong });
    expect(replayed.rows).toEqual([{ ...rows[0], cases: 1, ineligible: 0, greatest: 0 }]);
    // Once it is mended, the one case is what runs.
    const mended = await verifyWith({ threads: [1, 2], seed: 9, path, convolve: right });
    expect(mended.rows).toMatchObject([{ cases: 1, ineligible: 0, failure: null }]);
  });

  it('finds what depends on the number of threads, and what throws', async () => {
    const { rows } = await verifyWith({
      algorithms: ['wt8x8', 'direct'],
      threads: [1, 2],
      convolve: (problem, data, algorithm, context) => {
        if (algorithm === 'direct') throw new RangeError('offset is out of bounds');
        return right(problem, data, algorithm, context).map((y, i) => (i === 0 ? y * context.pool.threadsCount : y));
      },
    });
    expect(rows[0].failure!.text).toMatch(
      /^at \[0, 0, 0, 0\]: got .* on 1 and .* on 2 threads, expected the same bits$/,
    );
    expect(rows[1].failure!.text).toBe('offset is out of bounds');
    expect(rows[1].cases).toBe(1);
  });

  it('lets the event loop turn between cases, and stops there', async () => {
    const controller = new AbortController();
    const contexts = new Set<Context>();
    let computed = 0;
    let turns = 0;
    const options = {
      algorithms: ['wt8x8', 'direct'],
      cases: 1e9,
      signal: controller.signal,
      convolve: (...args: Parameters<Convolve>) => {
        computed++;
        contexts.add(args[3]);
        return right(...args);
      },
    } as const;
    const running = verifyWith(options);
    while (computed < 20) {
      await breathe();
      turns++;
    }
    controller.abort();
    const { rows, stopped } = await running;
    expect(turns).toBeGreaterThanOrEqual(20);
    expect(stopped).toBe(true);
    expect(rows).toMatchObject([{ algorithm: 'wt8x8', cases: computed, failure: null }]);
    expect([...contexts].map((context) => context.disposed)).toEqual([true]);
    // Nothing at all is done where Ctrl-C came first.
    expect((await verifyWith(options)).rows).toEqual([]);
  });

  it('keeps a failure that it was shrinking when it is stopped', async () => {
    const controller = new AbortController();
    const { rows } = await verifyWith({
      cases: 1000,
      signal: controller.signal,
      convolve: (...args) => {
        if (isHard(args[0])) controller.abort();
        return wrong(...args);
      },
    });
    expect(isHard(rows[0].failure!.problem)).toBe(true);
  });

  it.each([
    ['a case beyond what the path’s last shrinks to', '1:9999'],
    ['a way through a case that is not there', '1:9999:2'],
  ])('refuses %s', async (_what, path) => {
    const text = `arguments: --path expected the path of a failure with --seed 3, got '${path}'`;
    await expect(verifyWith({ seed: 3, path, convolve: right })).rejects.toThrow(text);
  });
});

describe('jobsOf', () => {
  it('gives slow rows fewer cases, and leaves out those that get none', () => {
    const { jobs, leftOut } = jobsOf({ algorithms: ALGORITHM_NAMES, kernels: ['scalar', 'reference'], cases: 200 });
    const cases = new Map(jobs.map((job) => [`${job.algorithm} ${job.kernels}`, job.cases]));
    expect(cases.get('wt8x8 scalar')).toBe(200);
    expect(cases.get('ft256x256 scalar')).toBe(13);
    expect(cases.get('ft8x8 reference')).toBe(20);
    expect(leftOut.map(({ algorithm, kernels }) => `${algorithm} ${kernels}`)).toEqual([
      'ft128x128 reference',
      'ft256x256 reference',
    ]);
    expect(jobs.length + leftOut.length).toBe(2 * ALGORITHM_NAMES.length);
  });

  it('says how many cases give a row one', () => {
    const request = { algorithms: ['ft256x256', 'ft128x128'], kernels: ['reference'] } as const;
    const text = '--cases expected at least 1000 for ft128x128 with reference kernels, where one takes long, got 999';
    expect(() => jobsOf({ ...request, cases: 999 })).toThrow(text);
    expect(jobsOf({ ...request, cases: 1000 }).jobs).toEqual([
      { algorithm: 'ft128x128', kernels: 'reference', cases: 1 },
    ]);
  });
});

describe('the command', () => {
  let out = '';
  let err = '';

  beforeEach(() => {
    out = '';
    err = '';
    vi.spyOn(console, 'log').mockImplementation((text) => {
      out += `${text}\n`;
    });
    vi.spyOn(console, 'error').mockImplementation((text) => {
      err += `${text}\n`;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    injected.convolve = undefined;
    process.exitCode = undefined;
  });

  const execute = async (line: string, signal = new AbortController().signal) => {
    await command.run(parseArguments(command, line.split(' ').filter(Boolean))!, signal);
    // Where colours are forced upon it, as some CI systems do.
    out = stripVTControlCharacters(out);
    return process.exitCode;
  };

  it('prints a table, and ends with 0', async () => {
    expect(await execute('--algorithm direct,wt8x8 --kernels scalar --threads 1,2 --cases 5 --seed 7')).toBeUndefined();
    const lines = out.trim().split('\n');
    expect(lines[0]).toMatch(/nnpack-ts \d/);
    expect(lines[2]).toMatch(
      /algorithm .* kernels .* threads .* cases .* ineligible .* greatest error.* seed .* result/,
    );
    expect(lines[4]).toMatch(/direct .* scalar .* 1 2 .* 5 .* 0 .* \d+\.\d .* 7 .* holds/);
    expect(lines[5]).toMatch(/wt8x8 .* holds/);
    expect(lines).toHaveLength(7);
    expect(err).toBe('');
  });

  it('prints JSON', async () => {
    await execute('--algorithm direct --kernels reference --threads 1 --cases 5 --seed 7 --json -');
    const { machine, rows, stopped, threads } = JSON.parse(out);
    expect({ stopped, threads }).toEqual({ stopped: false, threads: [1] });
    expect(machine.packages).toHaveProperty('nnpack-ts');
    expect(rows).toMatchObject([{ algorithm: 'direct', kernels: 'reference', cases: 5, seed: 7, failure: null }]);
  });

  it('ends with 1 where a property fails, and says how to run the case again', async () => {
    injected.convolve = wrong;
    expect(await execute('--algorithm wt8x8 --kernels scalar --threads 1 --seed 9')).toBe(1);
    expect(out).toMatch(/wt8x8 .* fails/);
    const replay = /^ {2}replay: nnpack-ts verify (.*)$/m.exec(out)![1];
    expect(out.trim().split('\n').slice(-4, -1)).toEqual([
      'wt8x8 with scalar kernels fails; the smallest case:',
      expect.stringMatching(/^ {2}input 1×1×1×1, kernel 1×1×3×1, /),
      expect.stringMatching(/^ {2}at \[0, 0, 0, 0\]: got /),
    ]);
    const first = out;
    out = '';
    expect(await execute(replay)).toBe(1);
    expect(out.trim().split('\n').slice(-4)).toEqual(first.trim().split('\n').slice(-4));
    injected.convolve = right;
    process.exitCode = undefined;
    expect(await execute(replay)).toBeUndefined();
  });

  it('says that it was stopped, with what is done, and ends with 130', async () => {
    const controller = new AbortController();
    let computed = 0;
    injected.convolve = (...args) => {
      if (++computed === 3) controller.abort();
      return right(...args);
    };
    expect(await execute('--algorithm wt8x8,direct --kernels scalar --threads 1', controller.signal)).toBe(130);
    expect(out).toMatch(/wt8x8 .* 3 .* holds/);
    expect(out).not.toMatch(/direct/);
    expect(err).toBe('stopped\n');
  });

  it.each([
    ['--algorithm wt88', "--algorithm expected one of direct, .*, got 'wt88', did you mean 'wt8x8'\\?"],
    [
      '--kernels simple',
      "--kernels expected one of reference, scalar, simd, simd-relaxed, simd-wide, simd-relaxed-wide, got 'simple', did you mean 'simd'\\?",
    ],
    ['--threads 0', "--threads expected a whole number above 0, got '0'"],
    ['--cases 1.5', "--cases expected a whole number above 0, got '1.5'"],
    ['--path 1:2', '--path expected --seed, one --algorithm and one --kernels beside it'],
    ['--path 1:2 --seed 3 --kernels scalar', '--path expected --seed, one --algorithm and one --kernels beside it'],
    ['--path 1:x --seed 3', "--path expected numbers joined by colons, got '1:x'"],
  ])('refuses %s', async (line, text) => {
    await expect(execute(line)).rejects.toThrow(new RegExp(`^arguments: ${text}$`));
    expect(out).toBe('');
  });

  it('names what it leaves out, and what a machine lacks', () => {
    const leftOut = [{ algorithm: 'ft256x256', kernels: 'reference', cases: 0 }] as const;
    const reasons = ['the memory cannot be shared between threads'];
    const text = formatResult({ reasons, threads: [1], rows: [], leftOut, stopped: false });
    expect(text).toContain('the memory cannot be shared between threads\n');
    expect(text).toMatch(/\nleft out until .*: ft256x256 with reference kernels$/);
  });
});

describe('a real process', () => {
  it('verifies', () => {
    const args = ['verify', '--algorithm', 'direct', '--kernels', 'scalar', '--cases', '3', '--seed', '7'];
    const { status, stdout, stderr } = run(...args);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/direct .* scalar .* 1 2 3 .* 3 .* holds/);
  });

  it('prints what is done at Ctrl-C', async () => {
    const { child, ended } = start('verify', '--cases', '1000000');
    // It says what machine it is on before it begins.
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect([status, stderr]).toEqual([130, 'stopped\n']);
    expect(stdout).toMatch(/algorithm .* result/);
  });
});
