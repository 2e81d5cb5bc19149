/** What all commands share: JSON beside the text, and progress where nobody looks on. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { progressBar } from '../../src/cli/progress.ts';
import { command } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-output-'));
afterAll(() => rmSync(folder, { recursive: true }));
const json = join(folder, 'result.json');

describe('--json', () => {
  // `run` and `score` have tests of their own, which take longer.
  it.each([
    ['explain alexnet --batch 2', 'of the 11 nodes'],
    ['verify --algorithm direct --kernels scalar --cases 3 --seed 7', 'holds'],
  ])('of %s writes a file beside the text, or standard output alone', (line, text) => {
    const beside = command(...line.split(' '), '--json', json);
    expect([beside.status, beside.stderr]).toEqual([0, '']);
    expect(beside.stdout).toContain(text);
    const written = JSON.parse(readFileSync(json, 'utf8'));
    const alone = command(...line.split(' '), '--json', '-');
    expect([alone.status, alone.stderr]).toEqual([0, '']);
    expect(Object.keys(JSON.parse(alone.stdout))).toEqual(Object.keys(written));
  });

  it.each(['run', 'score', 'explain alexnet', 'verify'])('of %s is refused before the work', (line) => {
    const none = command(...line.split(' '), '--json');
    expect(none).toEqual({ status: 2, stdout: '', stderr: 'error arguments: --json expected a value, got none\n' });
    const { status, stdout, stderr } = command(...line.split(' '), '--json', join(folder, 'no', 'x.json'));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error file '.*x\.json' cannot be written: [^\n]*\n$/);
  });
});

describe('progress', () => {
  /** What is written, a second passing between two updates. */
  function written(isTTY: boolean, updates: number, wanted = true): string {
    const texts: string[] = [];
    let seconds = 0;
    const bar = progressBar(wanted, { isTTY, write: (text) => texts.push(text) }, () => 1000 * seconds);
    for (let done = 1; done <= updates; done++) {
      seconds++;
      bar.update(done, 100, 'work');
    }
    bar.clear();
    return texts.join('');
  }

  it('is a line that is written over on a terminal', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it goes back to the start of the line, and clears it
    expect(written(true, 2)).toMatch(/^\r\x1b\[K░{24} 1\/100 work, 99 s left\r\x1b\[K░{24} 2\/100 .*\r\x1b\[K$/);
  });

  it('is a line from time to time elsewhere, and none for what is done soon', () => {
    expect(written(false, 29)).toBe('');
    expect(written(false, 65)).toBe('30/100 work, 70 s left\n60/100 work, 40 s left\n');
  });

  it('is nothing where none is wanted', () => {
    expect(written(true, 65, false)).toBe('');
    expect(written(false, 65, false)).toBe('');
  });
});
