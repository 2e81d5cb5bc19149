import type { Memory } from '../../tensor/memory.ts';
import type { ResizeKernels } from '../table.ts';

/** Resizing as it is defined, one output at a time. */
export function referenceResize(memory: Memory): ResizeKernels {
  return {
    resizeNearest(height, width, x, outputHeight, outputWidth, y) {
      const { f32 } = memory;
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          const row = Math.floor((i * height) / outputHeight);
          const column = Math.floor((j * width) / outputWidth);
          f32[y + i * outputWidth + j] = f32[x + row * width + column];
        }
      }
    },

    resizeBilinear(height, width, x, outputHeight, outputWidth, y, alignCorners) {
      const { f32 } = memory;
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          const row = place(i, height, outputHeight, alignCorners);
          const column = place(j, width, outputWidth, alignCorners);
          // The neighbours are the samples above and below, left and right; beyond the last one it is repeated.
          const [top, left] = [Math.floor(row), Math.floor(column)];
          const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
          const [u, v] = [row - top, column - left];
          const above = (1 - v) * f32[x + top * width + left] + v * f32[x + top * width + right];
          const below = (1 - v) * f32[x + bottom * width + left] + v * f32[x + bottom * width + right];
          f32[y + i * outputWidth + j] = (1 - u) * above + u * below;
        }
      }
    },
  };
}

/** Where output i lies between the input's samples 0 … size − 1. */
function place(i: number, size: number, outputSize: number, alignCorners: number): number {
  if (alignCorners !== 0) return outputSize === 1 ? 0 : (i * (size - 1)) / (outputSize - 1);
  const centre = ((i + 0.5) * size) / outputSize - 0.5;
  return Math.min(Math.max(centre, 0), size - 1);
}
