import type { Memory } from '../../tensor/memory.ts';
import type { PoolingKernels } from '../table.ts';

/** Pooling as it is defined: every place of every window is visited, and left out when it is not in the plane. */
export function referencePooling(memory: Memory): PoolingKernels {
  return {
    maxPool(height, width, x, outputHeight, outputWidth, y, poolHeight, poolWidth, ...rest) {
      const [strideHeight, strideWidth, paddingTop, paddingLeft, indices] = rest;
      const { f32, i32 } = memory;
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          let max = Number.NEGATIVE_INFINITY;
          let place = -1;
          for (let r = 0; r < poolHeight; r++) {
            for (let s = 0; s < poolWidth; s++) {
              const row = i * strideHeight - paddingTop + r;
              const column = j * strideWidth - paddingLeft + s;
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              const value = f32[x + row * width + column];
              // The first of the greatest; the first NaN is greater than everything, and final.
              if (place >= 0 && (Number.isNaN(max) || value <= max)) continue;
              max = value;
              place = row * width + column;
            }
          }
          f32[y + i * outputWidth + j] = max;
          if (indices >= 0) i32[indices + i * outputWidth + j] = place;
        }
      }
    },

    averagePool(height, width, x, outputHeight, outputWidth, y, poolHeight, poolWidth, ...rest) {
      const [strideHeight, strideWidth, paddingTop, paddingLeft, countPadding] = rest;
      const { f32 } = memory;
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          let sum = 0;
          let count = 0;
          for (let r = 0; r < poolHeight; r++) {
            for (let s = 0; s < poolWidth; s++) {
              const row = i * strideHeight - paddingTop + r;
              const column = j * strideWidth - paddingLeft + s;
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              sum += f32[x + row * width + column];
              count++;
            }
          }
          const divisor = countPadding === 0 ? count : poolHeight * poolWidth;
          f32[y + i * outputWidth + j] = count === 0 ? 0 : sum / divisor;
        }
      }
    },
  };
}
