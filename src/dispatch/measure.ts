/**
 * The time of a convolution, measured: `rule: 'measured'` tries each algorithm that may be the fastest once, and remembers
 * what it took.
 *
 *   for each of a few rounds, for each algorithm: pack, then run until some milliseconds have passed
 *   time = the least of all its runs, because whatever disturbs a run makes it longer
 *
 * The rounds go over all algorithms in turn, so that a disturbance, or code that the engine is still compiling, meets all
 * of them alike. What has twice taken several times as long as another is not run again.
 *
 * Threads are those of the context that are ready, all of them after `createContext`. Inputs are random numbers of their
 * own: the caller's tensors are not touched, and there are neither zeros nor subnormal numbers, on which a processor may
 * spend another time. All memory is given back.
 */
import {
  type AlgorithmName,
  type ConvolutionAlgorithm,
  type ConvolutionProgram,
  emptyProfile,
  IDENTITY,
  now,
} from '../algorithms/algorithm.ts';
import { algorithmNamed } from '../algorithms/list.ts';
import { kernelFloats } from '../algorithms/reference.ts';
import { NnpackError } from '../errors.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { uniform } from '../tensor/random.ts';
import type { Context } from '../threads/context.ts';
import type { MeasuredTime } from '../threads/measurements.ts';
import type { Cost } from './cost.ts';
import type { Candidate } from './select.ts';

/**
 * What has so many times the least estimate is not tried, and what took so many times the least time not again. On the
 * layers of AlexNet, VGG and Inception the fastest had up to 1.7 times the least estimate, on the machine that the units come from.
 */
export const NEAR = 3;

const ROUNDS = 4;
/** Rounds that all take part in: one disturbance puts nothing out. */
const ROUNDS_OF_ALL = 2;
/** Of one algorithm in one round: at least one run, and no more than these. */
const ROUND_MILLISECONDS = 5;
const ROUND_RUNS = 10;

/** Milliseconds of a call: of one that packs each time, packing as well. */
export function timeThatCounts(cost: Cost | MeasuredTime | null, packsEachCall: boolean): number {
  return cost === null ? Infinity : cost.run + (packsEachCall ? cost.pack : 0);
}

/** Those that are tried: the eligible, the reference apart, that the estimate leaves open. */
export function contenders(candidates: readonly Candidate[], packsEachCall: boolean): readonly Candidate[] {
  const time = ({ cost }: Candidate): number => timeThatCounts(cost, packsEachCall);
  const eligible = candidates.filter(({ refusal, algorithm }) => refusal === null && algorithm !== 'reference');
  const most = NEAR * Math.min(...eligible.map(time));
  return eligible.filter((candidate) => time(candidate) <= most);
}

/**
 * The times of some candidates in their order, remembered or measured now; without those that the memory left has no room
 * for.
 */
export function measuredTimes(
  who: string,
  shape: ConvolutionShape,
  candidates: readonly Candidate[],
  packsEachCall: boolean,
  context: Context,
): Map<AlgorithmName, MeasuredTime> {
  const { measurements } = context;
  const setting = { kernels: context.kernels.name, threads: context.pool.threadsCount };
  const names = candidates.map(({ algorithm }) => algorithm);
  const remembered = measurements.timesOf(setting, shape);
  const missing = names.filter((name) => !remembered.has(name));
  const measured = missing.length === 0 ? null : measure(who, shape, missing, packsEachCall, context);
  for (const [name, time] of measured ?? []) measurements.record(setting, shape, name, time);
  const times = measurements.timesOf(setting, shape);
  return new Map(
    names.flatMap((name) => {
      const time = times.get(name);
      return time === undefined ? [] : [[name, time] as const];
    }),
  );
}

/** The times of those that fit; null where not even the tensors do. */
function measure(
  who: string,
  shape: ConvolutionShape,
  names: readonly AlgorithmName[],
  packsEachCall: boolean,
  context: Context,
): Map<AlgorithmName, MeasuredTime> | null {
  return borrow(who, context, (allocate) => {
    const inputFloats = shape.batch * shape.inputChannels * shape.inputHeight * shape.inputWidth;
    const input = allocate(inputFloats);
    const kernel = allocate(kernelFloats(shape));
    const output = allocate(shape.batch * shape.outputChannels * shape.outputHeight * shape.outputWidth);
    const next = uniform(1);
    fill(context, input, inputFloats, next);
    fill(context, kernel, kernelFloats(shape), next);

    const times = new Map<AlgorithmName, MeasuredTime>();
    let open = names;
    for (let round = 1; round <= ROUNDS; round++) {
      for (const name of open) {
        const time = tryOnce(who, algorithmNamed(name), shape, context, { input, kernel, output });
        if (time !== null) times.set(name, lesser(time, times.get(name) ?? time));
      }
      if (round < ROUNDS_OF_ALL) continue;
      const counted = (name: AlgorithmName): number => timeThatCounts(times.get(name) ?? null, packsEachCall);
      const most = NEAR * Math.min(...open.map(counted));
      open = open.filter((name) => counted(name) <= most);
    }
    return times;
  });
}

/** Offsets in the context's memory. */
interface Tensors {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
}

/** One algorithm in one round; null where it does not fit the memory that is left. */
function tryOnce(
  who: string,
  algorithm: ConvolutionAlgorithm,
  shape: ConvolutionShape,
  context: Context,
  { input, kernel, output }: Tensors,
): MeasuredTime | null {
  return borrow(who, context, (allocate) => {
    const program: ConvolutionProgram = algorithm.plan(shape, context, IDENTITY);
    const packed = allocate(program.packedFloats);
    const workspace = allocate(program.workspaceFloats);
    const profile = emptyProfile();
    const pack = timeOf(() => program.pack(kernel, packed, profile));
    let run = Infinity;
    const start = now();
    for (let runs = 0; runs === 0 || (runs < ROUND_RUNS && now() - start < ROUND_MILLISECONDS); runs++) {
      run = Math.min(
        run,
        timeOf(() => program.run(input, packed, 0, output, workspace, profile)),
      );
    }
    return { run, pack };
  });
}

function timeOf(work: () => void): number {
  const start = now();
  work();
  return now() - start;
}

function lesser(a: MeasuredTime, b: MeasuredTime): MeasuredTime {
  return { run: Math.min(a.run, b.run), pack: Math.min(a.pack, b.pack) };
}

function fill({ arena }: Context, offset: number, size: number, next: () => number): void {
  for (let i = offset; i < offset + size; i++) arena.f32[i] = next();
}

/** Does some work with memory that is given back afterwards; null where there is not enough of it. */
function borrow<Result>(
  who: string,
  { arena }: Context,
  work: (allocate: (floats: number) => number) => Result,
): Result | null {
  const ranges: number[] = [];
  try {
    return work((floats) => {
      const offset = arena.allocate(floats, who);
      ranges.push(offset);
      return offset;
    });
  } catch (error) {
    if (error instanceof NnpackError && error.code === 'out-of-memory') return null;
    throw error;
  } finally {
    for (const offset of ranges) arena.release(offset);
  }
}
