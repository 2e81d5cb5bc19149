/** Pooling of any size, stride, padding and convention: maxima (with their places), averages, and averages of planes. */
import { allocated } from '../check/memory.ts';
import { expectBoolean, type FieldsOf, oneOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { RulesExplanation } from '../dispatch/explain.ts';
import { applyRules, POOLING_RULES } from '../dispatch/rules.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { checkShape, checkTensor } from '../tensor/tensor.ts';
import { callLayer, checkApartOutput, LAYER_FIELDS, type LayerOptions, type ParsedCall } from './call.ts';
import {
  globalPoolingShape,
  POOLING_FIELDS,
  type PoolingGeometry,
  type PoolingShape,
  poolingShape,
} from './pooling-shape.ts';
import { averagePoolingStep, ITEM_ELEMENTS, maxPoolingStep } from './steps.ts';

export interface MaxPoolingOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output>, PoolingGeometry {
  /** [N, C, H, W] or [C, H, W]. */
  readonly input: TensorLike;
}

export interface AveragePoolingOptions<Output extends TensorLike = Tensor> extends MaxPoolingOptions<Output> {
  /** Whether a window at the edge is divided by its whole size (MXNet's rule), not by the elements in it (the default). */
  readonly countPadding?: boolean;
}

export interface GlobalAveragePoolingOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** [N, C, H, W] or [C, H, W]. */
  readonly input: TensorLike;
}

const MAX_FIELDS: FieldsOf<MaxPoolingOptions> = { ...LAYER_FIELDS, ...POOLING_FIELDS, input: true };
const AVERAGE_FIELDS: FieldsOf<AveragePoolingOptions> = { ...MAX_FIELDS, countPadding: true };
const GLOBAL_FIELDS: FieldsOf<GlobalAveragePoolingOptions> = { ...LAYER_FIELDS, input: true };

/**
 * Max pooling: NNPACK's `nnp_max_pooling_output`, with MXNet's conventions for the number of windows.
 *
 *   valid   H′ = ⌊(H + padding − size) / stride⌋ + 1       full   H′ = ⌈(H + padding − size) / stride⌉ + 1
 *   same    H′ = ⌈H / stride⌉, with TensorFlow's padding
 *
 * Padding counts as −∞, and a window without elements gives −∞. A NaN gives NaN (NNPACK passes over it). Unlike NNPACK, the
 * stride may be larger than the windows and the padding too.
 *
 * @returns [N, C, H′, W′]; [C, H′, W′] for [C, H, W]
 * @throws NnpackError `invalid-pooling-size`, `invalid-pooling-stride`, `invalid-input-padding`; tensor errors
 * @example
 * const y = maxPoolingOutput({ input, poolingSize: 2, convention: 'full' });
 */
export function maxPoolingOutput<Output extends TensorLike = Tensor>(options: MaxPoolingOptions<Output>): Output {
  const call = parseMaxPooling('maxPoolingOutput', options);
  return callLayer(call, ([x], y) => runMaxPooling(call.context, call.shape, x, y));
}

/**
 * The same, with the place of each maximum in its plane, row · W + column: the first of equals, −1 in a window without
 * elements. What unpooling and gradients need.
 *
 * @returns the output, and as many indices in its order
 * @throws NnpackError as {@link maxPoolingOutput} does
 * @example
 * const { output, indices } = maxPoolingOutputWithIndices({ input, poolingSize: 3, stride: 2 });
 */
export function maxPoolingOutputWithIndices<Output extends TensorLike = Tensor>(
  options: MaxPoolingOptions<Output>,
): { output: Output; indices: Int32Array } {
  const call = parseMaxPooling('maxPoolingOutputWithIndices', options);
  const { who, context, shape, outputShape } = call;
  const indices = allocated(who, 'the indices', () => new Int32Array(sizeOf(outputShape)));
  const output = callLayer(call, ([x], y, staging) => {
    const places = staging.allocate(indices.length);
    runMaxPooling(context, shape, x, y, places);
    indices.set(context.arena.i32.subarray(places, places + indices.length));
  });
  return { output, indices };
}

/**
 * Average pooling, over the elements inside the input, or with `countPadding` over the whole window, zeros included. A
 * window without elements gives 0. Conventions as in {@link maxPoolingOutput}.
 *
 * @returns [N, C, H′, W′]; [C, H′, W′] for [C, H, W]
 * @throws NnpackError as {@link maxPoolingOutput} does
 * @example
 * const y = averagePoolingOutput({ input, poolingSize: 3, stride: 1, padding: 1, countPadding: true });
 */
export function averagePoolingOutput<Output extends TensorLike = Tensor>(
  options: AveragePoolingOptions<Output>,
): Output {
  const call = parseAveragePooling('averagePoolingOutput', options);
  return callLayer(call, ([x], y) => runAveragePooling(call.context, call.shape, x, y, call.countPadding));
}

/**
 * The average of each plane.
 *
 * @returns [N, C]; [C] for [C, H, W]
 * @throws NnpackError for a tensor of another rank, or without elements
 * @example
 * const features = globalAveragePoolingOutput({ input });
 */
export function globalAveragePoolingOutput<Output extends TensorLike = Tensor>(
  options: GlobalAveragePoolingOptions<Output>,
): Output {
  const call = parseGlobalPooling('globalAveragePoolingOutput', options);
  return callLayer(call, ([x], y) => runAveragePooling(call.context, call.shape, x, y, false));
}

interface ParsedPooling<Output extends TensorLike> extends ParsedCall<Output> {
  readonly shape: PoolingShape;
}

interface ParsedAveragePooling<Output extends TensorLike> extends ParsedPooling<Output> {
  readonly countPadding: boolean;
}

function parseMaxPooling<Output extends TensorLike>(
  who: string,
  options: MaxPoolingOptions<Output>,
): ParsedPooling<Output> {
  return Object.freeze(parseWindows(who, readOptions<MaxPoolingOptions<Output>>(who, options, MAX_FIELDS)));
}

function parseAveragePooling<Output extends TensorLike>(
  who: string,
  options: AveragePoolingOptions<Output>,
): ParsedAveragePooling<Output> {
  const read = readOptions<AveragePoolingOptions<Output>>(who, options, AVERAGE_FIELDS);
  const call = parseWindows(who, read);
  const { countPadding = false } = read;
  expectBoolean(who, 'countPadding', countPadding);
  return Object.freeze({ ...call, countPadding });
}

/** @param options as they were read */
function parseWindows<Output extends TensorLike>(
  who: string,
  options: MaxPoolingOptions<Output>,
): ParsedPooling<Output> {
  const context = contextOf(who, options.context);
  const input = checkTensor(who, 'input', options.input, [3, 4]);
  const shape = poolingShape(who, input.shape, options);
  const outputShape = [...input.shape.slice(0, -2), shape.outputHeight, shape.outputWidth];
  const output = checkApartOutput(who, options.output, outputShape, [['the input', input]]);
  return { who, context, inputs: [input], output, outputShape, shape };
}

function parseGlobalPooling<Output extends TensorLike>(
  who: string,
  options: GlobalAveragePoolingOptions<Output>,
): ParsedPooling<Output> {
  const read = readOptions<GlobalAveragePoolingOptions<Output>>(who, options, GLOBAL_FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [3, 4]);
  const shape = globalPoolingShape(who, input.shape);
  const outputShape = input.shape.slice(0, -2);
  const output = checkApartOutput(who, read.output, outputShape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape, shape });
}

/** Max pooling of dense planes in the context's memory; places go to i32[indices …] unless that is −1. */
export function runMaxPooling(context: Context, shape: PoolingShape, x: number, y: number, indices = -1): void {
  const parameters = { ...windowFields(shape), x, y, indices };
  context.pool.parallelize1dTile1d(maxPoolingStep, parameters, shape.batch * shape.channels, planesPerItem(shape));
}

/** Average pooling of dense planes in the context's memory. */
export function runAveragePooling(
  context: Context,
  shape: PoolingShape,
  x: number,
  y: number,
  countPadding: boolean,
): void {
  const parameters = { ...windowFields(shape), x, y, countPadding: countPadding ? 1 : 0 };
  context.pool.parallelize1dTile1d(averagePoolingStep, parameters, shape.batch * shape.channels, planesPerItem(shape));
}

/** A pooling shape's numbers, as a step takes them. */
function windowFields(shape: PoolingShape) {
  const { batch, channels, convention, ...fields } = shape;
  return fields;
}

function planesPerItem({
  inputHeight,
  inputWidth,
  outputHeight,
  outputWidth,
  poolHeight,
  poolWidth,
}: PoolingShape): number {
  const visited = outputHeight * outputWidth * Math.min(poolHeight, inputHeight) * Math.min(poolWidth, inputWidth);
  return Math.ceil(ITEM_ELEMENTS / (inputHeight * inputWidth + visited));
}

export interface ExplainPoolingOptions extends PoolingGeometry {
  /** [N, C, H, W] or [C, H, W]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
  /** `'max'` when not given. */
  readonly type?: 'max' | 'average';
}

const EXPLAIN_FIELDS: FieldsOf<ExplainPoolingOptions> = { ...POOLING_FIELDS, input: true, type: true };

/**
 * Whether a pooling is one that MXNet handed to NNPACK by its documented rules, rule by rule. One kernel serves all.
 *
 * @example
 * console.log(String(explainPooling({ input: { shape: [1, 64, 224, 224] }, poolingSize: 2, convention: 'full' })));
 */
export function explainPooling(options: ExplainPoolingOptions): RulesExplanation {
  const who = 'explainPooling';
  const read = readOptions<ExplainPoolingOptions>(who, options, EXPLAIN_FIELDS);
  const { shape: inputShape } = checkShape(who, 'input', read.input, [3, 4]);
  const shape = poolingShape(who, inputShape, read);
  const type = oneOf(who, 'type', read.type, ['max', 'average'], 'invalid-argument');
  const rules = applyRules(POOLING_RULES, { type, ...shape });
  const failed = rules.find((rule) => !rule.passed);
  const why =
    failed === undefined
      ? 'by the documented rules'
      : `default implementation: ${failed.condition} does not hold (${failed.value})`;
  return new RulesExplanation(`${type} pooling ${describe(shape)}`, rules, `${type} pooling`, why);
}

function describe(shape: PoolingShape): string {
  const { batch, channels, convention } = shape;
  return [
    `${batch}×${channels}×${shape.inputHeight}×${shape.inputWidth} → `,
    `${batch}×${channels}×${shape.outputHeight}×${shape.outputWidth}, `,
    `${shape.poolHeight}×${shape.poolWidth}, stride ${shape.strideHeight}×${shape.strideWidth}, ${convention}`,
  ].join('');
}
