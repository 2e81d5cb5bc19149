import type { Memory } from '../../tensor/memory.ts';
import type { PoolingKernels } from '../table.ts';

/** Pooling as it is defined: every place of every window that is in the plane is visited. */
export function referencePooling(memory: Memory): PoolingKernels {
  return {
    maxPool(height, width, x, outputHeight, outputWidth, y, poolHeight, poolWidth, ...rest) {
      const [strideHeight, strideWidth, paddingTop, paddingLeft, indices] = rest;
      const { f32, i32 } = memory;
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          let max = Number.NEGATIVE_INFINITY;
          let place = -1;
          const [top, bottom] = inside(i * strideHeight - paddingTop, poolHeight, height);
          const [left, right] = inside(j * strideWidth - paddingLeft, poolWidth, width);
          for (let row = top; row < bottom; row++) {
            for (let column = left; column < right; column++) {
              const value = f32[x + row * width + column];
              // The first of the greatest counts; the first NaN is greater than everything, and stays.
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
          const [top, bottom] = inside(i * strideHeight - paddingTop, poolHeight, height);
          const [left, right] = inside(j * strideWidth - paddingLeft, poolWidth, width);
          for (let row = top; row < bottom; row++) {
            for (let column = left; column < right; column++) {
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

/** The elements from … to of a line of `length` that the window from `start` on holds. */
function inside(start: number, pool: number, length: number): readonly [from: number, to: number] {
  return [Math.max(start, 0), Math.min(start + pool, length)];
}
