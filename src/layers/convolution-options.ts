/**
 * The options of a convolution, parsed once: what {@link parseConvolution} gives is frozen and whole, and what is below takes it
 * and checks nothing again.
 */
import type { ActivationParameters } from '../algorithms/algorithm.ts';
import type { FieldsOf } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { type ParsedSelection, parseSelection, SELECTION_FIELDS, type SelectionOptions } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import {
  type ConvolutionGeometry,
  type ConvolutionShape,
  convolutionShape,
  GEOMETRY_FIELDS,
} from '../tensor/convolution-shape.ts';
import type { TensorLike } from '../tensor/ndarray.ts';
import {
  type CheckedTensor,
  checkTensor,
  checkTensorOrShape,
  type Shaped,
  type TensorCheck,
} from '../tensor/tensor.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { checkBias } from './call.ts';

/** What every function of the convolution family takes, beside its input. */
export interface ConvolutionOptions extends ConvolutionGeometry, SelectionOptions {
  /** [K, C / groups, R, S] */
  readonly kernel: TensorLike;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  readonly activation?: ActivationOption;
  readonly context?: Context;
}

export const CONVOLUTION_FIELDS: FieldsOf<ConvolutionOptions> = {
  ...GEOMETRY_FIELDS,
  ...SELECTION_FIELDS,
  kernel: true,
  bias: true,
  activation: true,
  context: true,
};

export interface PlanConvolutionOptions extends ConvolutionOptions {
  /** [N, C, H, W] or [C, H, W]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

export const PLAN_FIELDS: FieldsOf<PlanConvolutionOptions> = { ...CONVOLUTION_FIELDS, input: true };

/** The options of a plan, whose tensors may be shapes alone. */
type ExplainedOptions = Omit<PlanConvolutionOptions, 'kernel' | 'bias'> & {
  readonly kernel: Shaped;
  readonly bias?: Shaped;
};

/** The sizes of a convolution, and the shape of what it returns. */
export interface ConvolutionProblem {
  readonly shape: ConvolutionShape;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly hasBias: boolean;
}

/** A convolution of which everything is known but the input's elements. */
export interface ParsedConvolution {
  readonly who: string;
  readonly problem: ConvolutionProblem;
  readonly kernel: CheckedTensor;
  readonly bias: CheckedTensor | null;
  readonly activation: ActivationParameters;
  readonly context: Context;
  readonly selection: ParsedSelection;
}

/**
 * @param options as they were read
 * @param input checks the input: its shape, or its elements as well
 */
export function parseConvolution<Input extends Shaped>(
  who: string,
  options: PlanConvolutionOptions,
  input: TensorCheck<Input>,
): ParsedConvolution & { readonly input: Input } {
  const kernel = checkTensor(who, 'kernel', options.kernel, [4]);
  const bias = checkBias(who, options.bias);
  const checked = input(who, 'input', options.input, [3, 4]);
  const problem = problemOf(who, checked, kernel, bias, options);
  const activation = checkActivation(who, options.activation);
  const context = contextOf(who, options.context);
  const selection = parseSelection(who, options);
  return Object.freeze({ who, input: checked, problem, kernel, bias: bias ?? null, activation, context, selection });
}

/** A convolution to be explained: shapes will do, and what is given with its data is known as well. */
export interface ExplainedConvolution {
  readonly who: string;
  readonly problem: ConvolutionProblem;
  readonly input: CheckedTensor | Shaped;
  readonly kernel: CheckedTensor | Shaped;
  readonly bias: CheckedTensor | Shaped | null;
  readonly context: Context;
  readonly selection: ParsedSelection;
}

/**
 * @param options as they were read
 * @param input checks the input, as in {@link parseConvolution}
 */
export function parseExplainedConvolution(
  who: string,
  options: ExplainedOptions,
  input: TensorCheck<CheckedTensor | Shaped>,
): ExplainedConvolution {
  const context = contextOf(who, options.context);
  const checked = input(who, 'input', options.input, [3, 4]);
  const kernel = checkTensorOrShape(who, 'kernel', options.kernel, [4]);
  const bias = options.bias === undefined ? undefined : checkTensorOrShape(who, 'bias', options.bias, [1]);
  const problem = problemOf(who, checked, kernel, bias, options);
  const selection = parseSelection(who, options);
  return Object.freeze({ who, problem, input: checked, kernel, bias: bias ?? null, context, selection });
}

function problemOf(
  who: string,
  input: Shaped,
  kernel: Shaped,
  bias: Shaped | undefined,
  geometry: ConvolutionGeometry,
): ConvolutionProblem {
  const shape = convolutionShape(who, input.shape, kernel.shape, geometry);
  if (bias !== undefined && bias.shape[0] !== shape.outputChannels) {
    throw new NnpackError(
      'invalid-bias',
      `${who}: bias has ${bias.shape[0]} elements, expected ${shape.outputChannels} (the kernel's output channels)`,
    );
  }
  const plane = [shape.outputChannels, shape.outputHeight, shape.outputWidth];
  const outputShape = Object.freeze(input.shape.length === 3 ? plane : [shape.batch, ...plane]);
  return Object.freeze({
    shape,
    inputShape: Object.freeze([...input.shape]),
    outputShape,
    hasBias: bias !== undefined,
  });
}
