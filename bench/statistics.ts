/**
 * Measuring candidates against one another on a machine whose speed drifts.
 *
 * Measuring one after the other would compare two moods of the machine. So the candidates run in turn, round after
 * round; each is summed up by its median, and two of them are compared by the ratio of their medians. The ratios of the
 * single rounds, whose two times were taken next to each other, show how far that ratio can be trusted.
 *
 *   warm up:  each candidate runs a few times, unmeasured
 *   measure:  for each round, for each candidate that takes part in it: one time
 *
 * A candidate that is too slow for its budget takes part in fewer rounds, at least in one. They are spread over the
 * whole measurement, so that its median saw the same moods as the others', and all rounds of a candidate are also
 * rounds of every candidate with more.
 *
 * Between two runs the event loop has its turn, so that Ctrl-C is heard.
 */
import { breathe } from '../src/graph/breathe.ts';

export interface Timeable {
  readonly name: string;
  /** Runs once and says how many milliseconds it took: the candidate knows what belongs to the operation. */
  time(): number | Promise<number>;
}

export interface MeasureOptions {
  readonly rounds: number;
  readonly warmUp: number;
  /** Milliseconds that each candidate may take for its warm-up, and again for its rounds. One run may exceed it. */
  readonly budget: number;
}

export interface Measurement {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Milliseconds of each round; NaN where the candidate sat out. */
  readonly times: readonly number[];
}

export interface Ratio {
  /** Ratio of the medians. */
  readonly ratio: number;
  /** Least and greatest ratio of one round, over the rounds that both ran in. */
  readonly low: number;
  readonly high: number;
}

/** @throws the signal's reason once it is aborted */
export async function measure(
  candidates: readonly Timeable[],
  options: MeasureOptions,
  signal?: AbortSignal,
): Promise<Measurement[]> {
  const { rounds } = options;
  const order = spreadOrder(rounds);
  const runners: { candidate: Timeable; takesPart: ReadonlySet<number>; times: number[] }[] = [];
  for (const candidate of candidates) {
    const expected = await warmUp(candidate, options, signal);
    const affordable = Math.max(Math.floor(options.budget / expected), 1);
    runners.push({ candidate, takesPart: new Set(order.slice(0, affordable)), times: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { candidate, takesPart, times } of runners) {
      times.push(takesPart.has(round) ? await timed(candidate, signal) : Number.NaN);
    }
  }
  return runners.map(({ candidate, times }) => summarize(candidate.name, times));
}

/** The time of `a`, divided by that of `b`. */
export function ratio(a: Measurement, b: Measurement): Ratio {
  const ratios = ran(a.times.map((time, round) => time / b.times[round]));
  return { ratio: a.median / b.median, low: Math.min(...ratios), high: Math.max(...ratios) };
}

/** The last time of the warm-up: what a run is expected to take. */
async function warmUp(candidate: Timeable, options: MeasureOptions, signal?: AbortSignal): Promise<number> {
  let last = 0;
  let spent = 0;
  for (let run = 0; run < Math.max(options.warmUp, 1) && spent + last <= options.budget; run++) {
    last = await timed(candidate, signal);
    spent += last;
  }
  return last;
}

async function timed(candidate: Timeable, signal?: AbortSignal): Promise<number> {
  await breathe();
  signal?.throwIfAborted();
  return candidate.time();
}

/**
 * All rounds, in an order whose every beginning is spread evenly: van der Corput's 1/2, 1/4, 3/4, 1/8, 5/8, … of the
 * way through, the binary digits of 1, 2, 3, … mirrored at the point.
 */
function spreadOrder(rounds: number): number[] {
  const order = new Set<number>();
  for (let i = 1; order.size < rounds; i++) {
    let place = 0;
    for (let digits = i, weight = 0.5; digits > 0; digits >>= 1, weight /= 2) place += (digits & 1) * weight;
    order.add(Math.floor(place * rounds));
  }
  return [...order];
}

function summarize(name: string, times: readonly number[]): Measurement {
  const measured = ran(times);
  return { name, median: median(measured), min: Math.min(...measured), max: Math.max(...measured), times };
}

function ran(times: readonly number[]): number[] {
  return times.filter((time) => !Number.isNaN(time));
}

/** Middle value, or the mean of the two middle values; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
