import { type FieldsOf, isRecord, readFields } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { expectElements, MAX_ELEMENTS } from './tensor.ts';
import { reachOf, windowsAlong } from './windows.ts';

export interface Axes {
  readonly height: number;
  readonly width: number;
}

export const AXES: FieldsOf<Axes> = { height: true, width: true };

export interface Sides {
  readonly top?: number;
  readonly right?: number;
  readonly bottom?: number;
  readonly left?: number;
}

const SIDES: FieldsOf<Sides> = { top: true, right: true, bottom: true, left: true };

/** One number for both axes, or one for each. */
export type PerAxis = number | Axes;

/** Zeros around the input: one number for all sides, or one for each side (0 where not given). */
export type Padding = number | Sides;

/** What a convolution's geometry is made of, as a caller gives it. */
export interface ConvolutionGeometry {
  /** 0 when not given. */
  readonly padding?: Padding;
  /** 1 when not given. */
  readonly stride?: PerAxis;
  /** Distance of neighbouring taps; 1 when not given. */
  readonly dilation?: PerAxis;
  /** Input and output channels are divided into so many groups; 1 when not given. */
  readonly groups?: number;
}

export const GEOMETRY_FIELDS: FieldsOf<ConvolutionGeometry> = {
  padding: true,
  stride: true,
  dilation: true,
  groups: true,
};

/**
 * A convolution whose every size has been checked: input (N, C, H, W), kernel (K, C / groups, R, S), output
 * (N, K, H′, W′) with H′ = ⌊(top + H + bottom − dilation·(R − 1) − 1) / stride⌋ + 1. Frozen.
 */
export interface ConvolutionShape {
  /** N */
  readonly batch: number;
  readonly groups: number;
  /** C, of all groups. */
  readonly inputChannels: number;
  /** K, of all groups. */
  readonly outputChannels: number;
  /** H */
  readonly inputHeight: number;
  /** W */
  readonly inputWidth: number;
  /** R */
  readonly kernelHeight: number;
  /** S */
  readonly kernelWidth: number;
  readonly paddingTop: number;
  readonly paddingRight: number;
  readonly paddingBottom: number;
  readonly paddingLeft: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  /** H′ */
  readonly outputHeight: number;
  /** W′ */
  readonly outputWidth: number;
}

/**
 * Checks a convolution's sizes once, in NNPACK's order, and freezes them.
 *
 * @param inputShape [N, C, H, W] or [C, H, W] (a batch of one)
 * @param kernelShape [K, C / groups, R, S]
 * @throws NnpackError with a code for each way in which the sizes can disagree
 */
export function convolutionShape(
  who: string,
  inputShape: readonly number[],
  kernelShape: readonly number[],
  geometry: ConvolutionGeometry = {},
): ConvolutionShape {
  const [batch, inputChannels, inputHeight, inputWidth] = inputShape.length === 3 ? [1, ...inputShape] : inputShape;
  const [outputChannels, groupChannels, kernelHeight, kernelWidth] = kernelShape;
  const { groups = 1 } = geometry;
  expectCount(who, 'batch size', batch, 'invalid-batch-size');
  expectCount(who, 'input channels', inputChannels, 'invalid-input-channels');
  expectCount(who, 'output channels', outputChannels, 'invalid-output-channels');
  expectCount(who, 'input height', inputHeight, 'invalid-input-size');
  expectCount(who, 'input width', inputWidth, 'invalid-input-size');
  expectCount(who, 'kernel height', kernelHeight, 'invalid-kernel-size');
  expectCount(who, 'kernel width', kernelWidth, 'invalid-kernel-size');
  expectCount(who, 'groups', groups, 'invalid-groups');
  checkGroups(who, groups, inputChannels, outputChannels, groupChannels);

  const { top, right, bottom, left } = checkPadding(who, geometry.padding);
  const stride = checkPerAxis(who, 'stride', geometry.stride, 'invalid-stride');
  const dilation = checkPerAxis(who, 'dilation', geometry.dilation, 'invalid-dilation');
  const outputHeight = outputExtent(
    who,
    'height',
    inputHeight,
    top,
    bottom,
    kernelHeight,
    stride.height,
    dilation.height,
  );
  const outputWidth = outputExtent(who, 'width', inputWidth, left, right, kernelWidth, stride.width, dilation.width);
  expectElements(who, 'output', [batch, outputChannels, outputHeight, outputWidth]);
  return Object.freeze({
    batch,
    groups,
    inputChannels,
    outputChannels,
    inputHeight,
    inputWidth,
    kernelHeight,
    kernelWidth,
    paddingTop: top,
    paddingRight: right,
    paddingBottom: bottom,
    paddingLeft: left,
    strideHeight: stride.height,
    strideWidth: stride.width,
    dilationHeight: dilation.height,
    dilationWidth: dilation.width,
    outputHeight,
    outputWidth,
  });
}

/** Multiply-adds of direct convolution, N·K·(C / groups)·R·S·H′·W′: what effective GFLOP/s are counted by. */
export function multiplyAdds(shape: ConvolutionShape): number {
  const taps = (shape.inputChannels / shape.groups) * shape.kernelHeight * shape.kernelWidth;
  return shape.batch * shape.outputChannels * taps * shape.outputHeight * shape.outputWidth;
}

type ExtentCode =
  | 'invalid-batch-size'
  | 'invalid-channels'
  | 'invalid-input-channels'
  | 'invalid-output-channels'
  | 'invalid-input-size'
  | 'invalid-kernel-size'
  | 'invalid-groups'
  | 'invalid-stride'
  | 'invalid-dilation'
  | 'invalid-pooling-size'
  | 'invalid-pooling-stride'
  | 'invalid-argument';

/** The value as a whole number from 1 to 2³⁰, or the error that says what it is instead. */
export function expectCount(who: string, what: string, value: unknown, code: ExtentCode): asserts value is number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_ELEMENTS) {
    const expected = `a whole number of at least 1${mostOf(value)}`;
    throw new NnpackError(code, `${who}: ${what} is ${show(value)}, expected ${expected}`);
  }
}

/** The upper limit, for the error of a value that is beyond it. */
function mostOf(value: unknown): string {
  return Number.isInteger(value) && (value as number) > MAX_ELEMENTS ? ` and at most ${MAX_ELEMENTS}` : '';
}

function checkGroups(
  who: string,
  groups: number,
  inputChannels: number,
  outputChannels: number,
  groupChannels: number,
): void {
  if (inputChannels % groups !== 0 || outputChannels % groups !== 0) {
    throw new NnpackError(
      'invalid-groups',
      `${who}: ${groups} groups do not divide ${inputChannels} input channels and ${outputChannels} output channels`,
    );
  }
  if (groupChannels !== inputChannels / groups) {
    const source = groups === 1 ? "the input's channels" : `${inputChannels} of the input in ${groups} groups`;
    throw new NnpackError(
      'invalid-input-channels',
      `${who}: kernel has ${groupChannels} input channels, expected ${inputChannels / groups} (${source})`,
    );
  }
}

/** One number or one for each axis, as whole numbers of at least 1; 1 when not given. */
export function checkPerAxis(who: string, what: string, value: unknown, code: ExtentCode): Axes {
  if (value === undefined) return { height: 1, width: 1 };
  if (isRecord(value)) {
    const { height, width } = readFields<Axes>(who, what, value, AXES, code);
    expectCount(who, `${what} height`, height, code);
    expectCount(who, `${what} width`, width, code);
    return { height, width };
  }
  expectCount(who, what, value, code);
  return { height: value, width: value };
}

/** Padding as whole numbers of at least 0 on each side. */
export function checkPadding(who: string, padding: unknown): Required<Sides> {
  if (padding === undefined) return { top: 0, right: 0, bottom: 0, left: 0 };
  const isSides = isRecord(padding);
  const sides = isSides ? readFields<Sides>(who, 'padding', padding, SIDES, 'invalid-input-padding') : undefined;
  const side = (name: keyof Sides): number => {
    const value: unknown = sides === undefined ? padding : sides[name] === undefined ? 0 : sides[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_ELEMENTS) {
      const what = `padding ${isSides ? `${name} ` : ''}is ${show(value)}`;
      const expected = `a whole number of at least 0${mostOf(value)}`;
      throw new NnpackError('invalid-input-padding', `${who}: ${what}, expected ${expected}`);
    }
    return value;
  };
  return { top: side('top'), right: side('right'), bottom: side('bottom'), left: side('left') };
}

function outputExtent(
  who: string,
  axis: string,
  input: number,
  before: number,
  after: number,
  kernel: number,
  stride: number,
  dilation: number,
): number {
  const reach = reachOf(kernel, dilation);
  const windows = windowsAlong('valid', input, before, after, reach, stride);
  if (windows !== null) return windows.count;
  const dilated = dilation === 1 ? '' : ` (${reach} with dilation ${dilation})`;
  const expected = `at most ${before + input + after} (the padded input's ${axis})`;
  throw new NnpackError('invalid-kernel-size', `${who}: kernel ${axis} is ${kernel}${dilated}, expected ${expected}`);
}
