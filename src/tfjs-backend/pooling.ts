/**
 * Poolings of pictures N H W C, plane by plane, and their gradients:
 *
 *     maximum    the gradient of an output goes to the first greatest element of its window
 *     average    it goes to the elements of its window that are no padding, in equal parts
 *
 * TensorFlow.js's maxima pass over NaN, where ours give NaN: planes with one are pooled again with −∞ in its place.
 */
import { backend_util, type MaxPoolAttrs, type MeanAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { runAveragePooling, runMaxPooling } from '../layers/pooling.ts';
import { globalPoolingShape, type PoolingShape } from '../layers/pooling-shape.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { type AnyKernel, type Kernel, planesShape, type Shape4 } from './kernel.ts';
import type { Room } from './room.ts';

function poolingOf(
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: MaxPoolAttrs,
): PoolingShape {
  const found = backend_util.computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
  return Object.freeze({
    batch: found.batchSize,
    channels: found.inChannels,
    inputHeight: found.inHeight,
    inputWidth: found.inWidth,
    poolHeight: found.filterHeight,
    poolWidth: found.filterWidth,
    strideHeight: found.strideHeight,
    strideWidth: found.strideWidth,
    paddingTop: found.padInfo.top,
    paddingLeft: found.padInfo.left,
    outputHeight: found.outHeight,
    outputWidth: found.outWidth,
    convention: 'valid',
  });
}

/** As TensorFlow.js has it. */
function outputShape({ batch, outputHeight, outputWidth, channels }: PoolingShape): Shape4 {
  return [batch, outputHeight, outputWidth, channels];
}

/** Maxima that pass over NaN; a window of nothing else has −∞, at its first place that is not padding. */
function runMaxima(room: Room, shape: PoolingShape, x: number, y: number, places = -1): void {
  const { context } = room;
  const { batch, channels, inputHeight, inputWidth } = shape;
  runMaxPooling(context, shape, x, y, places);
  const hasNaN = context.arena.f32.subarray(y, y + sizeOf(outputShape(shape))).some(Number.isNaN);
  if (!hasNaN) return;
  const size = batch * channels * inputHeight * inputWidth;
  const copy = room.allocate(size);
  const { f32 } = context.arena;
  for (let i = 0; i < size; i++) f32[copy + i] = Number.isNaN(f32[x + i]) ? -Infinity : f32[x + i];
  runMaxPooling(context, shape, copy, y, places);
}

type Pool = (room: Room, shape: PoolingShape, x: number, y: number) => void;

function pooling(name: string, pool: Pool): Kernel<{ x: TensorInfo }, MaxPoolAttrs> {
  return {
    name,
    refuses: refusesWindows,
    run({ inputs: { x }, attrs, room }) {
      const shape = poolingOf(x.shape, attrs);
      const from = room.planes(x);
      const result = room.resultPlanes(outputShape(shape));
      pool(room, shape, from, result.at);
      return room.tensor(result);
    },
  };
}

/** A window of padding alone has neither a maximum nor a mean. */
function refusesWindows({ x }: { readonly x: TensorInfo }, attrs: MaxPoolAttrs): string | null {
  const shape = poolingOf(x.shape, attrs);
  if (sizeOf(outputShape(shape)) === 0) return 'a result without elements';
  const isInside = (before: number, count: number, stride: number, pool: number, size: number): boolean =>
    before < pool && (count - 1) * stride - before < size;
  const { paddingTop, outputHeight, strideHeight, poolHeight, inputHeight } = shape;
  const { paddingLeft, outputWidth, strideWidth, poolWidth, inputWidth } = shape;
  const areInside =
    isInside(paddingTop, outputHeight, strideHeight, poolHeight, inputHeight) &&
    isInside(paddingLeft, outputWidth, strideWidth, poolWidth, inputWidth);
  return areInside ? null : 'a window of padding alone';
}

const maxPoolGradient: Kernel<{ dy: TensorInfo; input: TensorInfo }, MaxPoolAttrs> = {
  name: 'MaxPoolGrad',
  refuses: ({ input }, attrs) => refusesWindows({ x: input }, attrs),
  run({ inputs: { dy, input }, attrs, room }) {
    const shape = poolingOf(input.shape, attrs);
    const [from, gradient] = [room.planes(input), room.planes(dy)];
    const count = sizeOf(outputShape(shape));
    const [maxima, places] = [room.allocate(count), room.allocate(count)];
    const result = room.resultPlanes(input.shape);
    runMaxima(room, shape, from, maxima, places);
    const { f32, i32 } = room.context.arena;
    const plane = shape.inputHeight * shape.inputWidth;
    const outputs = shape.outputHeight * shape.outputWidth;
    f32.fill(0, result.at, result.at + sizeOf(input.shape));
    for (let i = 0; i < count; i++) {
      const place = i32[places + i];
      if (place >= 0) f32[result.at + Math.floor(i / outputs) * plane + place] += f32[gradient + i];
    }
    return room.tensor(result);
  },
};

/**
 * Where its padding is told side by side, TensorFlow.js's own test of this gradient divides by the whole window, padding and all,
 * though the average itself does not.
 */
const averagePoolGradient: Kernel<{ dy: TensorInfo; input: TensorInfo }, MaxPoolAttrs> = {
  name: 'AvgPoolGrad',
  refuses: ({ input }, attrs) => refusesWindows({ x: input }, attrs),
  run({ inputs: { dy, input }, attrs, room }) {
    const shape = poolingOf(input.shape, attrs);
    const isWhole = typeof attrs.pad === 'object';
    const gradient = room.planes(dy);
    const result = room.resultPlanes(input.shape);
    const { f32 } = room.context.arena;
    f32.fill(0, result.at, result.at + sizeOf(input.shape));
    const plane = shape.inputHeight * shape.inputWidth;
    const outputs = shape.outputHeight * shape.outputWidth;
    for (let i = 0; i < shape.batch * shape.channels; i++) {
      spreadMeans(f32, shape, isWhole, gradient + i * outputs, result.at + i * plane);
    }
    return room.tensor(result);
  },
};

/** dx[…] += dy / elements of the window, for all windows of a plane. */
function spreadMeans(f32: Float32Array, shape: PoolingShape, isWhole: boolean, dy: number, dx: number): void {
  const { inputHeight, inputWidth, poolHeight, poolWidth, outputHeight, outputWidth } = shape;
  for (let i = 0; i < outputHeight; i++) {
    const first = i * shape.strideHeight - shape.paddingTop;
    const [top, bottom] = [Math.max(first, 0), Math.min(first + poolHeight, inputHeight)];
    for (let j = 0; j < outputWidth; j++) {
      const start = j * shape.strideWidth - shape.paddingLeft;
      const [left, right] = [Math.max(start, 0), Math.min(start + poolWidth, inputWidth)];
      const count = isWhole ? poolHeight * poolWidth : (bottom - top) * (right - left);
      const part = f32[dy + i * outputWidth + j] / count;
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) f32[dx + row * inputWidth + column] += part;
      }
    }
  }
}

/** The mean of each plane: TensorFlow.js's own puts the planes in order first. */
const mean: Kernel<{ x: TensorInfo }, MeanAttrs> = {
  name: 'Mean',
  refuses: ({ x }, { axis }) =>
    x.shape.length === 4 && String(axis) === '1,2' ? null : 'other axes than the height and width of pictures',
  run({ inputs: { x }, attrs: { keepDims }, room }) {
    const [batch, , , channels] = x.shape;
    const from = room.planes(x);
    const result = room.result(keepDims ? [batch, 1, 1, channels] : [batch, channels], null);
    const planes = globalPoolingShape('Mean', planesShape(x.shape));
    runAveragePooling(room.context, planes, from, result.at, false);
    return room.tensor(result);
  },
};

export const POOLING: readonly AnyKernel[] = [
  pooling('MaxPool', runMaxima),
  pooling('AvgPool', ({ context }, shape, x, y) => runAveragePooling(context, shape, x, y, false)),
  maxPoolGradient,
  averagePoolGradient,
  mean,
];
