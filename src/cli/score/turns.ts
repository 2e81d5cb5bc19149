/** Runs that are timed in turn: how many the budget allows, whose turn it is, and the time of those that count. */

/** As MXNet's benchmark_score.py: so many unmeasured runs, then so many measured ones. */
export const DRY_RUNS = 5;
export const PASSES = 10;

/** A figure that is being taken. */
export interface Figure<Result> {
  readonly run: () => Promise<Result>;
  /** What the first run gave. */
  readonly first: Result;
  readonly dryRuns: number;
  readonly passes: number;
  /** Runs so far, dry ones among them. */
  done: number;
  /** Of the passes so far. */
  milliseconds: number;
}

/** A dry run, which tells how many more there can be. */
export async function startFigure<Result>(
  run: () => Promise<Result>,
  budgetSeconds: number,
  clock: () => number,
): Promise<Figure<Result>> {
  const start = clock();
  const first = await run();
  const counts = countRuns((1e3 * budgetSeconds) / (clock() - start));
  return { run, first, ...counts, done: 1, milliseconds: 0 };
}

/** All other runs. Those of several figures alternate, so that what slows the machine down slows all of them. */
export async function finishFigures(figures: readonly Figure<unknown>[], clock: () => number): Promise<void> {
  const progress = ({ done, dryRuns, passes }: Figure<unknown>): number => done / (dryRuns + passes);
  for (;;) {
    const next = figures.reduce((least, figure) => (progress(figure) < progress(least) ? figure : least));
    if (progress(next) === 1) return;
    const start = clock();
    await next.run();
    if (next.done >= next.dryRuns) next.milliseconds += clock() - start;
    next.done++;
  }
}

/** Splits the runs that there is time for as 5 to 10, at most that many, and at least one of each. */
export function countRuns(affordable: number): { dryRuns: number; passes: number } {
  const runs = Math.floor(affordable);
  const dryRuns = Math.min(DRY_RUNS, Math.max(1, Math.floor((runs * DRY_RUNS) / (DRY_RUNS + PASSES))));
  const passes = Math.min(PASSES, Math.max(1, runs - dryRuns));
  return { dryRuns, passes };
}
