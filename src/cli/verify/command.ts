/** `nnpack-ts verify`: the core of the property suite on this machine, a row for each algorithm and kernel table. */
import { ALGORITHM_NAMES } from '../../algorithms/algorithm.ts';
import { show } from '../../errors.ts';
import { KERNEL_TABLES, type KernelTableName } from '../../kernels/table.ts';
import { fail, listOf, readOneOf, readWhole, whole } from '../arguments.ts';
import { type Command, type Given, STOPPED } from '../command.ts';
import { describeMachine, formatMachine } from '../machine.ts';
import { JSON_OPTION, outputOf } from '../output.ts';
import { progressBar } from '../progress.ts';
import type { VerifyOptions } from './verify.ts';

/** More threads than cores are as good a test as any: results must not depend on who computes what. */
const THREADS = [1, 2, 3];
const CASES = 200;

export const verify: Command = {
  name: 'verify',
  summary: 'Holds every algorithm against sums in double, within its error bound, on this machine.',
  options: {
    algorithm: { value: 'LIST', help: `of ${ALGORITHM_NAMES.join(', ')} (all)` },
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
    const request = await requestOf(given);
    const output = await outputOf(given);
    const machine = describeMachine();
    output.say(formatMachine(machine));
    // Loaded only when it is called for: what draws cases takes a while to load, and help must not.
    const [core, { formatResult }] = await Promise.all([import('./verify.ts'), import('./text.ts')]);
    const bar = progressBar(true);
    const result = await core.verify({ ...request, signal, onProgress: bar.update }).finally(bar.clear);
    output.say(formatResult(result));
    await output.write({ machine, ...result });
    if (result.stopped) console.error('stopped');
    if (result.rows.some((row) => row.failure !== null)) process.exitCode = 1;
    else if (result.stopped) process.exitCode = STOPPED;
  },
};

async function requestOf(given: Given): Promise<Omit<VerifyOptions, 'signal' | 'onProgress'>> {
  const request = {
    algorithms: listOf(given, 'algorithm', readOneOf(ALGORITHM_NAMES)) ?? ALGORITHM_NAMES,
    kernels: listOf(given, 'kernels', readOneOf(KERNEL_TABLES)) ?? (await tablesHere()),
    threads: listOf(given, 'threads', readWhole) ?? THREADS,
    cases: whole(given, 'cases') ?? CASES,
    seed: whole(given, 'seed'),
    path: given.options.get('path'),
  };
  const { algorithms, kernels, seed, path } = request;
  for (const name of kernels) await expectNoTwin(name);
  if (path === undefined) return request;
  if (!/^\d+(:\d+)*$/.test(path)) fail(`--path expected numbers joined by colons, got ${show(path)}`);
  if (seed === undefined || algorithms.length !== 1 || kernels.length !== 1) {
    fail('--path expected --seed, one --algorithm and one --kernels beside it');
  }
  return request;
}

/** Those that run on this machine, the fastest first. */
async function tablesHere(): Promise<readonly KernelTableName[]> {
  const refusals = await Promise.all(KERNEL_TABLES.map(refusalOf));
  return KERNEL_TABLES.filter((_, i) => refusals[i] === null).toReversed();
}

/** A context would take the narrow twin of a wide table that cannot run, and its row would tell of another table. */
async function expectNoTwin(name: KernelTableName): Promise<void> {
  const refusal = name.endsWith('-wide') ? await refusalOf(name) : null;
  if (refusal !== null) fail(`--kernels ${name} cannot run here: ${refusal}`);
}

async function refusalOf(name: KernelTableName): Promise<string | null> {
  if (name === 'reference' || name === 'scalar') return null;
  const { isWide, refuseSimd } = await import('../../kernels/simd/engine.ts');
  const refusal = refuseSimd(name);
  if (refusal !== null || !isWide(name)) return refusal;
  const { refuseWide } = await import('../../context/wide.ts');
  return refuseWide();
}
