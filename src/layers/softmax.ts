import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { checkTensor } from '../tensor/tensor.ts';
import {
  callLayer,
  checkElementwiseOutput,
  LAYER_FIELDS,
  type LayerOptions,
  type ParsedCall,
  type Planes,
  planesOf,
} from './call.ts';
import { ITEM_ELEMENTS, softmaxStep } from './steps.ts';

export interface SoftmaxOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** [N, C], [C], or [N, C, H, W] and [C, H, W], where each pixel stands for itself. */
  readonly input: TensorLike;
}

const FIELDS: FieldsOf<SoftmaxOptions> = { ...LAYER_FIELDS, input: true };

/**
 * Softmax over the channels: y_c = exp(x_c − max x) / Σ exp(x − max x). NNPACK's `nnp_softmax_output`; `output` may be the
 * input. All of y is NaN where x has a NaN or +∞, or nothing but −∞.
 *
 * @returns a tensor of the input's shape, whose channels sum to 1
 * @throws NnpackError for a tensor of another rank, or without elements
 * @example
 * const probabilities = softmaxOutput({ input: scores });
 */
export function softmaxOutput<Output extends TensorLike = Tensor>(options: SoftmaxOptions<Output>): Output {
  const call = parseSoftmax('softmaxOutput', options);
  return callLayer(call, ([x], y) => runSoftmax(call.context, call.planes, x, y));
}

interface ParsedSoftmax<Output extends TensorLike> extends ParsedCall<Output> {
  readonly planes: Planes;
}

function parseSoftmax<Output extends TensorLike>(who: string, options: SoftmaxOptions<Output>): ParsedSoftmax<Output> {
  const read = readOptions<SoftmaxOptions<Output>>(who, options, FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [1, 2, 3, 4]);
  const planes = planesOf(who, 'input', input.shape);
  const output = checkElementwiseOutput(who, read.output, input.shape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape: input.shape, planes });
}

/** Softmax over the channels of dense planes in the context's memory; x and y may be the same. */
export function runSoftmax(context: Context, planes: Planes, x: number, y: number): void {
  const { batch, channels, pixels } = planes;
  // An exponential costs as much as some twenty elements copied.
  const columns = Math.min(pixels, Math.ceil(ITEM_ELEMENTS / 16 / channels));
  const rows = Math.ceil(ITEM_ELEMENTS / 16 / channels / columns);
  context.pool.parallelize2dTile2d(softmaxStep, { channels, pixels, x, y }, batch, pixels, rows, columns);
}
