import { describe, expect, it } from 'vitest';
import { parseArguments, USAGE } from '../../src/cli/arguments.ts';
import { NnpackError } from '../../src/errors.ts';

const ALGORITHMS = ['auto', 'wt8x8', 'ft16x16', 'implicit-gemm'] as const;
const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), ALGORITHMS);

describe('parseArguments', () => {
  it('has a default for everything', () => {
    expect(parse('')).toEqual({ json: false, quiet: false, eligibility: 'all', algorithm: 'auto', help: false });
  });

  it('reads every option', () => {
    const line =
      'in.png --out out.png --threads 2 --json --memory 0.5 --eligibility documented --algorithm wt8x8 --help';
    expect(parse(line)).toEqual({
      picture: 'in.png',
      out: 'out.png',
      threads: 2,
      json: true,
      quiet: false,
      memoryBytes: 2 ** 19,
      eligibility: 'documented',
      algorithm: 'wt8x8',
      help: true,
    });
    expect(parse('--threads=3 --out=--strange.png -h -- --picture.png')).toMatchObject({
      threads: 3,
      out: '--strange.png',
      help: true,
      picture: '--picture.png',
    });
  });

  it.each([
    ['a.png b.png', "expected one picture, got 2: 'a.png', 'b.png'"],
    ['--thread 2', "unknown option '--thread', did you mean '--threads'?"],
    ['--algoritm=auto', "unknown option '--algoritm', did you mean '--algorithm'?"],
    ['--xyzzyplugh', "unknown option '--xyzzyplugh'"],
    ['-x', "unknown option '-x'"],
    ['--out', '--out expected a value, got none'],
    ['--out=', '--out expected a value, got none'],
    ['--out --json', "--out expected a value, got the option '--json'"],
    ['--json=yes', "--json expected no value, got 'yes'"],
    ['--threads 0', "--threads expected a number above 0, got '0'"],
    ['--threads -1', "--threads expected a number above 0, got '-1'"],
    ['--threads 1.5', "--threads expected a whole number, got '1.5'"],
    ['--threads two', "--threads expected a number above 0, got 'two'"],
    ['--memory 1e99', "--memory expected a number above 0, got '1e99'"],
    ['--eligibility none', "--eligibility expected one of documented, all, got 'none'"],
    [
      '--algorithm wt8',
      "--algorithm expected one of auto, wt8x8, ft16x16, implicit-gemm, got 'wt8', did you mean 'wt8x8'?",
    ],
  ])('refuses %s in one line', (line, text) => {
    expect(() => parse(line)).toThrow(NnpackError);
    try {
      parse(line);
    } catch (error) {
      expect((error as Error).message).toBe(`arguments: ${text}`);
    }
  });

  it('explains every option', () => {
    for (const option of ['out', 'threads', 'json', 'memory', 'eligibility', 'algorithm', 'help']) {
      expect(USAGE).toContain(`--${option}`);
    }
  });
});
