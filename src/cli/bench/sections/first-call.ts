/** The first call of a fresh process against a warm one: what the engine's compiler still owes after `warmUp`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Section } from '../section.ts';

const RUNS = 5;
const SCRIPT = fileURLToPath(new URL('./first-call-child.js', import.meta.url));

export const firstCall: Section = {
  name: 'first-call',
  what: 'the first call of a fresh process against a warm one, one thread',
  seconds: 10,
  steps: new Array(RUNS).fill(1),
  async run({ step, found, signal }) {
    const runs: { first: number; warm: number }[] = [];
    for (let run = 1; run <= RUNS; run++) {
      step(`process ${run}`);
      const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { signal });
      runs.push(JSON.parse(stdout));
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
