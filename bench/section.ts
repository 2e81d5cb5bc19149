/** What every section of the benchmark is, and what they share: a context, and candidates that are checked, then timed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Context, createContext } from '../src/context/context.ts';
import type { ContextOptions } from '../src/context/options.ts';
import { NnpackError } from '../src/errors.ts';
import { breathe } from '../src/graph/breathe.ts';
import { warmUp } from '../src/layers/warm-up.ts';
import type { Findings } from './findings.ts';
import { type ConvolutionLayer, operations } from './layers.ts';
import { type Measurement, type MeasureOptions, measure, type Timeable } from './statistics.ts';

export interface Section {
  readonly name: string;
  readonly what: string;
  /** About how long it takes: the time left is estimated from it. */
  readonly seconds: number;
  /** The work of each step, in a unit of the section's own. */
  readonly steps: readonly number[];
  run(bench: Bench): Promise<void>;
}

/** What a section is given. All figures of a row are of one run. */
export interface Bench {
  /** The kernel table that contexts are made with: where it is `auto`, an engine takes the fastest that it runs. */
  readonly kernels: KernelsChoice;
  /** Aborted at Ctrl-C and at the time limit; a section hears it between two runs. */
  readonly signal: AbortSignal;
  /** Says what the next step measures. */
  step(what: string): void;
  /** Filled as figures are found, each of which is printed at once, and is there when the rest is not. */
  readonly found: Findings;
}

export type KernelsChoice = NonNullable<ContextOptions['kernels']>;

export async function withContext<Result>(
  options: ContextOptions,
  work: (context: Context) => Promise<Result>,
): Promise<Result> {
  const context = await createContext(options);
  try {
    warmUp(context);
    return await work(context);
  } finally {
    context.dispose();
  }
}

/** Runs a script in its own process and returns the data it prints; if it fails, its line on stderr is the error. */
export async function runScript<Result>(script: URL, argument: string, signal: AbortSignal): Promise<Result> {
  try {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(script), argument], { signal, env });
    return JSON.parse(stdout);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr === undefined || stderr === '') throw error;
    throw new NnpackError('worker-failed', stderr.replace(/^error /, '').trim(), { cause: error });
  }
}

/** Enough rounds for a median that can be relied on; a minute or less for the slowest layer. */
export const THOROUGH: MeasureOptions = { rounds: 7, warmUp: 3, budget: 6000 };

/** For sections that run many candidates on many layers. */
export const BRISK: MeasureOptions = { rounds: 7, warmUp: 2, budget: 2000 };

export interface Contestant extends Timeable {
  /** The result of the last run. */
  result(): Float32Array | Promise<Float32Array>;
}

/** Candidates for one problem, timed in turn, once the result of each has been verified against that of the first. */
export async function contest(
  candidates: readonly Contestant[],
  options: MeasureOptions,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const [first, ...others] = candidates;
  const expected = await resultOf(first, signal);
  for (const other of others) verify(`${other.name} against ${first.name}`, await resultOf(other, signal), expected);
  return measure(candidates, options, signal);
}

async function resultOf(candidate: Contestant, signal: AbortSignal): Promise<Float32Array> {
  await breathe();
  signal.throwIfAborted();
  await candidate.time();
  return candidate.result();
}

/**
 * Throws unless two results of one problem agree: within `tolerance` of the greatest element, which catches every
 * mistake of layout or arithmetic; the error bounds themselves are the tests' matter.
 */
export function verify(what: string, actual: Float32Array, expected: Float32Array, tolerance = 1e-4): void {
  let greatest = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    greatest = Math.max(greatest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(actual[i] - expected[i])); // NaN once is NaN for good
  }
  if (actual.length !== expected.length || !(worst <= tolerance * greatest)) {
    throw new Error(`${what}: differs by ${worst} where the greatest element is ${greatest}`);
  }
}

/** Effective GFLOP/s: operations of the direct convolution in the measured time, whatever was computed instead. */
export function gflops(layer: ConvolutionLayer, milliseconds: number): number {
  return operations(layer) / milliseconds / 1e6;
}
