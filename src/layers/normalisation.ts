import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor } from '../tensor/tensor.ts';
import {
  callLayer,
  checkApartOutput,
  checkElementwiseOutput,
  checkPerChannel,
  expectFinite,
  LAYER_FIELDS,
  type LayerOptions,
  type ParsedCall,
  type Planes,
  planesOf,
} from './call.ts';
import { ITEM_ELEMENTS, itemSize, localResponseStep, scaleShiftStep } from './steps.ts';

export interface LocalResponseNormalisationOptions<Output extends TensorLike = Tensor>
  extends LayerOptions<Output>,
    LocalResponse {
  /** [N, C, H, W] or [C, H, W]. */
  readonly input: TensorLike;
}

/** The numbers of y = x · (bias + alpha / size · Σ x²)^(−beta), the sum over neighbouring channels. */
export interface LocalResponse {
  /** How many neighbouring channels are summed over; an even number has one more after the channel than before it. */
  readonly size: number;
  /** The factor of the sum, which is divided by `size`. */
  readonly alpha: number;
  /** The exponent. */
  readonly beta: number;
  /** What the sum is added to. */
  readonly bias: number;
}

const RESPONSE_FIELDS: FieldsOf<LocalResponseNormalisationOptions> = {
  ...LAYER_FIELDS,
  input: true,
  size: true,
  alpha: true,
  beta: true,
  bias: true,
};

/**
 * Local response normalisation across channels, AlexNet's: y = x · (bias + alpha / size · Σ x²)^(−beta), the sum over the
 * `size` channels around. `alpha` is divided by the size as in MXNet, Caffe and ONNX; TensorFlow multiplies by it as it is.
 *
 * @returns a tensor of the input's shape
 * @throws NnpackError `invalid-argument` for a parameter that is no number; `invalid-output` where output and input overlap
 * @example
 * const y = localResponseNormalisationOutput({ input, size: 5, alpha: 1e-4, beta: 0.75, bias: 1 });
 */
export function localResponseNormalisationOutput<Output extends TensorLike = Tensor>(
  options: LocalResponseNormalisationOptions<Output>,
): Output {
  const call = parseLocalResponse('localResponseNormalisationOutput', options);
  const { context, planes, response } = call;
  return callLayer(call, ([x], y) => runLocalResponseNormalisation(context, planes, response, x, y));
}

interface ParsedLocalResponse<Output extends TensorLike> extends ParsedCall<Output> {
  readonly planes: Planes;
  readonly response: LocalResponse;
}

function parseLocalResponse<Output extends TensorLike>(
  who: string,
  options: LocalResponseNormalisationOptions<Output>,
): ParsedLocalResponse<Output> {
  const read = readOptions<LocalResponseNormalisationOptions<Output>>(who, options, RESPONSE_FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [3, 4]);
  const planes = planesOf(who, 'input', input.shape);
  const { size, alpha, beta, bias } = read;
  expectResponseSize(who, size);
  expectFinite(who, 'alpha', alpha);
  expectFinite(who, 'beta', beta);
  expectFinite(who, 'bias', bias);
  const response = Object.freeze({ size, alpha, beta, bias });
  const output = checkApartOutput(who, read.output, input.shape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape: input.shape, planes, response });
}

/** Any whole number: a size beyond the channels reaches all of them. */
export function expectResponseSize(who: string, size: unknown): asserts size is number {
  if (Number.isSafeInteger(size) && (size as number) >= 1) return;
  throw new NnpackError('invalid-argument', `${who}: size is ${show(size)}, expected a whole number of at least 1`);
}

/** Local response normalisation of dense planes in the context's memory; x and y lie apart. */
export function runLocalResponseNormalisation(
  context: Context,
  planes: Planes,
  response: LocalResponse,
  x: number,
  y: number,
): void {
  const { batch, channels, pixels } = planes;
  const { size, alpha, beta, bias } = response;
  // All channels of an item stay in the second-level cache while their neighbours are summed.
  const columns = Math.min(pixels, Math.ceil(ITEM_ELEMENTS / channels));
  const parameters = { channels, pixels, x, y, size, alpha, beta, bias };
  context.pool.parallelize2dTile2d(localResponseStep, parameters, batch, pixels, 1, columns);
}

export interface BatchNormalisationOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** [N, C, H, W], [C, H, W], [N, C] or [C]. */
  readonly input: TensorLike;
  /** [C]; 1 when not given. */
  readonly gamma?: TensorLike;
  /** [C]; 0 when not given. */
  readonly beta?: TensorLike;
  /** [C]: the statistics that training gathered. */
  readonly mean: TensorLike;
  /** [C]: as `mean`, of the squared distances from it. */
  readonly variance: TensorLike;
  /** Added to the variance, so that the root is not that of 0. */
  readonly epsilon: number;
}

const BATCH_FIELDS: FieldsOf<BatchNormalisationOptions> = {
  ...LAYER_FIELDS,
  input: true,
  gamma: true,
  beta: true,
  mean: true,
  variance: true,
  epsilon: true,
};

/**
 * Batch normalisation with given statistics: y = gamma · (x − mean) / √(variance + epsilon) + beta, channel by channel.
 * It is computed as x · scale + shift, both folded in double and rounded to float32 once. `output` may be the input.
 *
 * @returns a tensor of the input's shape
 * @throws NnpackError `invalid-channels` where a statistic has another number of channels than the input; tensor errors
 * @example
 * const y = batchNormalisationOutput({ input, gamma, beta, mean, variance, epsilon: 1e-5 });
 */
export function batchNormalisationOutput<Output extends TensorLike = Tensor>(
  options: BatchNormalisationOptions<Output>,
): Output {
  const call = parseBatchNormalisation('batchNormalisationOutput', options);
  const { context, planes, statistics } = call;
  const { scale, shift } = foldStatistics(statistics);
  const inputs = [...call.inputs, vector(scale), vector(shift)];
  return callLayer({ ...call, inputs }, (xs, y) => runScaleShift(context, planes, xs[0], xs[1], xs[2], y));
}

interface ParsedBatchNormalisation<Output extends TensorLike> extends ParsedCall<Output> {
  readonly planes: Planes;
  readonly statistics: Statistics;
}

/** Of each channel: gamma is 1 and beta 0 where they are null. */
interface Statistics {
  readonly gamma: CheckedTensor | null;
  readonly beta: CheckedTensor | null;
  readonly mean: CheckedTensor;
  readonly variance: CheckedTensor;
  readonly epsilon: number;
}

function parseBatchNormalisation<Output extends TensorLike>(
  who: string,
  options: BatchNormalisationOptions<Output>,
): ParsedBatchNormalisation<Output> {
  const read = readOptions<BatchNormalisationOptions<Output>>(who, options, BATCH_FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [1, 2, 3, 4]);
  const planes = planesOf(who, 'input', input.shape);
  const { channels } = planes;
  const perChannel = (name: 'gamma' | 'beta' | 'mean' | 'variance') => checkPerChannel(who, name, read[name], channels);
  const gamma = read.gamma === undefined ? null : perChannel('gamma');
  const beta = read.beta === undefined ? null : perChannel('beta');
  const [mean, variance] = [perChannel('mean'), perChannel('variance')];
  const { epsilon } = read;
  if (typeof epsilon !== 'number' || !Number.isFinite(epsilon) || epsilon < 0) {
    throw new NnpackError(
      'invalid-argument',
      `${who}: epsilon is ${show(epsilon)}, expected a finite number of at least 0`,
    );
  }
  const statistics = Object.freeze({ gamma, beta, mean, variance, epsilon });
  const output = checkElementwiseOutput(who, read.output, input.shape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape: input.shape, planes, statistics });
}

/** scale = gamma / √(variance + epsilon), shift = beta − mean · scale, in double until they are stored. */
function foldStatistics({ gamma, beta, mean, variance, epsilon }: Statistics): {
  scale: Float32Array;
  shift: Float32Array;
} {
  const channels = mean.shape[0];
  const scale = new Float32Array(channels);
  const shift = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const factor = (gamma === null ? 1 : at(gamma, c)) / Math.sqrt(at(variance, c) + epsilon);
    scale[c] = factor;
    shift[c] = (beta === null ? 0 : at(beta, c)) - at(mean, c) * factor;
  }
  return { scale, shift };
}

function at(tensor: CheckedTensor, index: number): number {
  return tensor.data[tensor.offset + index * tensor.stride[0]];
}

function vector(data: Float32Array): CheckedTensor {
  return { data, shape: [data.length], stride: [1], offset: 0 };
}

/** y = x · scale[c] + shift[c] for dense planes in the context's memory; x and y may be the same. */
export function runScaleShift(
  context: Context,
  planes: Planes,
  x: number,
  scale: number,
  shift: number,
  y: number,
): void {
  const { batch, channels, pixels } = planes;
  const { rows, columns } = itemSize(pixels);
  const parameters = { channels, pixels, x, scale, shift, y };
  context.pool.parallelize2dTile2d(scaleShiftStep, parameters, batch * channels, pixels, rows, columns);
}
