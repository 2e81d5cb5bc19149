#!/usr/bin/env node
/** `nnpack-ts COMMAND`: finds the command, reads its arguments, and turns what goes wrong into a line and an exit code. */
import { createRequire } from 'node:module';
import colors from 'picocolors';
import { didYouMean, NnpackError, show } from '../errors.ts';
import { parseArguments } from './arguments.ts';
import { type Command, helpOf, STOPPED } from './command.ts';

/** Loaded when called for: `explain` need not wait for what plots. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  score: async () => (await import('./score/command.ts')).score,
  explain: async () => (await import('./explain.ts')).explain,
  bench: async () => (await import('./bench/command.ts')).bench,
  verify: async () => (await import('./verify/command.ts')).verify,
};

async function main([name, ...rest]: readonly string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await overview());
    if (name === undefined) process.exitCode = 2;
    return;
  }
  if (name === '--version') {
    console.log((createRequire(import.meta.url)('nnpack-ts/package.json') as { version: string }).version);
    return;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const names = Object.keys(COMMANDS);
    const text = `unknown command ${show(name)}, expected one of ${names.join(', ')}${didYouMean(name, names)}`;
    throw new NnpackError('invalid-argument', `nnpack-ts: ${text}`);
  }
  const command = await COMMANDS[name]();
  const given = parseArguments(command, rest);
  if (given === null) console.log(helpOf(command));
  else await command.run(given, interrupted());
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`);
  return [
    'NNPACK in pure TypeScript.',
    '',
    'Usage: nnpack-ts COMMAND [options]',
    '',
    'Commands:',
    ...list,
    '',
    'nnpack-ts COMMAND --help tells of each, with examples. NO_COLOR turns colours off.',
  ].join('\n');
}

/** What is typed once may arrive twice: a script runner passes on what the terminal has already sent. */
const ECHO_MS = 500;

/** Aborted by the first Ctrl-C, so that a command can say what is done; the next one ends the process at once. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  process.on('SIGINT', () => {
    if (!controller.signal.aborted) {
      first = Date.now();
      controller.abort();
    } else if (Date.now() - first > ECHO_MS) process.exit(STOPPED);
  });
  return controller.signal;
}

// A closed pipe (`| head`) is the reader's choice, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof DOMException && error.name === 'AbortError') {
    console.error('stopped');
    process.exitCode = STOPPED;
    return;
  }
  if (!(error instanceof NnpackError)) throw error;
  console.error(`${colors.red('error')} ${error.message}`);
  process.exitCode = 2;
});
