/** `nnpack-ts verify`: the core of the property suite on this machine, a row for each algorithm and kernel table. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { ALGORITHM_NAMES } from '../../algorithms/algorithm.ts';
import { show } from '../../errors.ts';
import { refuseSimd } from '../../kernels/simd/engine.ts';
import { KERNEL_TABLES, type KernelTableName } from '../../kernels/table.ts';
import { fail, listOf, readOneOf, readWhole, whole } from '../arguments.ts';
import { type Command, type Given, STOPPED } from '../command.ts';
import { describeMachine, formatMachine } from '../machine.ts';
import { JSON_OPTION, outputOf } from '../output.ts';
import { progressBar } from '../progress.ts';
import { significant } from '../report/html.ts';
import type { VerifyOptions, VerifyResult, VerifyRow } from './verify.ts';

/** More threads than cores are as good a test as any: results must not depend on who computes what. */
const THREADS = [1, 2, 3];
const CASES = 200;

export const verify: Command = {
  name: 'verify',
  summary: 'Holds every algorithm against sums in double, within its error bound, on this machine.',
  options: {
    algorithm: {
      value: 'LIST',
      help: `${ALGORITHM_NAMES.slice(0, 6).join(', ')}, ${ALGORITHM_NAMES.slice(6).join(', ')} (all)`,
    },
    kernels: { value: 'LIST', help: `kernel tables, of ${KERNEL_TABLES.join(', ')} (those that run here)` },
    threads: { value: 'LIST', help: `numbers of threads, which must all give the same bits (${THREADS.join(',')})` },
    cases: { value: 'N', help: `cases of each row; fewer where a case takes long (${CASES})` },
    seed: { value: 'N', help: 'draw the cases of an earlier run again' },
    path: { value: 'PATH', help: 'only the case that failed there; with --seed, one algorithm and one kernel table' },
    json: JSON_OPTION,
  },
  examples: [
    ['nnpack-ts verify', 'everything, in less than a minute'],
    ['nnpack-ts verify --algorithm wt8x8,ft16x16 --cases 5000', 'two algorithms, thoroughly'],
    ['nnpack-ts verify --seed 1234 --json -', 'the cases of an earlier run, as data'],
  ],
  async run(given, signal) {
    const request = requestOf(given);
    const output = await outputOf(given);
    const machine = describeMachine();
    output.say(formatMachine(machine));
    // Loaded only when it is called for: what draws cases takes a while to load, and help must not.
    const core = await import('./verify.ts');
    const bar = progressBar(true);
    const result = await core.verify({ ...request, signal, onProgress: bar.update }).finally(bar.clear);
    output.say(formatResult(result));
    await output.write({ machine, ...result });
    if (result.stopped) console.error('stopped');
    if (result.rows.some((row) => row.failure !== null)) process.exitCode = 1;
    else if (result.stopped) process.exitCode = STOPPED;
  },
};

function requestOf(given: Given): Omit<VerifyOptions, 'signal' | 'onProgress'> {
  const request = {
    algorithms: listOf(given, 'algorithm', readOneOf(ALGORITHM_NAMES)) ?? ALGORITHM_NAMES,
    // The fastest first.
    kernels: listOf(given, 'kernels', readOneOf(KERNEL_TABLES)) ?? KERNEL_TABLES.filter(runsHere).toReversed(),
    threads: listOf(given, 'threads', readWhole) ?? THREADS,
    cases: whole(given, 'cases') ?? CASES,
    seed: whole(given, 'seed'),
    path: given.options.get('path'),
  };
  const { algorithms, kernels, seed, path } = request;
  if (path === undefined) return request;
  if (!/^\d+(:\d+)*$/.test(path)) fail(`--path expected numbers joined by colons, got ${show(path)}`);
  if (seed === undefined || algorithms.length !== 1 || kernels.length !== 1) {
    fail('--path expected --seed, one --algorithm and one --kernels beside it');
  }
  return request;
}

/** The table, what it leaves out, and every failure with the line that replays it. */
export function formatResult({ reasons, rows, leftOut }: VerifyResult): string {
  const lines = [...reasons, tableOf(rows)];
  if (leftOut.length > 0) {
    const names = leftOut.map(({ algorithm, kernels }) => `${algorithm} with ${kernels} kernels`).join(', ');
    lines.push(`left out until --cases is larger, because one case takes longer than a row: ${names}`);
  }
  const failed = rows.filter((row) => row.failure !== null);
  lines.push(...failed.map(formatFailure));
  return lines.join('\n');
}

function tableOf(rows: readonly VerifyRow[]): string {
  const table = new Table({
    head: ['algorithm', 'kernels', 'threads', 'cases', 'ineligible', 'greatest error, % of bound', 'seed', 'result'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { algorithm, kernels, threads, cases, ineligible, greatest, seed, failure } of rows) {
    const result = failure === null ? colors.green('holds') : colors.red('fails');
    table.push([
      colors.bold(algorithm),
      kernels,
      threads.join(' '),
      cases,
      ineligible,
      significant(100 * greatest),
      seed,
      result,
    ]);
  }
  return table.toString();
}

function runsHere(name: KernelTableName): boolean {
  return name === 'reference' || name === 'scalar' || refuseSimd(name) === null;
}

function formatFailure({ algorithm, kernels, failure }: VerifyRow): string {
  if (failure === null) return '';
  return [
    '',
    colors.red(`${algorithm} with ${kernels} kernels fails; the smallest case:`),
    `  ${failure.description}`,
    `  ${failure.text}`,
    `  replay: ${failure.replay}`,
  ].join('\n');
}
