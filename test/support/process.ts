/** The command line through real processes, as a user starts it: not a terminal, and without colours. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

export const MAIN = 'dist/cli/main.js';

const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function command(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { status, stdout, stderr };
}

/** Starts a command; `stdout` and `stderr` of what comes are kept. */
export function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended>; output(): string } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended, output: () => stdout };
}
