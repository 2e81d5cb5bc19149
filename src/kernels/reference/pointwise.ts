import type { Memory } from '../../tensor/memory.ts';
import type { PointwiseKernels } from '../table.ts';

/** The passes over runs of elements, each as its formula in `table.ts` says, in double and rounded once. */
export function referencePointwise(memory: Memory): PointwiseKernels {
  return {
    fill(n, y, value) {
      for (let i = 0; i < n; i++) memory.f32[y + i] = value;
    },

    copyRows(rows, columns, x, xPitch, xStep, y, yPitch) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) memory.f32[y + i * yPitch + j] = memory.f32[x + i * xPitch + j * xStep];
      }
    },

    clampRows(rows, columns, x, xPitch, y, yPitch, yStep, slope, low, high) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const value = memory.f32[x + i * xPitch + j];
          const v = value < 0 ? value * slope : value;
          memory.f32[y + i * yPitch + j * yStep] = Math.min(Math.max(v, low), high);
        }
      }
    },

    clamp(n, x, y, low, high) {
      for (let i = 0; i < n; i++) {
        // Math.max and Math.min keep NaN.
        memory.f32[y + i] = Math.min(Math.max(memory.f32[x + i], low), high);
      }
    },

    leakyRelu(n, x, y, slope) {
      for (let i = 0; i < n; i++) {
        const value = memory.f32[x + i];
        memory.f32[y + i] = value < 0 ? value * slope : value;
      }
    },

    scaleShift(n, x, y, scale, shift) {
      for (let i = 0; i < n; i++) memory.f32[y + i] = memory.f32[x + i] * scale + shift;
    },

    softmax(n, step, x, y) {
      // y = exp(x − max) / Σ exp(x − max)
      const values = Array.from({ length: n }, (_, i) => memory.f32[x + i * step]);
      const max = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const sum = values.reduce((total, value) => total + Math.exp(value - max), 0);
      for (let i = 0; i < n; i++) memory.f32[y + i * step] = Math.exp(values[i] - max) / sum;
    },

    localResponse(channels, pixels, pitch, x, y, size, alpha, beta, bias) {
      // x and y are (channels, pixels); an even window has its odd channel after the centre
      for (let c = 0; c < channels; c++) {
        for (let p = 0; p < pixels; p++) {
          let squares = 0;
          const [first, last] = [c - Math.floor((size - 1) / 2), c + Math.floor(size / 2)];
          for (let k = Math.max(first, 0); k <= Math.min(last, channels - 1); k++) {
            squares += memory.f32[x + k * pitch + p] ** 2;
          }
          const value = memory.f32[x + c * pitch + p];
          memory.f32[y + c * pitch + p] = value * (bias + (alpha / size) * squares) ** -beta;
        }
      }
    },
  };
}
