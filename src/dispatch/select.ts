/** The choice of an algorithm for one convolution: documented rules, then refusals, then accuracy, then a rule. */
import {
  ALGORITHM_NAMES,
  type AlgorithmName,
  boundOfSums,
  type ConvolutionAlgorithm,
  type Pass,
  type WeightSizes,
} from '../algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../algorithms/list.ts';
import { type FieldsOf, oneOf } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Candidate } from './candidate.ts';
import { atLeast } from './digits.ts';
import { contenders, measuredTimes, NEAR, timeThatCounts } from './measure.ts';
import { type NnpackEntry, nnpackChoice, nnpackEntry } from './nnpack-rule.ts';
import { RULES, type Rule } from './rule-names.ts';
import { applyRules, CONVOLUTION_RULES, type RuleResult } from './rules.ts';
import { lazily, type Weighed, weigh } from './weigh.ts';

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

/** A choice. Why it was made, and what all others would have been, is found when it is read: most callers never do. */
export interface Selection {
  readonly algorithm: ConvolutionAlgorithm;
  readonly why: string;
  readonly rules: readonly RuleResult[];
  readonly candidates: readonly Candidate[];
  /** The images that candidates are weighed for: the batch, or 1 where the choice must not depend on it. */
  readonly images: number;
  /** Null where the layer's numbers were not given. */
  readonly weights: WeightSizes | null;
}

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
 * @param asked the entry of NNPACK that the call is like; `output` serves several images whatever it is
 * @param magnitudes null where only shapes are known
 * @param excluded what has been tried and did not fit the memory that is left
 */
export function selectAlgorithm(
  who: string,
  whole: ConvolutionShape,
  hasBias: boolean,
  asked: NnpackEntry,
  packsEachCall: boolean,
  selection: ParsedSelection,
  context: Context,
  magnitudes: Magnitudes | null,
  excluded: ReadonlySet<AlgorithmName> = NONE,
): Selection {
  const shape = context.batchInvariant ? Object.freeze({ ...whole, batch: 1 }) : whole;
  const entry = nnpackEntry(asked, shape.batch);
  const select = (input: number): Chosen => {
    const weighed = weighAll(shape, hasBias, selection, context, magnitudes, input);
    return choose(who, shape, entry, packsEachCall, selection, context, weighed, excluded);
  };
  const found = select(0);
  // What is beside an image must not choose for it, either.
  const isSettled = selection.algorithm !== 'auto' || context.batchInvariant;
  if (isSettled || magnitudes?.input === undefined || found.chosen.work?.tile == null) return found.selection;
  const input = magnitudes.input();
  return input <= (found.chosen.candidate().inputLimit ?? 0) ? found.selection : select(input).selection;
}

/** All algorithms, weighed. */
interface Field {
  readonly images: number;
  readonly rules: readonly RuleResult[];
  readonly failed: RuleResult | undefined;
  readonly weights: WeightSizes | null;
  readonly all: readonly Weighed[];
}

interface Chosen {
  readonly chosen: Weighed;
  readonly selection: Selection;
}

/** @param input the greatest |x|, as far as it is known */
function weighAll(
  shape: ConvolutionShape,
  hasBias: boolean,
  selection: ParsedSelection,
  context: Context,
  weights: WeightSizes | null,
  input: number,
): Field {
  const rules = applyRules(CONVOLUTION_RULES, { shape, hasBias });
  const failed = selection.eligibility === 'documented' ? rules.find((result) => !result.passed) : undefined;
  const maxConstant = lazily(() => greatestConstant(selection, shape, context));
  const isDefault = ({ name }: ConvolutionAlgorithm): boolean => name === DEFAULT_ALGORITHM || name === 'reference';
  const demands = { maxConstant, failed, isDefault, weights, input };
  const all = ALGORITHMS.map((algorithm) => weigh(algorithm, shape, PASS, context, demands));
  return { images: shape.batch, rules, failed, weights, all };
}

function choose(
  who: string,
  shape: ConvolutionShape,
  entry: NnpackEntry,
  packsEachCall: boolean,
  { algorithm, rule }: ParsedSelection,
  context: Context,
  field: Field,
  excluded: ReadonlySet<AlgorithmName>,
): Chosen {
  const { all, failed } = field;
  const named = (name: AlgorithmName): Weighed => all.find((weighed) => weighed.algorithm.name === name) as Weighed;
  const chosen = (weighed: Weighed, why: () => string): Chosen => ({
    chosen: weighed,
    selection: selectionOf(field, weighed.algorithm, why),
  });
  if (algorithm !== 'auto') {
    const refusal = algorithmNamed(algorithm).supports(shape, PASS);
    if (refusal !== null)
      throw new NnpackError('unsupported-algorithm', `${who}: ${algorithm} cannot compute this: ${refusal}`);
    return chosen(named(algorithm), () => 'asked for by name');
  }
  const mayServe = ({ algorithm: { name } }: Weighed): boolean => name !== 'reference' && !excluded.has(name);
  const isEligible = (weighed: Weighed): boolean => mayServe(weighed) && weighed.candidate().refusal === null;
  const eligible = lazily(() => all.filter(isEligible));
  const fallback = (): Weighed => named(isEligible(named(DEFAULT_ALGORITHM)) ? DEFAULT_ALGORITHM : 'reference');
  if (failed !== undefined) {
    return chosen(fallback(), () => `default implementation: ${failed.condition} does not hold (${failed.value})`);
  }
  if (rule === 'nnpack') {
    const choice = nnpackChoice(entry, shape);
    if (choice !== null && isEligible(named(choice))) return chosen(named(choice), () => `NNPACK's rule for ${entry}`);
    const says = choice === null ? 'has no choice here' : `says ${choice}, which is not eligible`;
    return chosen(fallback(), () => `NNPACK's rule for ${entry} ${says}`);
  }
  const time = ({ cost }: Weighed): number => timeThatCounts(cost, packsEachCall);
  // The sort is stable, so that of equals the first in the list is chosen.
  const best = [...all].sort((a, b) => time(a) - time(b)).find(isEligible);
  if (best === undefined) return chosen(fallback(), () => 'the only one that is accurate enough and fits the memory');
  const estimated = chosen(best, () => {
    const count = eligible().length;
    const others = count === 1 ? 'the only one eligible' : `least estimated time of ${count} eligible`;
    return `${others} (${time(best).toFixed(2)} ms)`;
  });
  if (rule !== 'measured') return estimated;
  const open = contenders(
    eligible().map(({ candidate }) => candidate()),
    packsEachCall,
  );
  const selection = leastMeasured(who, shape, estimated.selection, open, packsEachCall, context);
  return { chosen: named(selection.algorithm.name), selection };
}

function selectionOf(
  { all, images, rules, weights }: Field,
  algorithm: ConvolutionAlgorithm,
  why: () => string,
): Selection {
  const [reason, candidates] = [lazily(why), lazily(() => all.map(({ candidate }) => candidate()))];
  return {
    algorithm,
    images,
    rules,
    weights,
    get why() {
      return reason();
    },
    get candidates() {
      return candidates();
    },
  };
}

/** @param estimated the choice without measurements, which stands where there is nothing to measure */
function leastMeasured(
  who: string,
  shape: ConvolutionShape,
  estimated: Selection,
  open: readonly Candidate[],
  packsEachCall: boolean,
  context: Context,
): Selection {
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
