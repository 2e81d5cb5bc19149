/**
 * The gradients of a convolution of pictures, by its definition:
 *
 *     of its input, at stride 1     a convolution of dy with the kernels turned by half a turn, K and C exchanged
 *     of its input, at others       a matrix product, each element of which is added where its tap has read
 *     of its filter                 for each tap a product of what it has read with dy, over all windows
 */
import type { Conv2DBackpropFilterAttrs, Conv2DBackpropInputAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { emptyProfile, IDENTITY } from '../algorithms/algorithm.ts';
import { transposedConvolution } from '../graph/ops/transposed-convolution.ts';
import { fullyConnectedProgram } from '../layers/fully-connected-program.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { type CheckedTensor, copyIn } from '../tensor/tensor.ts';
import { type Picture, pictureOf, refusesPicture } from './convolution.ts';
import { convolve, type Problem } from './convolution-kernels.ts';
import type { AnyKernel, Kernel } from './kernel.ts';
import type { Room } from './room.ts';

interface InputGradient {
  readonly dy: TensorInfo;
  readonly filter: TensorInfo;
}

const inputGradient: Kernel<InputGradient, Conv2DBackpropInputAttrs> = {
  name: 'Conv2DBackpropInput',
  refuses: ({ dy, filter }, attrs) =>
    refusesGradient('Conv2DBackpropInput', dy, pictureOf(attrs.inputShape, filter.shape, attrs, false)),
  run({ inputs: { dy, filter }, attrs, room, tell }) {
    const picture = pictureOf(attrs.inputShape, filter.shape, attrs, false);
    const { isChannelsLast } = picture;
    const gradient = isChannelsLast ? room.planes(dy) : room.flat(dy);
    const result = isChannelsLast ? room.resultPlanes(attrs.inputShape) : room.result(attrs.inputShape, null);
    const problem = turnedProblem(picture);
    const kernel = () => turnedKernel(room, filter);
    const places = [gradient, 0, result.at] as const;
    if (problem === null) asProducts(room, picture, filter, gradient, result.at);
    else tell(convolve(room, 'Conv2DBackpropInput', problem, IDENTITY, filter, kernel, places));
    return room.tensor(result);
  },
};

/** TensorFlow.js also takes a dy of other sizes than the output has, and reads as much of it as there are outputs. */
function refusesGradient(who: string, dy: TensorInfo, picture: Picture): string | null {
  const isWhole = String(dy.shape) === String(picture.outShape);
  return isWhole ? refusesPicture(who, picture) : 'a gradient of other sizes than the output';
}

/** The same windows the other way round, one for each element of the input; null where that is no convolution of ours. */
function turnedProblem({ key, input, kernel, padding, stride, outHeight, outWidth }: Picture): Problem | null {
  const [outputs, channels, height, width] = kernel;
  const [top, left] = [height - 1 - padding.top, width - 1 - padding.left];
  const [bottom, right] = [input[2] + padding.top - outHeight, input[3] + padding.left - outWidth];
  if (stride.height !== 1 || stride.width !== 1 || Math.min(top, left, bottom, right) < 0) return null;
  const one = { height: 1, width: 1 };
  return {
    key,
    input: [input[0], outputs, outHeight, outWidth],
    kernel: [channels, outputs, height, width],
    padding: { top, right, bottom, left },
    ...{ stride: one, dilation: one, groups: 1 },
  };
}

/** R S C K as C K R S, the taps from the last to the first. */
function turnedKernel(room: Room, filter: TensorInfo): CheckedTensor {
  const [height, width, channels, outputs] = filter.shape;
  const { data, offset } = room.view(filter);
  const tap = channels * outputs;
  const stride = [outputs, 1, -width * tap, -tap];
  return { data, shape: [channels, outputs, height, width], stride, offset: offset + (height * width - 1) * tap };
}

function asProducts(room: Room, picture: Picture, filter: TensorInfo, dy: number, dx: number): void {
  const { input, kernel, padding, stride, outHeight, outWidth } = picture;
  const [outputs, channels, height, width] = kernel;
  const w = room.allocate(sizeOf(kernel));
  const { data, offset } = room.view(filter);
  const tap = channels * outputs;
  const { f32 } = room.context.arena;
  copyIn({ data, shape: kernel, stride: [1, outputs, width * tap, tap], offset }, f32, w);
  const before = [padding.top, padding.left];
  // What is left over: elements that no window has read, or zeros that the last windows have.
  const rest = [
    input[2] + padding.top - ((outHeight - 1) * stride.height + height),
    input[3] + padding.left - ((outWidth - 1) * stride.width + width),
  ];
  const attributes = {
    stride: [stride.height, stride.width],
    padding: { before, after: rest.map((size) => Math.max(0, -size)) },
    outputPadding: rest.map((size) => Math.max(0, size)),
  };
  const gradient = { at: dy, shape: [input[0], outputs, outHeight, outWidth] };
  room.operate('Conv2DBackpropInput', transposedConvolution, attributes, [gradient, { at: w, shape: kernel }], {
    at: dx,
    shape: input,
  });
}

const filterGradient: Kernel<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs> = {
  name: 'Conv2DBackpropFilter',
  refuses: ({ x, dy }, attrs) =>
    refusesGradient('Conv2DBackpropFilter', dy, pictureOf(x.shape, attrs.filterShape, attrs, false)),
  run({ inputs: { x, dy }, attrs, room }) {
    const picture = pictureOf(x.shape, attrs.filterShape, attrs, false);
    const from = picture.isChannelsLast ? room.planes(x) : room.flat(x);
    const gradient = picture.isChannelsLast ? room.planes(dy) : room.flat(dy);
    const result = room.result(attrs.filterShape, null);
    addTaps(room, picture, from, gradient, result.at);
    return room.tensor(result);
  },
};

/** For each tap: dw[tap][c, k] = Σ over pictures and windows of x[c, what the tap reads] · dy[k, window]. */
function addTaps(room: Room, picture: Picture, x: number, dy: number, dw: number): void {
  const { input, kernel, outHeight, outWidth } = picture;
  const [batch] = input;
  const [outputs, channels, height, width] = kernel;
  const windows = outHeight * outWidth;
  const all = batch * windows;
  const shape = { batch: channels, inputChannels: all, outputChannels: outputs, format: 'float32' } as const;
  const program = fullyConnectedProgram(shape, room.context, IDENTITY);
  const [read, gradients] = [room.allocate(channels * all), room.allocate(outputs * all)];
  const workspace = room.backend.workspace(program.workspaceFloats);
  const { f32 } = room.context.arena;
  // N K windows → K N windows
  const turned = { data: f32, shape: [outputs, batch, windows], stride: [windows, outputs * windows, 1], offset: dy };
  copyIn(turned, f32, gradients);
  for (let r = 0; r < height; r++) {
    for (let s = 0; s < width; s++) {
      readTap(f32, picture, r, s, x, read);
      const to = dw + (r * width + s) * channels * outputs;
      program.run(read, gradients, 0, to, workspace, emptyProfile());
    }
  }
}

/** What a tap reads of x, C N windows; 0 in the padding. */
function readTap(f32: Float32Array, picture: Picture, r: number, s: number, x: number, read: number): void {
  const { input, padding, stride, outHeight, outWidth } = picture;
  const [batch, channels, height, width] = input;
  for (let c = 0; c < channels; c++) {
    for (let n = 0; n < batch; n++) {
      const plane = x + (n * channels + c) * height * width;
      for (let i = 0; i < outHeight; i++) {
        const row = i * stride.height + r - padding.top;
        const to = read + ((c * batch + n) * outHeight + i) * outWidth;
        if (row < 0 || row >= height) {
          f32.fill(0, to, to + outWidth);
          continue;
        }
        const at = plane + row * width;
        for (let j = 0, column = s - padding.left; j < outWidth; j++, column += stride.width) {
          f32[to + j] = column >= 0 && column < width ? f32[at + column] : 0;
        }
      }
    }
  }
}

export const CONVOLUTION_GRADIENTS: readonly AnyKernel[] = [inputGradient, filterGradient];
