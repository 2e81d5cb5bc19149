/** Dot products by the emitted kernels of dots.ts and half-dots.ts; the scalar ones do sums that are not finite. */
import type { DotsKernels } from '../table.ts';
import type { emitDots } from './dots.ts';
import type { Load } from './exports.ts';
import type { emitHalfDots } from './half-dots.ts';

export function simdDots(
  load: Load<typeof emitDots>,
  loadHalf: Load<typeof emitHalfDots>,
  scratch: number,
  scalar: DotsKernels,
): DotsKernels {
  return {
    dots(rows, n, w, ldw, x, y) {
      const isForScalar = load().dots__simd(rows, n, w << 2, ldw << 2, x << 2, y << 2, scratch);
      if (isForScalar !== 0) scalar.dots(rows, n, w, ldw, x, y);
    },
    dotsHalf(rows, n, w, ldw, x, y, alternative) {
      const exports = loadHalf();
      const kernel = alternative === 0 ? exports.dots_binary16__simd : exports.dots_alternative__simd;
      const isForScalar = kernel(rows, n, w << 1, ldw << 1, x << 2, y << 2, scratch);
      if (isForScalar !== 0) scalar.dotsHalf(rows, n, w, ldw, x, y, alternative);
    },
    dotsHalfPanels(rows, n, w, x, y, alternative) {
      const exports = loadHalf();
      const kernel = alternative === 0 ? exports.dots_binary16_panels__simd : exports.dots_alternative_panels__simd;
      const isForScalar = kernel(rows, n, w << 1, x << 2, y << 2, scratch);
      if (isForScalar !== 0) scalar.dotsHalfPanels(rows, n, w, x, y, alternative);
    },
  };
}
