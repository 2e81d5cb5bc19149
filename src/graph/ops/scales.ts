/** Scales and zero points of values that stand for real numbers: one for all, one for each place of an axis, or for blocks. */
import { expectOneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { expectCount } from '../../tensor/convolution-shape.ts';
import type { Shape } from '../compiled.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import { type DoubleTensor, DTYPES, type Dtype, type Size, shapeText } from '../values.ts';
import { linesAlong } from './along.ts';
import { mayEqual } from './inputs.ts';
import type { Given } from './operation.ts';
import { axisAmong, wholeAxis } from './settings.ts';

/** Where the scales of a value belong. */
export interface ScalesAttributes {
  /** Of a value that has one scale for each place, or for each block, of an axis. */
  readonly axis: number;
  /** So many places of the axis share a scale; every place has its own when not told. */
  readonly blockSize?: number;
  /** The type of what is made. */
  readonly to?: Dtype;
}

export const SCALES_FIELDS = { axis: true, blockSize: true, to: true } as const;

export function parseScales(who: string, given: Given): ScalesAttributes {
  const { blockSize, to } = given;
  if (blockSize !== undefined) expectCount(who, 'blockSize', blockSize, 'invalid-argument');
  return {
    axis: wholeAxis(who, 'axis', given.axis),
    blockSize,
    to: parseDtype(who, 'to', to),
  };
}

export function parseDtype(who: string, what: string, dtype: unknown): Dtype | undefined {
  return dtype === undefined ? undefined : expectOneOf(who, what, dtype, DTYPES, 'invalid-tensor-type');
}

type ScalesNode = OpNode<ScalesAttributes>;

/** @throws NnpackError unless the shapes of scales and zero points fit the value's */
export function expectScales(node: ScalesNode, [x, scale, zeroPoint]: InputTypes): void {
  if (!x || !scale) return;
  const expected = expectedScales(node, x.shape);
  for (const type of zeroPoint ? [scale, zeroPoint] : [scale]) {
    if (isOne(type.shape) || fits(type.shape, expected)) continue;
    const text = `scales and zero points of a value ${shapeText(x.shape)} are ${shapeText(type.shape)}`;
    throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}, expected one or ${shapeText(expected)}`);
  }
}

function expectedScales(node: ScalesNode, shape: readonly Size[]): readonly Size[] {
  const { axis, blockSize } = node.attributes;
  // A value of one axis may be told the default, which it does not have.
  const own = shape.length < 2 ? 0 : axisAmong(node, axis, shape.length);
  if (shape.length === 0) return [];
  if (blockSize === undefined) return [shape[own]];
  return shape.map((size, i) => (i === own && typeof size === 'number' ? Math.ceil(size / blockSize) : size));
}

const isOne = (shape: readonly Size[]) => shape.every((size) => size === 1);

function fits(shape: readonly Size[], expected: readonly Size[]): boolean {
  return shape.length === expected.length && shape.every((size, axis) => mayEqual(size, expected[axis]));
}

/** Which scale each element of a value has. */
export function scalePlaces(node: ScalesNode, shape: Shape, scaleShape: Shape): (place: number) => number {
  if (isOne(scaleShape)) return () => 0;
  const { axis, blockSize } = node.attributes;
  const own = shape.length < 2 ? 0 : axisAmong(node, axis, shape.length);
  const { length, inner } = linesAlong(shape, own);
  if (blockSize === undefined) return (place) => Math.floor(place / inner) % length;
  const blocks = scaleShape[own];
  return (place) => {
    const block = Math.floor((Math.floor(place / inner) % length) / blockSize);
    return (Math.floor(place / (inner * length)) * blocks + block) * inner + (place % inner);
  };
}

/** The zero point of each element of a value. */
export function zeroPointsOf(
  node: ScalesNode,
  shape: Shape,
  zeroPoints: DoubleTensor | null | undefined,
): (place: number) => number {
  if (!zeroPoints) return () => 0;
  const placeOf = scalePlaces(node, shape, zeroPoints.shape);
  return (place) => zeroPoints.data[placeOf(place)];
}

/** @throws NnpackError unless the type of an input is one of those that are read */
export function expectType(node: OpNode<unknown>, what: string, dtype: Dtype, isRead: (dtype: Dtype) => boolean): void {
  if (isRead(dtype)) return;
  const text = `${what} is of type ${show(dtype)}, expected one of ${DTYPES.filter(isRead).join(', ')}`;
  throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
}
