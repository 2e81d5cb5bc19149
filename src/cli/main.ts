#!/usr/bin/env node
/** `nnpack-ts COMMAND`: finds the command and runs it. */
import { createRequire } from 'node:module';
import { didYouMean, NnpackError, show } from '../errors.ts';
import { type Command, lineOn, rowLines, wrapped } from './command.ts';
import { runCommand, runProcess } from './process.ts';

/** Loaded when called for: `explain` need not wait for what plots. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run/command.ts')).run,
  compare: async () => (await import('./compare/command.ts')).compare,
  inspect: async () => (await import('./inspect/command.ts')).inspect,
  score: async () => (await import('./score/command.ts')).score,
  explain: async () => (await import('./explain.ts')).explain,
  kernels: async () => (await import('./kernels.ts')).kernels,
  verify: async () => (await import('./verify/command.ts')).verify,
};

/** What was a command once, and where it went. */
const MOVED: Readonly<Record<string, string>> = {
  bench: 'measures speed in the repository alone: `npm run bench` there',
};

async function main(argv: readonly string[]): Promise<void> {
  // `help run` is `run --help`
  const [name, ...rest] = argv[0] === 'help' && argv.length > 1 ? [argv[1], '--help'] : argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await overview());
    if (name === undefined) process.exitCode = 2;
    return;
  }
  if (name === '--version') {
    console.log((createRequire(import.meta.url)('nnpack-ts/package.json') as { version: string }).version);
    return;
  }
  if (Object.hasOwn(MOVED, name)) throw new NnpackError('invalid-argument', `nnpack-ts: ${name} ${MOVED[name]}`);
  if (!Object.hasOwn(COMMANDS, name)) {
    const names = Object.keys(COMMANDS);
    const text = `unknown command ${show(name)}, expected one of ${names.join(', ')}${didYouMean(name, [...names, '--help', '--version'])}`;
    throw new NnpackError('invalid-argument', `nnpack-ts: ${text}`);
  }
  await runCommand(await COMMANDS[name](), rest);
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const line = lineOn(process.stdout.columns);
  const list = commands.flatMap(({ name, summary }) => rowLines([name, summary], 9, line));
  return [
    'NNPACK in pure TypeScript.',
    '',
    'Usage: nnpack-ts COMMAND [options]',
    '',
    'Commands:',
    ...list,
    '',
    ...wrapped('nnpack-ts COMMAND --help tells of each, with examples; nnpack-ts --version prints the version.', line),
    'NO_COLOR=1 in the environment turns colours off.',
  ].join('\n');
}

await runProcess(() => main(process.argv.slice(2)));
