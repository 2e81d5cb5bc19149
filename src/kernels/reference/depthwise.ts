import type { Memory } from '../../tensor/memory.ts';
import type { DepthwiseKernels, DepthwiseNumbers } from '../table.ts';

/** Sums in double, rounded once. */
export const REFERENCE_DEPTHWISE: DepthwiseNumbers = {
  depthwiseUnits: { multiplyAdd: 2, call: 500 },
  depthwiseRoundings: () => 0,
};

/** Convolution of one channel by its definition. */
export function referenceDepthwise(memory: Memory): DepthwiseKernels {
  return {
    padRows(rows, columns, x, height, width, top, left, y) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const [row, column] = [top + i, left + j];
          const isInside = row >= 0 && row < height && column >= 0 && column < width;
          memory.f32[y + i * columns + j] = isInside ? memory.f32[x + row * width + column] : 0;
        }
      }
    },

    depthwise(rows, columns, x, xPitch, w, r, s, strideHeight, strideWidth, dilationHeight, dilationWidth, ...rest) {
      const [bias, y, yPitch, low, high] = rest;
      const { f32 } = memory;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = bias;
          for (let u = 0; u < r; u++) {
            for (let v = 0; v < s; v++) {
              const row = i * strideHeight + u * dilationHeight;
              sum += f32[x + row * xPitch + j * strideWidth + v * dilationWidth] * f32[w + u * s + v];
            }
          }
          f32[y + i * yPitch + j] = Math.min(Math.max(sum, low), high);
        }
      }
    },
  };
}
