import type { ActivationParameters } from '../algorithms/algorithm.ts';
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { checkTensor } from '../tensor/tensor.ts';
import { leakyRelu, RELU } from './activation.ts';
import {
  callLayer,
  checkElementwiseOutput,
  LAYER_FIELDS,
  type LayerOptions,
  type ParsedCall,
  planesOf,
} from './call.ts';
import { activationStep, ITEM_ELEMENTS } from './steps.ts';

export interface ReluOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** Of rank 1 to 5. */
  readonly input: TensorLike;
  /** What negative elements are multiplied by; 0 when not given. */
  readonly negativeSlope?: number;
}

const FIELDS: FieldsOf<ReluOptions> = { ...LAYER_FIELDS, input: true, negativeSlope: true };

/**
 * ReLU: y = x where x ≥ 0, else x · negativeSlope. NNPACK's `nnp_relu_output`, for any rank; `output` may be the input.
 *
 * Without a slope all that is negative gives +0, −∞ too; NNPACK multiplies by zero, which gives −0, and NaN for −∞. NaN
 * stays NaN.
 *
 * @returns a tensor of the input's shape
 * @throws NnpackError `invalid-activation-parameters` for a slope that is not a finite number of at least 0; tensor errors
 * @example
 * reluOutput({ input: x, output: x, negativeSlope: 0.1 });
 */
export function reluOutput<Output extends TensorLike = Tensor>(options: ReluOptions<Output>): Output {
  const call = parseRelu('reluOutput', options);
  const { context, outputShape, activation } = call;
  return callLayer(call, ([x], y) => runActivation(context, sizeOf(outputShape), x, y, activation));
}

interface ParsedRelu<Output extends TensorLike> extends ParsedCall<Output> {
  readonly activation: ActivationParameters;
}

function parseRelu<Output extends TensorLike>(who: string, options: ReluOptions<Output>): ParsedRelu<Output> {
  const read = readOptions<ReluOptions<Output>>(who, options, FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [1, 2, 3, 4, 5]);
  planesOf(who, 'input', input.shape);
  const activation = reluActivation(who, read.negativeSlope);
  const output = checkElementwiseOutput(who, read.output, input.shape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape: input.shape, activation });
}

function reluActivation(who: string, negativeSlope: unknown = 0): ActivationParameters {
  if (typeof negativeSlope !== 'number' || !Number.isFinite(negativeSlope) || negativeSlope < 0) {
    throw new NnpackError(
      'invalid-activation-parameters',
      `${who}: negativeSlope is ${show(negativeSlope)}, expected a finite number of at least 0`,
    );
  }
  return negativeSlope === 0 ? RELU : leakyRelu(negativeSlope);
}

/** y = activation(x) for `size` elements of the context's memory; x and y may be the same. */
export function runActivation(
  context: Context,
  size: number,
  x: number,
  y: number,
  activation: ActivationParameters,
): void {
  context.pool.parallelize1dTile1d(activationStep, { x, y, ...activation }, size, ITEM_ELEMENTS);
}
