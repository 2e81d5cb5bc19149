/**
 * The options of a fully-connected layer, parsed once: what {@link parseFullyConnected} gives is frozen and whole, and what is
 * below takes it and checks nothing again.
 */
import type { ActivationParameters } from '../algorithms/algorithm.ts';
import type { FieldsOf } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { NnpackError } from '../errors.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import type { TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkShape, expectElements, type Shaped, type TensorCheck } from '../tensor/tensor.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { checkBias } from './call.ts';
import {
  type CheckedKernel,
  checkKernel,
  checkKernelShape,
  formatOf,
  type HalfTensor,
} from './fully-connected-kernel.ts';
import type { FullyConnectedShape, WeightFormat } from './fully-connected-program.ts';

/** What every fully-connected layer takes: y = activation(w x + b). */
export interface FullyConnectedOptions {
  /** [K, C] */
  readonly kernel: TensorLike | HalfTensor;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  /** Applied to each output; `identity` when not given. */
  readonly activation?: ActivationOption;
  /** The default context when not given. */
  readonly context?: Context;
}

export const FULLY_CONNECTED_FIELDS: FieldsOf<FullyConnectedOptions> = {
  kernel: true,
  bias: true,
  activation: true,
  context: true,
};

/** A fully-connected layer, and the shape of the inputs that it is planned for. */
export interface PlanFullyConnectedOptions extends FullyConnectedOptions {
  /** [N, C] or [C]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

export const PLAN_FIELDS: FieldsOf<PlanFullyConnectedOptions> = { ...FULLY_CONNECTED_FIELDS, input: true };

/** The checked sizes of a layer, and the shapes of its tensors. */
export interface FullyConnectedProblem {
  readonly shape: FullyConnectedShape;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

/** A fully-connected layer of which everything is known but the input's elements. */
export interface ParsedFullyConnected {
  readonly who: string;
  readonly problem: FullyConnectedProblem;
  readonly kernel: CheckedKernel;
  readonly bias: CheckedTensor | null;
  readonly activation: ActivationParameters;
  readonly context: Context;
}

/**
 * @param options as they were read
 * @param input checks the input: its shape, or its elements as well
 */
export function parseFullyConnected<Input extends Shaped>(
  who: string,
  options: PlanFullyConnectedOptions,
  input: TensorCheck<Input>,
): ParsedFullyConnected & { readonly input: Input } {
  const context = contextOf(who, options.context);
  const checked = input(who, 'input', options.input, [1, 2]);
  const kernel = checkKernel(who, options.kernel);
  const bias = checkBias(who, options.bias);
  const problem = problemOf(who, checked, kernel, formatOf(kernel), bias);
  const activation = checkActivation(who, options.activation);
  return Object.freeze({ who, input: checked, problem, kernel, bias: bias ?? null, activation, context });
}

/** The sizes alone, where shapes without data will do. */
export function parseFullyConnectedSizes(
  who: string,
  options: { readonly input: unknown; readonly kernel: unknown; readonly bias?: unknown },
): FullyConnectedProblem {
  const input = checkShape(who, 'input', options.input, [1, 2]);
  const kernel = checkKernelShape(who, options.kernel);
  const bias = options.bias === undefined ? undefined : checkShape(who, 'bias', options.bias, [1]);
  return problemOf(who, input, kernel, kernel.format, bias);
}

/** Checks sizes against each other, in NNPACK's order. */
function problemOf(
  who: string,
  { shape: inputShape }: Shaped,
  kernel: Shaped,
  format: WeightFormat,
  bias: Shaped | undefined,
): FullyConnectedProblem {
  const [batch, inputChannels] = inputShape.length === 1 ? [1, inputShape[0]] : inputShape;
  const [outputChannels, kernelChannels] = kernel.shape;
  expectCount(who, 'batch size', batch, 'invalid-batch-size');
  expectCount(who, 'input channels', inputChannels, 'invalid-input-channels');
  expectCount(who, 'output channels', outputChannels, 'invalid-output-channels');
  if (kernelChannels !== inputChannels) {
    throw new NnpackError(
      'invalid-input-channels',
      `${who}: kernel has ${kernelChannels} input channels, expected ${inputChannels} (the input's channels)`,
    );
  }
  if (bias !== undefined && bias.shape[0] !== outputChannels) {
    throw new NnpackError(
      'invalid-bias',
      `${who}: bias has ${bias.shape[0]} elements, expected ${outputChannels} (the kernel's output channels)`,
    );
  }
  const outputShape = Object.freeze(inputShape.length === 1 ? [outputChannels] : [batch, outputChannels]);
  expectElements(who, 'output of shape', outputShape);
  const shape = Object.freeze({ batch, inputChannels, outputChannels, format });
  return Object.freeze({ shape, inputShape: Object.freeze([...inputShape]), outputShape });
}
