import { type FieldsOf, oneOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { checkPadding, type Padding } from '../tensor/convolution-shape.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { checkTensor, expectElements } from '../tensor/tensor.ts';
import { callLayer, checkApartOutput, LAYER_FIELDS, type LayerOptions, type ParsedCall, planesOf } from './call.ts';
import { ITEM_ELEMENTS, mirrorStep, surroundStep } from './steps.ts';

/** What stands around the input: one value, its rows and columns mirrored at the outermost, or the outermost repeated. */
export type PadMode = 'constant' | 'reflect' | 'edge';

/** What is put around pictures: how much on each side, and what stands there. */
export interface PadGeometry {
  /** One number for all sides, or one for each side (0 where not given). */
  readonly padding: Padding;
  /** `'constant'` when not given. */
  readonly mode?: PadMode;
  /** What `'constant'` puts there; 0 when not given. */
  readonly value?: number;
}

export interface PadOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output>, PadGeometry {
  /** [N, C, H, W] or [C, H, W]. */
  readonly input: TensorLike;
}

export const PAD_FIELDS: FieldsOf<PadGeometry> = { padding: true, mode: true, value: true };
const FIELDS: FieldsOf<PadOptions> = { ...LAYER_FIELDS, ...PAD_FIELDS, input: true };

/** A padding whose every size has been checked. Frozen. */
export interface PadShape {
  readonly planes: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly top: number;
  readonly left: number;
  readonly mode: PadMode;
  readonly value: number;
}

/**
 * Puts rows and columns around planes: of a `'constant'` value, the input's own mirrored (`'reflect'`: c b | a b c | b a,
 * fewer on each side than there are), or its outermost repeated (`'edge'`: a a | a b c | c c).
 *
 * @returns [N, C, top + H + bottom, left + W + right]; without N for [C, H, W]
 * @throws NnpackError `invalid-input-padding` for sides that are none, or more than there is to mirror
 * @example
 * const y = padOutput({ input, padding: { top: 1, left: 1 }, mode: 'reflect' });
 */
export function padOutput<Output extends TensorLike = Tensor>(options: PadOptions<Output>): Output {
  const call = parsePad('padOutput', options);
  return callLayer(call, ([x], y) => runPad(call.context, call.shape, x, y));
}

interface ParsedPad<Output extends TensorLike> extends ParsedCall<Output> {
  readonly shape: PadShape;
}

function parsePad<Output extends TensorLike>(who: string, options: PadOptions<Output>): ParsedPad<Output> {
  const read = readOptions<PadOptions<Output>>(who, options, FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [3, 4]);
  const shape = checkPad(who, input.shape, read);
  const outputShape = [...input.shape.slice(0, -2), shape.outputHeight, shape.outputWidth];
  const output = checkApartOutput(who, read.output, outputShape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape, shape });
}

export function checkPad(who: string, inputShape: readonly number[], options: PadGeometry): PadShape {
  const { batch, channels } = planesOf(who, 'input', inputShape);
  const [inputHeight, inputWidth] = inputShape.slice(-2);
  const { top, right, bottom, left, mode, value } = checkPadOptions(who, options);
  const outputHeight = paddedExtent(who, 'height', mode, inputHeight, top, bottom);
  const outputWidth = paddedExtent(who, 'width', mode, inputWidth, left, right);
  expectElements(who, 'output', [batch, channels, outputHeight, outputWidth]);
  const planes = batch * channels;
  return Object.freeze({ planes, inputHeight, inputWidth, outputHeight, outputWidth, top, left, mode, value });
}

/** What can be told of a padding before the sizes of its input are known. */
export function checkPadOptions(who: string, options: { readonly [Field in keyof PadGeometry]?: unknown }) {
  const mode = oneOf(who, 'mode', options.mode, ['constant', 'reflect', 'edge'], 'invalid-argument');
  const { padding, value = 0 } = options;
  if (padding === undefined) {
    const expected = 'expected a whole number of at least 0, or one for each side';
    throw new NnpackError('invalid-input-padding', `${who}: padding is not given, ${expected}`);
  }
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new NnpackError('invalid-argument', `${who}: value is ${show(value)}, expected a number`);
  }
  if (options.value !== undefined && mode !== 'constant') {
    throw new NnpackError('invalid-argument', `${who}: value is ${value}, expected it with mode 'constant' only`);
  }
  return { ...checkPadding(who, padding), mode, value };
}

/** An extent with what stands before and after it. */
export function paddedExtent(
  who: string,
  axis: 'height' | 'width',
  mode: PadMode,
  size: number,
  before: number,
  after: number,
): number {
  const most = Math.max(before, after);
  if (mode === 'reflect' && most >= size) {
    const what = `padding is ${most}, expected less than ${size} (the input's ${axis}) with mode 'reflect'`;
    throw new NnpackError('invalid-input-padding', `${who}: ${what}`);
  }
  return before + size + after;
}

/** Pads dense planes in the context's memory; x and y lie apart. */
export function runPad(context: Context, shape: PadShape, x: number, y: number): void {
  const { planes, mode, value, ...sizes } = shape;
  const plane = sizes.inputHeight * sizes.inputWidth + sizes.outputHeight * sizes.outputWidth;
  const tile = Math.ceil(ITEM_ELEMENTS / plane);
  if (mode === 'constant') {
    context.pool.parallelize1dTile1d(surroundStep, { ...sizes, value, x, y }, planes, tile);
  } else {
    const isReflected = mode === 'reflect' ? 1 : 0;
    context.pool.parallelize1dTile1d(mirrorStep, { ...sizes, isReflected, x, y }, planes, tile);
  }
}
