/** The choice of an algorithm for one convolution: documented rules, then refusals, then accuracy, then a rule. */
import {
  ALGORITHM_NAMES,
  type AlgorithmName,
  boundOfSums,
  type ConvolutionAlgorithm,
  inputLimit,
  type Pass,
  type WeightSizes,
  type Workload,
} from '../algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../algorithms/list.ts';
import { type FieldsOf, oneOf } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Candidate } from './candidate.ts';
import { estimateCost } from './cost.ts';
import { atLeast, atMost } from './digits.ts';
import { contenders, measuredTimes, NEAR, timeThatCounts } from './measure.ts';
import { type NnpackEntry, nnpackChoice } from './nnpack-rule.ts';
import { RULES, type Rule } from './rule-names.ts';
import { applyRules, CONVOLUTION_RULES, type RuleResult } from './rules.ts';

/** How a call wants its algorithm chosen. */
export interface SelectionOptions {
  /** A name forces the algorithm; it is an error if that cannot compute the shape. */
  readonly algorithm?: 'auto' | AlgorithmName;
  /** `'documented'`: MXNet's table decides which calls leave the default; `'all'`: any algorithm may serve. */
  readonly eligibility?: 'all' | 'documented';
  /**
   * `'fastest'`: least estimated time; `'nnpack'`: NNPACK's own rule; `'measured'`: least measured time of those whose
   * estimate is near the least, which are tried once for each shape and remembered in `context.measurements`. Measured
   * times, and with them the choice and the last bits, differ between machines, processes and numbers of threads; saved
   * measurements repeat the choice. Await `createContext` first: workers that are still starting take no part.
   */
  readonly rule?: Rule;
  /**
   * `'default'` never goes beyond the error of NNPACK's own 8×8 Winograd tile, or of that tile over phases for a
   * stride; `'relaxed'` takes any algorithm, also the Winograd tiles beyond 8×8.
   */
  readonly accuracy?: 'default' | 'relaxed';
  /** The greatest error allowed, relative to X ∗ |w| + |b|; takes the place of `accuracy`. */
  readonly maxError?: number;
}

export const SELECTION_FIELDS: FieldsOf<SelectionOptions> = {
  algorithm: true,
  eligibility: true,
  rule: true,
  accuracy: true,
  maxError: true,
};

/** {@link SelectionOptions} with nothing left open and every value known to be one. Frozen. */
export interface ParsedSelection extends Required<Omit<SelectionOptions, 'maxError'>> {
  /** At least {@link LEAST_ERROR}; undefined where `accuracy` decides. */
  readonly maxError: number | undefined;
}

/** What is known of a layer's numbers. */
export interface Magnitudes extends WeightSizes {
  /** The greatest |x|, for a call of one input; called only when it could matter. */
  input?(): number;
}

export interface Selection {
  readonly algorithm: ConvolutionAlgorithm;
  readonly why: string;
  readonly rules: readonly RuleResult[];
  readonly candidates: readonly Candidate[];
  /** Null where the layer's numbers were not given. */
  readonly weights: WeightSizes | null;
}

/** A tile is chosen only if it can take inputs as great as this, far beyond any that occur. */
const LEAST_INPUT_LIMIT = 2 ** 60;

/** The algorithm that serves when no better one may; it takes every shape. */
export const DEFAULT_ALGORITHM: AlgorithmName = 'implicit-gemm';

/** The pass to choose for, as long as no algorithm computes a gradient. */
const PASS: Pass = 'forward';

const NONE: ReadonlySet<AlgorithmName> = new Set();

/** Float32's unit roundoff. */
export const EPSILON = 2 ** -24;

/** The least error that can be asked for, that of the reference: its sums are in double, and rounded to float32 once. */
const LEAST_ERROR = boundOfSums(1, 0).constant * EPSILON;

/** Checks how an algorithm is to be chosen: once, where the options of a call are read. */
export function parseSelection(who: string, options: SelectionOptions): ParsedSelection {
  const algorithm = oneOf(who, 'algorithm', options.algorithm, ['auto', ...ALGORITHM_NAMES], 'invalid-algorithm');
  const eligibility = oneOf(who, 'eligibility', options.eligibility, ['all', 'documented'], 'invalid-argument');
  const rule = oneOf(who, 'rule', options.rule, RULES, 'invalid-argument');
  const accuracy = oneOf(who, 'accuracy', options.accuracy, ['default', 'relaxed'], 'invalid-argument');
  const { maxError } = options;
  if (maxError !== undefined && !(typeof maxError === 'number' && maxError >= LEAST_ERROR)) {
    const expected = `a number of at least ${atLeast(LEAST_ERROR)} (one rounding to float32)`;
    throw new NnpackError('invalid-argument', `${who}: maxError is ${show(maxError)}, expected ${expected}`);
  }
  return Object.freeze({ algorithm, eligibility, rule, accuracy, maxError });
}

/**
 * @param selection as `parseSelection` gives it
 * @param magnitudes null where only shapes are known
 * @param excluded what has been tried and did not fit the memory that is left
 */
export function selectAlgorithm(
  who: string,
  shape: ConvolutionShape,
  hasBias: boolean,
  entry: NnpackEntry,
  packsEachCall: boolean,
  selection: ParsedSelection,
  context: Context,
  magnitudes: Magnitudes | null,
  excluded: ReadonlySet<AlgorithmName> = NONE,
): Selection {
  const select = (input: number): Selection =>
    selectFor(who, shape, hasBias, entry, packsEachCall, selection, context, magnitudes, input, excluded);
  const found = select(0);
  const isForced = selection.algorithm !== 'auto';
  const chosen = found.candidates.find(({ algorithm }) => algorithm === found.algorithm.name);
  if (isForced || magnitudes?.input === undefined || !isTile(chosen?.work)) return found;
  const input = magnitudes.input();
  return input <= (chosen?.inputLimit ?? 0) ? found : select(input);
}

const isTile = (work: Workload | null | undefined): boolean => work?.tile != null;

/** @param input the greatest |x|, as far as it is known */
function selectFor(
  who: string,
  shape: ConvolutionShape,
  hasBias: boolean,
  entry: NnpackEntry,
  packsEachCall: boolean,
  selection: ParsedSelection,
  context: Context,
  weights: WeightSizes | null,
  input: number,
  excluded: ReadonlySet<AlgorithmName>,
): Selection {
  const { algorithm, eligibility, rule } = selection;
  const rules = applyRules(CONVOLUTION_RULES, { shape, hasBias });
  const failed = eligibility === 'documented' ? rules.find((result) => !result.passed) : undefined;
  const demands = { maxConstant: greatestConstant(selection, shape, context), failed, weights, input };
  const candidates = ALGORITHMS.map((candidate) => weigh(candidate, shape, context, demands));
  const result = { rules, candidates, weights };
  if (algorithm !== 'auto') {
    const refusal = algorithmNamed(algorithm).supports(shape, PASS);
    if (refusal !== null)
      throw new NnpackError('unsupported-algorithm', `${who}: ${algorithm} cannot compute this: ${refusal}`);
    return { ...result, algorithm: algorithmNamed(algorithm), why: 'asked for by name' };
  }
  const eligible = candidates.filter(
    (candidate) =>
      candidate.refusal === null && candidate.algorithm !== 'reference' && !excluded.has(candidate.algorithm),
  );
  const isEligible = (name: AlgorithmName): boolean => eligible.some((candidate) => candidate.algorithm === name);
  const fallback = algorithmNamed(isEligible(DEFAULT_ALGORITHM) ? DEFAULT_ALGORITHM : 'reference');
  if (failed !== undefined) {
    const why = `default implementation: ${failed.condition} does not hold (${failed.value})`;
    return { ...result, algorithm: fallback, why };
  }
  if (rule === 'nnpack') {
    const choice = nnpackChoice(entry, shape);
    if (choice !== null && isEligible(choice)) {
      return { ...result, algorithm: algorithmNamed(choice), why: `NNPACK's rule for ${entry}` };
    }
    const says = choice === null ? 'has no choice here' : `says ${choice}, which is not eligible`;
    return { ...result, algorithm: fallback, why: `NNPACK's rule for ${entry} ${says}` };
  }
  if (eligible.length === 0)
    return { ...result, algorithm: fallback, why: 'the only one that is accurate enough and fits the memory' };
  const estimated = { ...result, ...leastEstimated(eligible, packsEachCall) };
  return rule === 'measured' ? leastMeasured(who, shape, estimated, eligible, packsEachCall, context) : estimated;
}

function leastEstimated(eligible: readonly Candidate[], packsEachCall: boolean): Pick<Selection, 'algorithm' | 'why'> {
  const time = ({ cost }: Candidate): number => timeThatCounts(cost, packsEachCall);
  const best = eligible.reduce((least, candidate) => (time(candidate) < time(least) ? candidate : least));
  const others =
    eligible.length === 1 ? 'the only one eligible' : `least estimated time of ${eligible.length} eligible`;
  return { algorithm: algorithmNamed(best.algorithm), why: `${others} (${time(best).toFixed(2)} ms)` };
}

/** @param estimated the choice without measurements, which stands where there is nothing to measure */
function leastMeasured(
  who: string,
  shape: ConvolutionShape,
  estimated: Selection,
  eligible: readonly Candidate[],
  packsEachCall: boolean,
  context: Context,
): Selection {
  const open = contenders(eligible, packsEachCall);
  if (open.length === 1) return { ...estimated, why: `${estimated.why}; no other is within ${NEAR} times of it` };
  const times = measuredTimes(who, shape, open, packsEachCall, context);
  if (times.size === 0) return { ...estimated, why: `${estimated.why}; no memory is left to measure in` };
  // An algorithm that fits a plan may not fit beside the tensors of a trial: then nothing speaks against the estimate.
  if (!times.has(estimated.algorithm.name))
    return { ...estimated, why: `${estimated.why}; no memory is left to measure it in` };
  const counted = [...times].map(([name, time]) => ({ name, milliseconds: timeThatCounts(time, packsEachCall) }));
  const best = counted.reduce((least, next) => (next.milliseconds < least.milliseconds ? next : least));
  return {
    ...estimated,
    candidates: estimated.candidates.map((candidate) => ({ ...candidate, measured: times.get(candidate.algorithm) })),
    algorithm: algorithmNamed(best.name),
    why: `least measured time of ${times.size} tried (${best.milliseconds.toFixed(2)} ms)`,
  };
}

/** What is asked of an algorithm besides the shape. */
interface Demands {
  readonly maxConstant: number;
  readonly failed: RuleResult | undefined;
  readonly weights: WeightSizes | null;
  /** The greatest |x|, or 0 where it is not known. */
  readonly input: number;
}

function weigh(
  algorithm: ConvolutionAlgorithm,
  shape: ConvolutionShape,
  context: Context,
  { maxConstant, failed, weights, input }: Demands,
): Candidate {
  const { name } = algorithm;
  const refusal = algorithm.supports(shape, PASS);
  if (refusal !== null) return { algorithm: name, refusal, work: null, cost: null, bound: null };
  const bound = algorithm.errorBound(shape, PASS, context);
  const work = algorithm.workload(shape, PASS, context);
  const cost = estimateCost(context.kernels, name, work);
  const bytes = work.workspaceBytes + work.packedBytes;
  const limit = bound.range === undefined ? Infinity : inputLimit(bound.range, weights ?? WEIGHTS_OF_ONE);
  let reason: string | null = null;
  if (failed !== undefined && name !== DEFAULT_ALGORITHM && name !== 'reference') {
    reason = `not by the documented rules: ${failed.condition} does not hold (${failed.value})`;
  } else if (bound.constant > maxConstant) {
    reason = `error bound ${bound.constant.toFixed(0)} ε, allowed ${maxConstant.toFixed(0)} ε`;
  } else if (isTile(work) && weights !== null && limit < LEAST_INPUT_LIMIT) {
    reason = `weights of up to ${atLeast(weights.kernel)} may overflow beyond |x| = ${atMost(limit)}`;
  } else if (isTile(work) && input > limit) {
    reason = `inputs of up to ${atLeast(input)} may overflow beyond |x| = ${atMost(limit)}`;
  } else if (bytes > context.arena.limitBytes) {
    reason = `needs ${bytes} bytes, the context holds ${context.arena.limitBytes}`;
  }
  return { algorithm: name, refusal: reason, work, cost, bound, inputLimit: limit };
}

const WEIGHTS_OF_ONE: WeightSizes = { kernel: 1, bias: 0 };

/** The greatest error allowed, in ε. */
function greatestConstant({ maxError, accuracy }: ParsedSelection, shape: ConvolutionShape, context: Context): number {
  if (maxError !== undefined) return maxError / EPSILON;
  if (accuracy === 'relaxed') return Infinity;
  // The 8×8 tile's points amplify errors alike for every kernel and in phases; more terms only mean more roundings.
  const [tile, strided] = [algorithmNamed('wt8x8'), algorithmNamed('wt8x8-strided')];
  const serving = [tile, strided].find((one) => one.supports(shape, PASS) === null);
  const own = serving?.errorBound(shape, PASS, context).constant ?? 0;
  const square = { ...shape, kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 };
  return Math.max(own, tile.errorBound(square, PASS, context).constant);
}
