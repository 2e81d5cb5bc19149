/** Convolution in one call: plan, run, dispose. */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { ConvolutionExplanation } from '../dispatch/explain.ts';
import type { NnpackPass } from '../dispatch/nnpack-rule.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { checkTensor } from '../tensor/tensor.ts';
import { contextOf } from '../threads/context.ts';
import {
  CONVOLUTION_FIELDS,
  type ConvolutionOptions,
  checkArrays,
  checkConvolution,
  PLAN_FIELDS,
  type PlanConvolutionOptions,
  selectConvolution,
  withPlan,
} from './convolution-plan.ts';
import { checkOutput } from './staging.ts';

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
 * `rule: 'nnpack'` tells them apart, because NNPACK chooses differently for batches.
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
  pass: NnpackPass,
): Output {
  // Everything that can be refused is refused before the kernel is transformed.
  const read = checkArrays(who, readOptions<ConvolutionCallOptions<Output>>(who, options, CALL_FIELDS));
  const input = checkTensor(who, 'input', read.input, [3, 4]);
  const problem = checkConvolution(who, { ...read, input });
  const { kernel, output } = read;
  const target =
    output === undefined
      ? undefined
      : checkOutput(who, output, problem.outputShape, [
          ['the input', input],
          ['the kernel', kernel],
        ]);
  return withPlan(who, problem, read, pass, true, (plan) => {
    const result = plan.run(input, target);
    plan.dispose();
    return (output ?? result) as Output;
  });
}

/** What {@link explainConvolution} takes: the options of a plan, of whose tensors only the shapes are read. */
export type ExplainConvolutionOptions = Omit<PlanConvolutionOptions, 'kernel' | 'bias'> & {
  readonly kernel: { readonly shape: readonly number[] };
  readonly bias?: { readonly shape: readonly number[] };
};

/**
 * Why a convolution runs as it does: every documented rule with its value, every algorithm with its reason or its counts,
 * estimated cost, memory and error bound, and the choice. Arrays may be given as `{ shape }` alone, with `rule: 'measured'`
 * as well, which tries random numbers of its own.
 *
 * @example
 * console.log(String(explainConvolution({ input: { shape: [4, 64, 56, 56] }, kernel: { shape: [128, 64, 3, 3] }, padding: 1 })));
 */
export function explainConvolution(options: ExplainConvolutionOptions): ConvolutionExplanation {
  const who = 'explainConvolution';
  const read = readOptions<ExplainConvolutionOptions>(who, options, PLAN_FIELDS);
  const context = contextOf(who, read.context);
  const problem = checkConvolution(who, read);
  const selection = selectConvolution(who, problem, read, 'inference', false, context);
  return new ConvolutionExplanation(problem.shape, selection);
}
