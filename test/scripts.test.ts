/** The scripts of package.json run in any shell, that of Windows too; what they vary is a mode of the test runner. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import configure from '../vitest.config.ts';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));

/** A variable set or read, a pipe, a text in single quotes: what shells write in ways of their own. */
const OF_ONE_SHELL = [/(^|[;&|] *)\w+=/, /[$%`|;]/, /(^| )'/];

/** What a mode says to files of either kind, those that share a process and those that do not. */
const configured = (mode: string) =>
  configure({ mode, command: 'serve' }).test?.projects?.map((project) => {
    const test = typeof project === 'object' && 'test' in project ? project.test : undefined;
    return { env: test?.env, execArgv: test?.execArgv };
  });

describe('the scripts of package.json', () => {
  it.each(Object.entries(scripts))('%s is the same in every shell: %s', (_name, script) => {
    // What is in double quotes is the same to all, but for variables.
    const bare = script.replace(/"[^"$%`]*"/g, '""');
    for (const pattern of OF_ONE_SHELL) expect(bare).not.toMatch(pattern);
  });

  it.each(['NAME=1 vitest run', 'tsc && NAME=1 vitest run', "vitest run 'a b'", 'echo $NAME'])(
    'could not be %j',
    (bad) => {
      expect(OF_ONE_SHELL.some((pattern) => pattern.test(bad))).toBe(true);
    },
  );

  it('test:slow and test:relaxed are modes that change what they say', () => {
    expect(scripts['test:slow']).toContain('--mode slow');
    expect(scripts['test:relaxed']).toContain('--mode relaxed');
    const both = <Said>(said: Said) => [said, said];
    expect(configured('test')).toEqual(both({ env: { NNPACK_TEST_RUNS: '', NO_COLOR: '1' }, execArgv: [] }));
    expect(configured('slow')).toEqual(both({ env: { NNPACK_TEST_RUNS: 'slow', NO_COLOR: '1' }, execArgv: [] }));
    expect(configured('relaxed')).toEqual(
      both({ env: { NNPACK_TEST_RUNS: '', NO_COLOR: '1' }, execArgv: ['--experimental-wasm-relaxed-simd'] }),
    );
  });
});
