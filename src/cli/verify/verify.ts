/**
 * The core of the property suite, on the machine that it runs on: every algorithm on every kernel table equals the sum in
 * double within its bound, and gives the same bits on any number of threads. Cases are drawn from a seed; one that fails
 * is shrunk to the smallest that still does, and comes with the command that replays it.
 */
import { asyncProperty, check, type IAsyncProperty, PreconditionFailure, pre, type RunDetails } from 'fast-check';
import type { AlgorithmName } from '../../algorithms/algorithm.ts';
import { type Context, createContext } from '../../context/context.ts';
import { show } from '../../errors.ts';
import { breathe } from '../../graph/breathe.ts';
import type { KernelTableName } from '../../kernels/table.ts';
import {
  type Convolve,
  checkConvolution,
  convolutionProblem,
  describeProblem,
  type Problem,
} from '../../testing/index.ts';
import { fail } from '../arguments.ts';
import { type Job, jobsOf, type Request } from './jobs.ts';

export interface VerifyOptions extends Request {
  readonly threads: readonly number[];
  /** Drawn when not given. */
  readonly seed?: number;
  /** Where in the seed's cases to begin, as a failure tells it; for one algorithm and one kernel table. */
  readonly path?: string;
  /** Ends the run between two cases, with what is done. */
  readonly signal: AbortSignal;
  /** Called before each case, with the row, counted from 1. */
  onProgress(row: number, rows: number, what: string): void;
  /** What computes, in place of the library. */
  readonly convolve?: Convolve;
}

export interface VerifyResult {
  readonly threads: readonly number[];
  /** Why contexts have fewer threads or slower memory than asked for; empty where they have not. */
  readonly reasons: readonly string[];
  readonly rows: readonly VerifyRow[];
  /** Rows without a case: so few leave no time for one. */
  readonly leftOut: readonly Job[];
  readonly stopped: boolean;
}

export interface VerifyRow {
  readonly algorithm: AlgorithmName;
  readonly kernels: KernelTableName;
  readonly threads: readonly number[];
  /** Computed and compared, up to the one that failed. */
  readonly cases: number;
  /** Drawn, but refused by the algorithm. */
  readonly ineligible: number;
  /** The greatest error of a case that passed, as a fraction of its bound. */
  readonly greatest: number;
  readonly seed: number;
  readonly failure: VerifyFailure | null;
}

export interface VerifyFailure {
  /** The smallest that failed, as data and in words. */
  readonly problem: Problem;
  readonly description: string;
  /** What is wrong, and where. */
  readonly text: string;
  /** The command line that runs this case again. */
  readonly replay: string;
}

export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { kernels: tables, threads, signal, onProgress } = options;
  const { jobs, leftOut } = options.path === undefined ? jobsOf(options) : replayOf(options);
  const seed = options.seed ?? 1 + Math.floor(Math.random() * (2 ** 31 - 1));
  const rows: VerifyRow[] = [];
  const reasons = new Set<string>();
  for (const kernels of tables) {
    const contexts: Context[] = [];
    try {
      for (const count of threads) contexts.push(await createContext({ kernels, threads: count }));
      for (const reason of contexts.flatMap((context) => context.describe().reasons)) reasons.add(reason);
      for (const job of jobs) {
        if (job.kernels !== kernels || signal.aborted) continue;
        const progress = (what: string) => onProgress(jobs.indexOf(job) + 1, jobs.length, what);
        const row = await verifyRow(job, contexts, seed, progress, options);
        // Ctrl-C before its first case leaves nothing to tell.
        if (row.cases > 0 || !signal.aborted) rows.push(row);
      }
    } finally {
      for (const context of contexts) context.dispose();
    }
  }
  return { threads, reasons: [...reasons], rows, leftOut, stopped: signal.aborted };
}

/** The one case at the path. */
function replayOf({ algorithms, kernels }: VerifyOptions): ReturnType<typeof jobsOf> {
  return { jobs: [{ algorithm: algorithms[0], kernels: kernels[0], cases: 1 }], leftOut: [] };
}

async function verifyRow(
  { algorithm, kernels, cases }: Job,
  contexts: readonly Context[],
  seed: number,
  progress: (what: string) => void,
  { threads, path, signal, convolve }: VerifyOptions,
): Promise<VerifyRow> {
  let passed = 0;
  let greatest = 0;
  const property = asyncProperty(convolutionProblem({ algorithm }), async (problem) => {
    progress(`rows, ${algorithm} with ${kernels} kernels, ${passed} of ${cases} cases`);
    // Ctrl-C is heard here. What has failed before, shrunk or not, is the result then.
    await breathe();
    const isReplayed = path !== undefined && passed === 1;
    if (signal.aborted || isReplayed) throw new PreconditionFailure(true);
    const worst = checkConvolution(problem, algorithm, contexts, convolve);
    pre(worst !== null);
    passed++;
    greatest = Math.max(greatest, worst.ratio);
  });
  const details = await checkFrom(property, cases, seed, path);
  if (path !== undefined && details.numRuns + details.numSkips === 0 && !signal.aborted) failPath(path, seed);
  const row = { algorithm, kernels, threads, cases: details.numRuns, ineligible: details.numSkips, greatest, seed };
  if (details.counterexample === null) return { ...row, failure: null };
  const [problem] = details.counterexample;
  const { errorInstance: error, counterexamplePath } = details;
  const text = error instanceof Error ? error.message : String(error);
  const where = `--algorithm ${algorithm} --kernels ${kernels} --threads ${threads.join(',')}`;
  const replay = `nnpack-ts verify ${where} --seed ${seed} --path ${counterexamplePath}`;
  return { ...row, failure: { problem, description: describeProblem(problem), text, replay } };
}

/** All cases of the seed, or the one at the path. */
async function checkFrom(
  property: IAsyncProperty<[Problem]>,
  cases: number,
  seed: number,
  path: string | undefined,
): Promise<RunDetails<[Problem]>> {
  if (path === undefined) return check(property, { numRuns: cases, seed });
  try {
    return await check(property, { numRuns: 1, seed, path, endOnFailure: true });
  } catch {
    // A failing property does not throw: there is no such path.
    return failPath(path, seed);
  }
}

function failPath(path: string, seed: number): never {
  return fail(`--path expected the path of a failure with --seed ${seed}, got ${show(path)}`);
}
