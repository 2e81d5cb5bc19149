/**
 * What is asked of an algorithm beside the shape, and its answers. Time is counted at once; the error bound, which is derived
 * in exact fractions and takes a cold process milliseconds, waits until the choice comes to the algorithm, or somebody reads it.
 */
import {
  type ConvolutionAlgorithm,
  type ErrorBound,
  inputLimit,
  type Pass,
  type WeightSizes,
  type Workload,
} from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Candidate } from './candidate.ts';
import { type Cost, estimateCost } from './cost.ts';
import { atLeast, atMost } from './digits.ts';
import type { RuleResult } from './rules.ts';

/** A tile is chosen only if it can take inputs as great as this, far beyond any that occur. */
const LEAST_INPUT_LIMIT = 2 ** 60;

const WEIGHTS_OF_ONE: WeightSizes = { kernel: 1, bias: 0 };

/** What is asked of an algorithm besides the shape. */
export interface Demands {
  /** In ε; called when a bound is compared with it. */
  readonly maxConstant: () => number;
  /** The first documented rule that does not hold, where the rules decide, for all but the default and the reference. */
  readonly failed: RuleResult | undefined;
  readonly isDefault: (algorithm: ConvolutionAlgorithm) => boolean;
  readonly weights: WeightSizes | null;
  /** The greatest |x|, or 0 where it is not known. */
  readonly input: number;
}

/** An algorithm that is being weighed. */
export interface Weighed {
  readonly algorithm: ConvolutionAlgorithm;
  /** Null where it cannot compute the shape. */
  readonly cost: Cost | null;
  readonly work: Workload | null;
  /** Everything that is known of it, found when it is called for the first time. */
  readonly candidate: () => Candidate;
}

export function weigh(
  algorithm: ConvolutionAlgorithm,
  shape: ConvolutionShape,
  pass: Pass,
  context: Context,
  demands: Demands,
): Weighed {
  const { name } = algorithm;
  const refusal = algorithm.supports(shape, pass);
  if (refusal !== null) {
    const refused = { algorithm: name, refusal, work: null, cost: null, bound: null };
    return { algorithm, cost: null, work: null, candidate: () => refused };
  }
  const work = algorithm.workload(shape, pass, context);
  const cost = estimateCost(context.kernels, name, work);
  const candidate = lazily((): Candidate => {
    const bound = algorithm.errorBound(shape, pass, context);
    const limit = bound.range === undefined ? Infinity : inputLimit(bound.range, demands.weights ?? WEIGHTS_OF_ONE);
    const refusal = refuse(algorithm, work, bound, limit, context.arena.limitBytes, demands);
    return { algorithm: name, refusal, work, cost, bound, inputLimit: limit };
  });
  return { algorithm, cost, work, candidate };
}

function refuse(
  algorithm: ConvolutionAlgorithm,
  work: Workload,
  bound: ErrorBound,
  limit: number,
  limitBytes: number,
  { failed, isDefault, maxConstant, weights, input }: Demands,
): string | null {
  const bytes = work.workspaceBytes + work.packedBytes;
  const isTile = work.tile !== null;
  if (failed !== undefined && !isDefault(algorithm))
    return `not by the documented rules: ${failed.condition} does not hold (${failed.value})`;
  if (bound.constant > maxConstant())
    return `error bound ${bound.constant.toFixed(0)} ε, allowed ${maxConstant().toFixed(0)} ε`;
  if (isTile && weights !== null && limit < LEAST_INPUT_LIMIT)
    return `weights of up to ${atLeast(weights.kernel)} may overflow beyond |x| = ${atMost(limit)}`;
  if (isTile && input > limit) return `inputs of up to ${atLeast(input)} may overflow beyond |x| = ${atMost(limit)}`;
  if (bytes > limitBytes) return `needs ${bytes} bytes, the context holds ${limitBytes}`;
  return null;
}

/** A function that computes its value when it is called first. */
export function lazily<Value>(compute: () => Value): () => Value {
  let known: { readonly value: Value } | null = null;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}
