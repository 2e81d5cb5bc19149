import { expectBoolean, expectOneOf, type FieldsOf, isRecord, readFields, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { NnpackError } from '../errors.ts';
import { AXES, expectCount, type PerAxis } from '../tensor/convolution-shape.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { checkTensor, expectElements, MAX_ELEMENTS } from '../tensor/tensor.ts';
import {
  callLayer,
  checkApartOutput,
  expectFinite,
  LAYER_FIELDS,
  type LayerOptions,
  type ParsedCall,
  planesOf,
} from './call.ts';
import { ITEM_ELEMENTS, resizeStep } from './steps.ts';

/** How a plane is resized, and to which size: either `scale` or `size`. */
export interface ResizeGeometry {
  /** `nearest` copies the nearest pixel, `bilinear` weighs the four around. */
  readonly mode: 'nearest' | 'bilinear';
  /** H′ = ⌊H · scale⌋; this or `size`. */
  readonly scale?: PerAxis;
  /** H′ × W′. */
  readonly size?: PerAxis;
  /** Bilinear only: the corners of input and output coincide, rather than the edges of their corner pixels. */
  readonly alignCorners?: boolean;
}

export interface ResizeOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output>, ResizeGeometry {
  /** [N, C, H, W] or [C, H, W]. */
  readonly input: TensorLike;
}

const FIELDS: FieldsOf<ResizeOptions> = {
  ...LAYER_FIELDS,
  input: true,
  mode: true,
  scale: true,
  size: true,
  alignCorners: true,
};

/** A resizing whose every size has been checked. */
export interface ResizeShape {
  readonly planes: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly bilinear: number;
  readonly alignCorners: number;
}

/**
 * Resizes planes. `'nearest'` takes y(i, j) = x(⌊i · H / H′⌋, ⌊j · W / W′⌋); `'bilinear'` weighs the four nearest samples,
 * taken at the centres of pixels, or with `alignCorners` so that the corners coincide. Edges are repeated.
 *
 * @returns [N, C, H′, W′]; [C, H′, W′] for [C, H, W]
 * @throws NnpackError `invalid-argument` for a mode, scale or size that is none, or both of scale and size
 * @example
 * const y = resizeOutput({ input, mode: 'bilinear', scale: 2 });
 */
export function resizeOutput<Output extends TensorLike = Tensor>(options: ResizeOptions<Output>): Output {
  const call = parseResize('resizeOutput', options);
  return callLayer(call, ([x], y) => runResize(call.context, call.shape, x, y));
}

interface ParsedResize<Output extends TensorLike> extends ParsedCall<Output> {
  readonly shape: ResizeShape;
}

function parseResize<Output extends TensorLike>(who: string, options: ResizeOptions<Output>): ParsedResize<Output> {
  const read = readOptions<ResizeOptions<Output>>(who, options, FIELDS);
  const context = contextOf(who, read.context);
  const input = checkTensor(who, 'input', read.input, [3, 4]);
  const shape = checkResize(who, input.shape, read);
  const outputShape = [...input.shape.slice(0, -2), shape.outputHeight, shape.outputWidth];
  const output = checkApartOutput(who, read.output, outputShape, [['the input', input]]);
  return Object.freeze({ who, context, inputs: [input], output, outputShape, shape });
}

/** Of the two ways of resizing, none is the usual one. */
export function checkResizeMode(who: string, mode: unknown): 'nearest' | 'bilinear' {
  if (mode === undefined) {
    throw new NnpackError('invalid-argument', `${who}: mode is not given, expected 'nearest' or 'bilinear'`);
  }
  return expectOneOf(who, 'mode', mode, ['nearest', 'bilinear'], 'invalid-argument');
}

export function checkResize(who: string, inputShape: readonly number[], options: ResizeGeometry): ResizeShape {
  const { batch, channels } = planesOf(who, 'input', inputShape);
  const [inputHeight, inputWidth] = inputShape.slice(-2);
  const mode = checkResizeMode(who, options.mode);
  const { alignCorners = false } = options;
  expectBoolean(who, 'alignCorners', alignCorners);
  if (alignCorners && mode === 'nearest') {
    throw new NnpackError('invalid-argument', `${who}: alignCorners is true, expected it with mode 'bilinear' only`);
  }
  const [outputHeight, outputWidth] = outputSize(who, options, inputHeight, inputWidth);
  expectElements(who, 'output', [batch, channels, outputHeight, outputWidth]);
  return Object.freeze({
    planes: batch * channels,
    inputHeight,
    inputWidth,
    outputHeight,
    outputWidth,
    bilinear: mode === 'bilinear' ? 1 : 0,
    alignCorners: alignCorners ? 1 : 0,
  });
}

function outputSize(
  who: string,
  { scale, size }: ResizeGeometry,
  height: number,
  width: number,
): readonly [number, number] {
  if ((scale === undefined) === (size === undefined)) {
    const got = scale === undefined ? 'neither scale nor size' : 'both scale and size';
    throw new NnpackError('invalid-argument', `${who}: ${got} are given, expected one of them`);
  }
  const given: unknown = scale ?? size;
  const what = scale === undefined ? 'size' : 'scale';
  const isPair = isRecord(given);
  const axes: { readonly height?: unknown; readonly width?: unknown } = isPair
    ? readFields(who, what, given, AXES, 'invalid-argument')
    : { height: given, width: given };
  return [extent('height', height), extent('width', width)];

  function extent(axis: 'height' | 'width', input: number): number {
    const name = isPair ? `${what} ${axis}` : what;
    const value = axes[axis];
    if (what === 'size') {
      expectCount(who, name, value, 'invalid-argument');
      return value;
    }
    expectFinite(who, name, value);
    const output = Math.floor(input * value);
    if (output < 1 || output > MAX_ELEMENTS) {
      throw new NnpackError(
        'invalid-argument',
        `${who}: ${name} is ${value}, which makes ${output} of ${input}, expected 1 to ${MAX_ELEMENTS}`,
      );
    }
    return output;
  }
}

/** Resizes dense planes in the context's memory; x and y lie apart. */
export function runResize(context: Context, shape: ResizeShape, x: number, y: number): void {
  const { planes, inputHeight, inputWidth, outputHeight, outputWidth, bilinear, alignCorners } = shape;
  const tile = Math.ceil(ITEM_ELEMENTS / (sizeOf([inputHeight, inputWidth]) + 4 * outputHeight * outputWidth));
  const parameters = { inputHeight, inputWidth, outputHeight, outputWidth, bilinear, alignCorners, x, y };
  context.pool.parallelize1dTile1d(resizeStep, parameters, planes, tile);
}
