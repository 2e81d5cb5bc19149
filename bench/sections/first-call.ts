/** The kernels of a fresh process, and its first call, in which the engine still compiles, against a warm call. */
import { runScript, type Section } from '../section.ts';
import { median } from '../statistics.ts';

const RUNS = 5;
const SCRIPT = new URL('./first-call-child.js', import.meta.url);
/** The most milliseconds that emitting and compiling all kernels should take. */
const EMISSION = 50;

/** What a process prints. */
interface Run {
  /** Milliseconds of a context and its first convolution, 3×3 of 32→32 @28. */
  readonly fresh: number;
  /** Milliseconds to emit and compile all kernels, which no process needs; null for typed arrays. */
  readonly emitted: number | null;
  readonly first: number;
  readonly warm: number;
}

export const firstCall: Section = {
  name: 'first-call',
  what: 'emission and the first call of a fresh process, one thread',
  seconds: 10,
  steps: new Array(RUNS).fill(1),
  async run({ kernels, step, found, signal }) {
    const runs: Run[] = [];
    for (let run = 1; run <= RUNS; run++) {
      step(`process ${run}`);
      runs.push(await runScript<Run>(SCRIPT, kernels, signal));
    }
    found.rows.push({
      what: 'a context and its first 3×3 convolution, fresh process',
      value: median(runs.map((run) => run.fresh)),
      unit: 'ms',
    });
    const times = runs.flatMap(({ emitted }) => (emitted === null ? [] : [emitted]));
    if (times.length > 0) {
      const emitted = median(times);
      found.rows.push({
        what: 'all kernels emitted and compiled',
        value: emitted,
        unit: 'ms',
        against: `${EMISSION} ms`,
        ratio: emitted / EMISSION,
        goal: { atMost: 1 },
      });
    }
    const middle = runs.sort((a, b) => a.first / a.warm - b.first / b.warm)[RUNS >> 1];
    found.rows.push({
      what: '64→64 @224, first call after the warm-up',
      value: middle.first,
      unit: 'ms',
      against: `warm, ${middle.warm.toFixed(1)} ms`,
      ratio: middle.first / middle.warm,
      goal: { atMost: 2 },
    });
  },
};
