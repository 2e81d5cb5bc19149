/**
 * The time of a convolution, measured: `rule: 'measured'` tries each algorithm that may be the fastest once, and remembers
 * what it took.
 *
 *   for each of a few rounds, for each algorithm: pack, then run until some milliseconds have passed
 *   time = the least of all its runs, because whatever disturbs a run makes it longer
 *
 * The rounds go over all algorithms in turn, so that a disturbance, or code that the engine is still compiling, meets
 * all of them alike. An algorithm that has twice taken several times as long as another is not run again.
 *
 * Threads are those of the context that are ready, all of them after `createContext`; times during which one became
 * ready serve once and are not remembered. Inputs are tensors of the trial's own, filled with random numbers: the
 * caller's are not touched, and there are neither zeros nor subnormal numbers, whose time may differ. They need memory
 * besides the workspace, so an algorithm that fits a plan may not fit a trial. All memory is given back.
 */
import {
  type AlgorithmName,
  type ConvolutionAlgorithm,
  type ConvolutionProgram,
  emptyProfile,
  IDENTITY,
  now,
  type Workload,
} from '../algorithms/algorithm.ts';
import { algorithmNamed } from '../algorithms/list.ts';
import { kernelFloats } from '../algorithms/reference.ts';
import type { Context } from '../context/context.ts';
import type { MeasuredTime } from '../context/measurements.ts';
import { NnpackError } from '../errors.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import { uniform } from '../tensor/random.ts';
import type { Candidate } from './candidate.ts';
import type { Cost } from './cost.ts';

/**
 * An algorithm with so many times the least estimate is not tried, and one that took so many times the least time is
 * not tried again. On the layers of AlexNet, VGG and Inception the fastest had up to 1.7 times the least estimate, on
 * the machine that the units come from.
 */
export const NEAR = 3;

const ROUNDS = 4;
/** Rounds that all take part in, so that one disturbance excludes none. */
const ROUNDS_OF_ALL = 2;
/** In one round an algorithm runs at least once, and begins no run after so many milliseconds or runs. */
const ROUND_MILLISECONDS = 5;
const ROUND_RUNS = 10;

/** Milliseconds of a call, with those of packing if each call packs. */
export function timeThatCounts(cost: Cost | MeasuredTime | null, packsEachCall: boolean): number {
  return cost === null ? Infinity : cost.run + (packsEachCall ? cost.pack : 0);
}

/**
 * The candidates that are tried: those that are eligible and whose estimate is near the least, without the reference.
 * The least estimate comes first, so that it decides between equal times: the clock of a browser may be as coarse as a
 * layer is short.
 */
export function contenders(candidates: readonly Candidate[], packsEachCall: boolean): readonly Candidate[] {
  const time = ({ cost }: Candidate): number => timeThatCounts(cost, packsEachCall);
  const eligible = candidates.filter(({ refusal, algorithm }) => refusal === null && algorithm !== 'reference');
  const most = NEAR * Math.min(...eligible.map(time));
  return eligible.filter((candidate) => time(candidate) <= most).sort((a, b) => time(a) - time(b));
}

/**
 * The times of some candidates in their order, remembered or measured now, without candidates for which there is no
 * memory left.
 */
export function measuredTimes(
  who: string,
  shape: ConvolutionShape,
  candidates: readonly Candidate[],
  packsEachCall: boolean,
  context: Context,
): Map<AlgorithmName, MeasuredTime> {
  const { arena, measurements } = context;
  const setting = settingOf(context);
  const remembered = measurements.timesOf(setting, shape);
  const room = arena.availableBytes - 4 * Object.values(tensorFloats(shape)).reduce((sum, floats) => sum + floats);
  const missing = candidates
    .filter(({ algorithm, work }) => !remembered.has(algorithm) && work !== null && bytesOf(work) <= room)
    .map(({ algorithm }) => algorithm);
  const measured = missing.length === 0 ? null : measure(who, shape, missing, packsEachCall, context);
  const times = new Map(
    candidates.flatMap(({ algorithm }) => {
      const time = remembered.get(algorithm) ?? measured?.get(algorithm);
      return time === undefined ? [] : [[algorithm, time] as const];
    }),
  );
  if (settingOf(context).threads === setting.threads) {
    for (const [name, time] of measured ?? []) measurements.record(setting, shape, name, time);
  }
  return times;
}

/** The setting of times that are measured now: workers that are still starting take no part. */
function settingOf({ kernels, pool }: Context): { kernels: string; threads: number } {
  return { kernels: kernels.name, threads: 1 + pool.readyWorkers };
}

function bytesOf({ workspaceBytes, packedBytes }: Workload): number {
  return workspaceBytes + packedBytes;
}

function tensorFloats(shape: ConvolutionShape): Tensors {
  return {
    input: shape.batch * shape.inputChannels * shape.inputHeight * shape.inputWidth,
    kernel: kernelFloats(shape),
    output: shape.batch * shape.outputChannels * shape.outputHeight * shape.outputWidth,
  };
}

/** The times of the algorithms that fit the memory; null where not even the tensors fit. */
function measure(
  who: string,
  shape: ConvolutionShape,
  names: readonly AlgorithmName[],
  packsEachCall: boolean,
  context: Context,
): Map<AlgorithmName, MeasuredTime> | null {
  return borrow(who, context, (allocate) => {
    const floats = tensorFloats(shape);
    const offsets = {
      input: allocate(floats.input),
      kernel: allocate(floats.kernel),
      output: allocate(floats.output),
    };
    const next = uniform(1);
    fill(context, offsets.input, floats.input, next);
    fill(context, offsets.kernel, floats.kernel, next);

    const times = new Map<AlgorithmName, MeasuredTime>();
    let open = names;
    for (let round = 1; round <= ROUNDS; round++) {
      for (const name of open) {
        const time = tryOnce(who, algorithmNamed(name), shape, context, offsets);
        if (time !== null) times.set(name, lesser(time, times.get(name) ?? time));
      }
      open = open.filter((name) => times.has(name));
      if (round < ROUNDS_OF_ALL) continue;
      const counted = (name: AlgorithmName): number => timeThatCounts(times.get(name) ?? null, packsEachCall);
      const most = NEAR * Math.min(...open.map(counted));
      open = open.filter((name) => counted(name) <= most);
    }
    return times;
  });
}

/** Offsets in the context's memory, or sizes, of the tensors of a trial, in floats. */
interface Tensors {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
}

/** The time of one algorithm in one round; null where it does not fit the memory that is left. */
function tryOnce(
  who: string,
  algorithm: ConvolutionAlgorithm,
  shape: ConvolutionShape,
  context: Context,
  { input, kernel, output }: Tensors,
): MeasuredTime | null {
  return borrow(who, context, (allocate) => {
    const program: ConvolutionProgram = algorithm.plan(shape, 'forward', context, IDENTITY);
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

function fill({ arena: { f32 } }: Context, offset: number, size: number, next: () => number): void {
  for (let i = offset; i < offset + size; i++) f32[i] = next();
}

/** Does some work with memory that is given back afterwards; null where there is not enough memory. */
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
