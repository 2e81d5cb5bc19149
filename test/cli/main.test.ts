/** The command line as a whole: help, versions, unknown commands. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { command } from '../support/process.ts';

const COMMANDS = ['run', 'compare', 'inspect', 'score', 'explain', 'kernels', 'verify'];

describe('nnpack-ts', () => {
  it('lists its commands', () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { status, stdout, stderr } = command(...args);
      expect([status, stderr]).toEqual([0, '']);
      for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} +[A-Z]`, 'm'));
    }
    const { status, stdout } = command();
    expect(status).toBe(2);
    expect(stdout).toContain('Usage: nnpack-ts COMMAND');
  });

  it.each(['run', 'bench', 'exlpain'])('takes `help %s` for `%s --help`', (name) => {
    expect(command('help', name)).toEqual(command(name, '--help'));
  });

  it('tells its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(command('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(COMMANDS)('%s has help with examples', (name) => {
    const { status, stdout, stderr } = command(name, '--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: nnpack-ts ${name}`);
    expect(stdout.split('\n').filter((line) => line.startsWith(`  nnpack-ts ${name}`)).length).toBeGreaterThan(0);
    expect(stdout.split('\n').every((line) => line.length <= 120)).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(stdout).not.toMatch(/\x1b/);
  });

  it.each(COMMANDS)('%s refuses an unknown option in one line', (name) => {
    const { status, stdout, stderr } = command(name, '--hlep');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe("error arguments: unknown option '--hlep', did you mean '--help'?\n");
  });

  it('says where a command went that is none any more', () => {
    const stderr = 'error nnpack-ts: bench measures speed in the repository alone: `npm run bench` there\n';
    expect(command('bench', 'layers')).toEqual({ status: 2, stdout: '', stderr });
  });

  it('refuses an unknown command, and says what is near', () => {
    const { status, stdout, stderr } = command('exlpain');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error nnpack-ts: unknown command 'exlpain'.*did you mean 'explain'\?\n$/);
    expect(command('--verison').stderr).toMatch(/did you mean '--version'\?\n$/);
  });
});
