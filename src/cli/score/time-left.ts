/** Progress of a whole benchmark, with an estimate of the seconds that are left. */
import { now } from '../../algorithms/algorithm.ts';
import { type ProgressBar, progressBar } from '../progress.ts';
import type { ScoreRow, ScoreSettings } from './result.ts';
import { DRY_RUNS, PASSES } from './turns.ts';

/** One row that is asked for. */
export type ScoreJob = Pick<ScoreRow, 'network' | 'batch'>;

/** What the estimate reads of a row that is done. */
type Timed = ScoreJob & {
  readonly default: { readonly imagesPerSecond: number };
  readonly accelerated: { readonly imagesPerSecond: number };
};

/** Rows are done in the order of the jobs; the next has been at work for some seconds. */
export function secondsLeft(
  jobs: readonly ScoreJob[],
  rows: readonly Timed[],
  secondsInRow: number,
  budgetSeconds: number,
): number {
  const [current = 0, ...later] = jobs.slice(rows.length).map((job) => secondsOf(job, rows, budgetSeconds));
  return later.reduce((sum, seconds) => sum + seconds, Math.max(0, current - secondsInRow));
}

/** All runs at the speed of the network's last row, within the budget; a network not met yet may need all of it. */
function secondsOf({ network, batch }: ScoreJob, rows: readonly Timed[], budgetSeconds: number): number {
  const last = rows.filter((row) => row.network === network).at(-1);
  if (last === undefined) return 2 * budgetSeconds;
  const images = (DRY_RUNS + PASSES) * batch;
  const figure = ({ imagesPerSecond }: Timed['default']): number => Math.min(budgetSeconds, images / imagesPerSecond);
  return figure(last.default) + figure(last.accelerated);
}

/** Writing to a terminal takes time too: not within every pass. */
const UPDATE_MS = 200;

/** The bar on stderr: seconds gone, seconds in all, and the row that is at work. */
export class ScoreProgress {
  readonly #jobs: readonly ScoreJob[];
  readonly #rows: readonly ScoreRow[];
  readonly #budgetSeconds: number;
  readonly #bar: ProgressBar = progressBar(true);
  readonly #start = now();
  #rowStart = now();
  #shown = -Infinity;

  /** @param rows grows as rows are done */
  constructor(jobs: readonly ScoreJob[], rows: readonly ScoreRow[], { budgetSeconds }: ScoreSettings) {
    this.#jobs = jobs;
    this.#rows = rows;
    this.#budgetSeconds = budgetSeconds;
  }

  beginRow(): void {
    this.#rowStart = now();
  }

  update(): void {
    const time = now();
    if (time - this.#shown < UPDATE_MS) return;
    this.#shown = time;
    const gone = Math.max(1, Math.round((time - this.#start) / 1e3));
    const left = secondsLeft(this.#jobs, this.#rows, (time - this.#rowStart) / 1e3, this.#budgetSeconds);
    const { network, batch } = this.#jobs[this.#rows.length];
    this.#bar.update(gone, gone + Math.round(left), `s, ${network} batch ${batch}`);
  }

  clear(): void {
    this.#bar.clear();
  }
}
