/**
 * Pictures of other sizes, plane by plane, and the gradients of that. TensorFlow.js samples in three ways: from the corner
 * (row i lies at i · size / length), with half-pixel centres ((i + ½) · size / length − ½), and with aligned corners. The gradient
 * of an element is the sum of the gradients of all samples that it has a part in, with its part in them.
 */
import type { ResizeBilinearAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { KERNELS, nearestTaps, type Resampled, type TapsAt, weighedTaps } from '../graph/ops/resampling-taps.ts';
import { runResize } from '../layers/resize.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { AnyKernel, Kernel } from './kernel.ts';
import { readTaps, scatterTaps, type Taps2D, tapsTable } from './resize-taps.ts';

type Way = 'nearest' | 'bilinear';

function tapsOf(
  way: Way,
  { alignCorners, halfPixelCenters }: ResizeBilinearAttrs,
  size: number,
  length: number,
): TapsAt {
  const axis: Resampled = { size, length, step: [size, length], region: [0, 1] };
  if (way === 'bilinear') {
    const coordinates = alignCorners ? 'align-corners' : halfPixelCenters ? 'half-pixel' : 'asymmetric';
    return weighedTaps(axis, coordinates, { kernel: KERNELS.linear(), antialias: false, excludeOutside: false });
  }
  if (alignCorners) return nearestTaps(axis, 'align-corners', 'half-up');
  return nearestTaps(axis, halfPixelCenters ? 'pixel-centre' : 'asymmetric', 'floor');
}

function tapsOfPlanes(way: Way, attrs: ResizeBilinearAttrs, shape: readonly number[], size: readonly number[]): Taps2D {
  const rows = tapsTable(tapsOf(way, attrs, shape[1], size[0]), size[0]);
  const columns = tapsTable(tapsOf(way, attrs, shape[2], size[1]), size[1]);
  return { height: shape[1], width: shape[2], rows, columns };
}

/** Whether the layer of the library samples in the same way. */
function isOfLayer(way: Way, { alignCorners, halfPixelCenters }: ResizeBilinearAttrs): boolean {
  return way === 'bilinear' ? alignCorners || halfPixelCenters : !alignCorners && !halfPixelCenters;
}

function resize(name: string, way: Way): Kernel<{ images: TensorInfo }, ResizeBilinearAttrs> {
  return {
    name,
    refuses: (_inputs, { size }) => (sizeOf(size) === 0 ? 'a result without elements' : null),
    run({ inputs: { images }, attrs, room }) {
      const [batch, height, width, channels] = images.shape;
      const x = room.planes(images);
      const [outputHeight, outputWidth] = attrs.size;
      const result = room.resultPlanes([batch, outputHeight, outputWidth, channels]);
      if (isOfLayer(way, attrs)) {
        const sizes = { inputHeight: height, inputWidth: width, outputHeight, outputWidth };
        const bilinear = way === 'bilinear' ? 1 : 0;
        const shape = {
          planes: batch * channels,
          ...sizes,
          bilinear,
          alignCorners: attrs.alignCorners ? 1 : 0,
        } as const;
        runResize(room.context, shape, x, result.at);
      } else {
        const taps = tapsOfPlanes(way, attrs, images.shape, attrs.size);
        readTaps(room.context.arena.f32, taps, batch * channels, x, result.at);
      }
      return room.tensor(result);
    },
  };
}

function gradient(name: string, way: Way): Kernel<{ images: TensorInfo; dy: TensorInfo }, ResizeBilinearAttrs> {
  return {
    name,
    run({ inputs: { images, dy }, attrs, room }) {
      const [batch, , , channels] = images.shape;
      const from = room.planes(dy);
      const result = room.resultPlanes(images.shape);
      const { f32 } = room.context.arena;
      f32.fill(0, result.at, result.at + sizeOf(images.shape));
      const taps = tapsOfPlanes(way, attrs, images.shape, dy.shape.slice(1, 3));
      scatterTaps(f32, taps, batch * channels, from, result.at);
      return room.tensor(result);
    },
  };
}

export const RESIZE: readonly AnyKernel[] = [
  resize('ResizeBilinear', 'bilinear'),
  resize('ResizeNearestNeighbor', 'nearest'),
  gradient('ResizeBilinearGrad', 'bilinear'),
  gradient('ResizeNearestNeighborGrad', 'nearest'),
];
