/** Convolution in one call: plan, run, dispose. */
import { type FieldsOf, oneOf, readOptions } from '../check/options.ts';
import { ConvolutionExplanation, type ExplanationSubject } from '../dispatch/explain.ts';
import type { NnpackEntry } from '../dispatch/nnpack-rule.ts';
import type { Magnitudes } from '../dispatch/select.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkShape, checkTensor, checkTensorOrShape, type Shaped } from '../tensor/tensor.ts';
import { type CheckedOutput, checkApartOutput } from './call.ts';
import {
  CONVOLUTION_FIELDS,
  type ConvolutionOptions,
  type ExplainedConvolution,
  type ParsedConvolution,
  PLAN_FIELDS,
  type PlanConvolutionOptions,
  parseConvolution,
  parseExplainedConvolution,
} from './convolution-options.ts';
import { type ConvolutionPlan, greatestIn, selectConvolution, weightSizes, withPlan } from './convolution-plan.ts';
import { runChecked } from './plan.ts';
import { staged } from './staging.ts';

/** What {@link convolutionInference} and {@link convolutionOutput} take: the tensors, the geometry, and how to choose. */
export interface ConvolutionCallOptions<Output extends TensorLike = Tensor> extends ConvolutionOptions {
  /** [N, C, H, W], or [C, H, W] for a batch of one. */
  readonly input: TensorLike;
  /** Written in place, and returned; of the input's rank. */
  readonly output?: Output;
}

const CALL_FIELDS: FieldsOf<ConvolutionCallOptions> = { ...CONVOLUTION_FIELDS, input: true, output: true };

/**
 * Convolution for inference: y = activation(bias + input ∗ kernel), a cross-correlation as everywhere in the field.
 * NNPACK's `nnp_convolution_inference`, for any batch, stride, dilation, groups and padding.
 *
 * How it is computed is chosen by an estimate of the time. `algorithm` names one instead; `rule: 'measured'` tries those that
 * may be the fastest once for each shape, and remembers the times in `context.measurements`; `accuracy: 'relaxed'` allows faster
 * algorithms that err more, and `maxError` bounds the error (see {@link SelectionOptions}).
 *
 * @returns [N, K, H′, W′] with H′ = ⌊(top + H + bottom − dilation·(R − 1) − 1) / stride⌋ + 1; [K, H′, W′] for [C, H, W]
 * @throws NnpackError for arguments that make no sense together; nothing has been written then
 * @example
 * const output = convolutionInference({ input, kernel, bias, padding: 1, activation: 'relu' });
 */
export function convolutionInference<Output extends TensorLike = Tensor>(
  options: ConvolutionCallOptions<Output>,
): Output {
  return convolve('convolutionInference', options, 'inference');
}

/**
 * Convolution of a batch: NNPACK's `nnp_convolution_output`. The same computation as {@link convolutionInference}; only
 * `rule: 'nnpack'` tells them apart, because NNPACK chooses differently there, for a batch of one too. A batch of several images
 * follows the rule of this function in either.
 *
 * @throws NnpackError for arguments that make no sense together; nothing has been written then
 * @example
 * const output = convolutionOutput({ input, kernel, bias, padding: { top: 1, bottom: 1 } });
 */
export function convolutionOutput<Output extends TensorLike = Tensor>(options: ConvolutionCallOptions<Output>): Output {
  return convolve('convolutionOutput', options, 'output');
}

function convolve<Output extends TensorLike>(
  who: string,
  options: ConvolutionCallOptions<Output>,
  entry: NnpackEntry,
): Output {
  const call = parseCall(who, options);
  const { input, kernel, output, context } = call;
  return staged(context, who, (staging) => {
    // The kernel, and the input if it is asked for, are copied to where their greatest are found fast, and read from there.
    const w = staging.view(kernel);
    let x = input;
    let greatest: number | undefined;
    const greatestInput = (): number => {
      x = staging.view(x);
      greatest ??= greatestIn(context, x);
      return greatest;
    };
    const run = (plan: ConvolutionPlan): Output => {
      const result = runChecked(plan, x, output === null ? null : output.tensor);
      plan.dispose();
      return output === null ? (result as Output) : output.given;
    };
    return withPlan({ ...call, kernel: w }, entry, true, run, greatestInput);
  });
}

/** A call of the family: all that can be refused is refused here, before the kernel is transformed. */
interface ParsedConvolutionCall<Output> extends ParsedConvolution {
  readonly input: CheckedTensor;
  /** Null for a new tensor. */
  readonly output: CheckedOutput<Output> | null;
}

function parseCall<Output extends TensorLike>(
  who: string,
  options: ConvolutionCallOptions<Output>,
): ParsedConvolutionCall<Output> {
  const read = readOptions<ConvolutionCallOptions<Output>>(who, options, CALL_FIELDS);
  const parsed = parseConvolution(who, read, checkTensor);
  const output = checkApartOutput(who, read.output, parsed.problem.outputShape, [
    ['the input', parsed.input],
    ['the kernel', parsed.kernel],
  ]);
  return Object.freeze({ ...parsed, output });
}

/** What {@link explainConvolution} takes: the options of a plan, whose tensors may be given as shapes alone. */
export type ExplainConvolutionOptions = Omit<PlanConvolutionOptions, 'kernel' | 'bias'> & {
  /** [K, C / groups, R, S]; with its data, choices that could overflow are seen. */
  readonly kernel: { readonly shape: readonly number[] };
  /** [K]; none when not given. */
  readonly bias?: { readonly shape: readonly number[] };
  /** `'plan'` when not given; `'call'` for {@link convolutionInference}, whose choice counts the packing of the kernel too. */
  readonly of?: ExplanationSubject;
};

const EXPLAIN_FIELDS: FieldsOf<ExplainConvolutionOptions> = { ...PLAN_FIELDS, of: true };

/**
 * Why a convolution runs as it does: every documented rule with its value, every algorithm with its reason or its counts,
 * estimated cost, memory, error bound and greatest input, and the choice. It speaks of a plan or, with `of: 'call'`, of a
 * call. Arrays may be given as `{ shape }` alone, with `rule: 'measured'` as well, which tries random numbers of its own; but
 * the choice minds weights, and a call's inputs, that could overflow, which it can only where they are given.
 *
 * @example
 * console.log(String(explainConvolution({ input: { shape: [4, 64, 56, 56] }, kernel: { shape: [128, 64, 3, 3] }, padding: 1 })));
 */
export function explainConvolution(options: ExplainConvolutionOptions): ConvolutionExplanation {
  const who = 'explainConvolution';
  const read = readOptions<ExplainConvolutionOptions>(who, options, EXPLAIN_FIELDS);
  const of = oneOf(who, 'of', read.of, ['plan', 'call'], 'invalid-argument');
  const subject = parseExplainedConvolution(who, read, of === 'call' ? checkTensorOrShape : checkShape);
  const selection = selectConvolution(subject, 'inference', of === 'call', magnitudesOf(subject));
  return new ConvolutionExplanation(of, subject.problem.shape, selection);
}

/** Of those tensors that are more than shapes; null where the kernel is not. */
function magnitudesOf({ context, input, kernel, bias }: ExplainedConvolution): Magnitudes | null {
  if (!hasData(kernel)) return null;
  const weights = weightSizes(context, kernel, bias !== null && hasData(bias) ? bias : null);
  return hasData(input) ? { ...weights, input: () => greatestIn(context, input) } : weights;
}

const hasData = (given: CheckedTensor | Shaped): given is CheckedTensor => 'data' in given;
