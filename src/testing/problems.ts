/** Convolution problems as data: their sizes, the tensors that belong to them, and a line that describes them. */
import { isFloat32Array } from '../check/arrays.ts';
import { allocated } from '../check/memory.ts';
import { expectBoolean, type FieldsOf, isRecord, readFields, reading } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { type ActivationOption, checkActivation } from '../layers/activation.ts';
import { type ConvolutionShape, convolutionShape } from '../tensor/convolution-shape.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { randomArray, uniform } from '../tensor/random.ts';
import { checkExtents } from '../tensor/tensor.ts';

/** One convolution, as data: the options of `convolutionOutput` but for its tensors, of which it has the shapes. */
export interface Problem {
  /** [N, C, H, W] */
  readonly inputShape: readonly number[];
  /** [K, C / groups, R, S] */
  readonly kernelShape: readonly number[];
  /** Whether a bias is among the tensors. */
  readonly hasBias: boolean;
  /** Zeros on each side. */
  readonly padding: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };
  /** Of each axis. */
  readonly stride: { readonly height: number; readonly width: number };
  /** Distance of neighbouring taps, of each axis. */
  readonly dilation: { readonly height: number; readonly width: number };
  /** Groups of channels. */
  readonly groups: number;
  /** What is applied to each output. */
  readonly activation: ActivationOption;
  /** What {@link convolutionData} makes the tensors from. */
  readonly seed: number;
}

const FIELDS: FieldsOf<Problem> = {
  inputShape: true,
  kernelShape: true,
  hasBias: true,
  padding: true,
  stride: true,
  dilation: true,
  groups: true,
  activation: true,
  seed: true,
};

/** A problem that was read once and whose every part makes sense, with its sizes. */
export interface ReadProblem extends Problem {
  readonly shape: ConvolutionShape;
}

export function readProblem(who: string, problem: unknown): ReadProblem {
  const read = readFields<Problem>(who, 'problem', problem, FIELDS, 'invalid-argument');
  const { hasBias, seed } = read;
  const inputShape = checkExtents(who, 'inputShape', read.inputShape, [4]);
  const kernelShape = checkExtents(who, 'kernelShape', read.kernelShape, [4]);
  expectBoolean(who, 'hasBias', hasBias);
  if (!Number.isSafeInteger(seed)) {
    throw new NnpackError('invalid-argument', `${who}: seed is ${show(seed)}, expected a whole number`);
  }
  const shape = convolutionShape(who, inputShape, kernelShape, read);
  const activation = reading(who, 'activation', 'invalid-activation', (): ActivationOption => {
    const given: ActivationOption = read.activation ?? 'identity';
    return isRecord(given) ? { ...given } : given;
  });
  checkActivation(who, activation);
  return {
    inputShape,
    kernelShape,
    hasBias,
    padding: {
      top: shape.paddingTop,
      right: shape.paddingRight,
      bottom: shape.paddingBottom,
      left: shape.paddingLeft,
    },
    stride: { height: shape.strideHeight, width: shape.strideWidth },
    dilation: { height: shape.dilationHeight, width: shape.dilationWidth },
    groups: shape.groups,
    activation,
    seed,
    shape,
  };
}

/**
 * The problem's sizes, checked, with those of its output.
 *
 * @example
 * const { outputHeight, outputWidth } = shapeOf(problem);
 */
export function shapeOf(problem: Problem): ConvolutionShape {
  return readProblem('shapeOf', problem).shape;
}

/**
 * [N, K, H′, W′]
 *
 * @example
 * const [batch, channels, height, width] = outputShapeOf(problem);
 */
export function outputShapeOf(problem: Problem): number[] {
  const { batch, outputChannels, outputHeight, outputWidth } = readProblem('outputShapeOf', problem).shape;
  return [batch, outputChannels, outputHeight, outputWidth];
}

/** A problem's tensors: dense, row-major, in [−1, 1). */
export interface ConvolutionData {
  /** [N, C, H, W], dense. */
  readonly input: Float32Array;
  /** [K, C / groups, R, S], dense. */
  readonly kernel: Float32Array;
  /** Null where the problem has none. */
  readonly bias: Float32Array | null;
}

/**
 * The tensors of a problem, always the same ones for its seed.
 *
 * @example
 * const { input, kernel, bias } = convolutionData(problem);
 */
export function convolutionData(problem: Problem): ConvolutionData {
  const who = 'convolutionData';
  const { inputShape, kernelShape, hasBias, seed } = readProblem(who, problem);
  const next = uniform(seed);
  return allocated(who, 'the tensors', () => ({
    input: randomArray(sizeOf(inputShape), next),
    kernel: randomArray(sizeOf(kernelShape), next),
    bias: hasBias ? randomArray(kernelShape[0], next) : null,
  }));
}

const DATA_FIELDS: FieldsOf<ConvolutionData> = { input: true, kernel: true, bias: true };

/** The tensors of a problem, each of which has as many elements as the problem says; the bias counts where there is one. */
export function readData(who: string, { inputShape, kernelShape }: Problem, data: unknown): ConvolutionData {
  const read = readFields<ConvolutionData>(who, 'data', data, DATA_FIELDS, 'invalid-argument');
  const floats = (what: 'input' | 'kernel' | 'bias', size: number): Float32Array => {
    const array: unknown = read[what];
    if (isFloat32Array(array) && array.length === size) return array;
    const got = isFloat32Array(array) ? `has ${array.length} elements` : `is ${show(array)}`;
    const expected = `a Float32Array of ${size} elements`;
    throw new NnpackError('invalid-tensor', `${who}: ${what} of the data ${got}, expected ${expected}`);
  };
  return {
    input: floats('input', sizeOf(inputShape)),
    kernel: floats('kernel', sizeOf(kernelShape)),
    bias: read.bias === null ? null : floats('bias', kernelShape[0]),
  };
}

/**
 * A problem in a line, what is usual left out.
 *
 * @example
 * describeProblem(problem); // input 1×2×5×5, kernel 3×2×3×3, bias, stride 2×1, relu, seed 17
 */
export function describeProblem(problem: Problem): string {
  const read = readProblem('describeProblem', problem);
  const { inputShape, kernelShape, hasBias, groups, activation, seed, padding, stride, dilation } = read;
  const { top, right, bottom, left } = padding;
  const parts = [`input ${inputShape.join('×')}`, `kernel ${kernelShape.join('×')}`];
  if (hasBias) parts.push('bias');
  if (top + right + bottom + left > 0) parts.push(`padding ${top} ${right} ${bottom} ${left} (top right bottom left)`);
  for (const [what, { height, width }] of Object.entries({ stride, dilation })) {
    if (height * width > 1) parts.push(`${what} ${height}×${width}`);
  }
  if (groups > 1) parts.push(`${groups} groups`);
  if (typeof activation === 'object') {
    const { type, ...numbers } = activation;
    parts.push(`${type} ${Object.values(numbers).join(' … ')}`);
  } else if (activation !== 'identity') parts.push(activation);
  return [...parts, `seed ${seed}`].join(', ');
}
