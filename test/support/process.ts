/** The command line through real processes, as a user starts it: not a terminal, and without colours. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

export const MAIN = 'dist/cli/main.js';
export const BENCH = 'build/bench/main.js';

const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function command(...args: string[]): Ended {
  return script(MAIN, ...args);
}

/** Runs a compiled script to its end. */
export function script(path: string, ...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { status, stdout, stderr };
}

/** One process that runs a script as often as it is told to: a process of each run would load the same files again. */
interface Resident {
  run(...args: readonly string[]): Promise<Ended>;
  /** Resolves when the process has ended. */
  end(): Promise<void>;
}

/** For runs of which a process of its own says no more: they neither break off nor leave anything in memory. */
export function resident(path: string): Resident {
  const fixture = new URL('../fixtures/resident.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [fixture, path], { stdio: ['pipe', 'pipe', 'inherit'], env: environment });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run(...args) {
      child.stdin.write(`${JSON.stringify(args)}\n`);
      const { done, value } = await answers.next();
      if (done) throw new Error(`the process ended in the middle of ${args.join(' ')}`);
      return JSON.parse(value);
    },
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}

/** A command that was started; `stdout` and `stderr` of what comes are kept. */
interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when a text has come, on stdout or stderr. */
  printed(text: string): Promise<void>;
}

export function start(...args: string[]): Started {
  return startNode([], [MAIN, ...args]);
}

export const WITH_PROGRESS = ['--import', 'data:text/javascript,process.stderr.isTTY = true'];

/** The same where stderr passes for a terminal, so that progress is written there. */
export function startWithProgress(...args: string[]): Started {
  return startNode(WITH_PROGRESS, [MAIN, ...args]);
}

/** A compiled script that was started, with flags of Node before it. */
export function startNode(flags: readonly string[], args: readonly string[]): Started {
  const child = spawn(process.execPath, [...flags, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
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
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if ((stdout + stderr).includes(text)) resolve();
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
      look();
    });
  return { child, ended, printed };
}
