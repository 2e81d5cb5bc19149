/** What becomes of errors, whatever they are: one line on stderr and exit code 2. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/process.ts';

/** A process of ours that does this work. */
function processOf(work: string, env: Record<string, string> = {}) {
  const script = `const { runProcess } = await import('./dist/cli/process.js');
    const { NnpackError } = await import('./dist/errors.js');
    await runProcess(async () => { ${work} });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
  });
  return { status, stdout, stderr };
}

const INTERNAL = 'error internal error, a fault of nnpack-ts: ';
const WHERE = ' (NODE_DEBUG=nnpack-ts prints where)\n';

describe('errors', () => {
  it.each([
    ["throw new NnpackError('invalid-model', 'model: broken')", 'error model: broken\n'],
    ["throw new NnpackError('input-output', 'file: a\\n  b\\r\\nc\\n')", 'error file: a b c\n'],
    ['null.x', `${INTERNAL}Cannot read properties of null (reading 'x')${WHERE}`],
    ['throw undefined', `${INTERNAL}undefined${WHERE}`],
    ["setTimeout(() => { throw new Error('late') })", `${INTERNAL}late${WHERE}`],
    ["Promise.reject(new Error('nobody waits')); setTimeout(() => {}, 1e6)", `${INTERNAL}nobody waits${WHERE}`],
  ])('%s is one line, and exit code 2', (work, line) => {
    expect(processOf(work)).toEqual({ status: 2, stdout: '', stderr: line });
  });

  it('come with their place where that is asked for', () => {
    const { status, stderr } = processOf('null.x', { NODE_DEBUG: 'nnpack-ts' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/TypeError: Cannot read properties of null .*\n +at /);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk (skipped where there is no /dev/full to stand for one)', () => {
  const into = (stdio: { out?: number; err?: number }, ...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', stdio.out ?? 'pipe', stdio.err ?? 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
  const withFull = <T>(work: (full: number) => T): T => {
    const full = openSync('/dev/full', 'w');
    try {
      return work(full);
    } finally {
      closeSync(full);
    }
  };

  it.each([
    ['--help'],
    ['--version'],
    ['explain --help'],
    ['explain alexnet'],
    ['explain alexnet --json -'],
    ['run --model alexnet --threads 1'],
    ['run --model alexnet --threads 1 --json -'],
    ['verify --algorithm direct --kernels scalar --cases 3'],
    ['verify --algorithm direct --kernels scalar --cases 3 --json -'],
    ['score --networks alexnet --batch 1 --budget 1'],
  ])('%s says so in one line, and ends with 2', (line) => {
    const { status, stderr } = withFull((out) => into({ out }, ...line.split(' ')));
    expect(stderr).toMatch(/^error standard output cannot be written: ENOSPC[^\n]*\n$/);
    expect(status).toBe(2);
  });

  it('under stderr changes no exit code', () => {
    expect(withFull((err) => into({ err }, 'explain', 'alexnet')).status).toBe(0);
    expect(withFull((err) => into({ err }, 'explain', 'alexnt')).status).toBe(2);
  });
});
