/**
 * Pooling by the emitted kernels of max-pooling.ts and average-pooling.ts. They leave to the scalar ones: places of
 * maxima, planes that hold a NaN, planes of less than four columns, rows that are too wide for the scratch, and windows
 * that reach beyond numbers of 32 bits.
 */
import type { Module } from '../../wasm/index.ts';
import type { PoolingKernels } from '../table.ts';
import { emitAveragePooling } from './average-pooling.ts';
import { type Load, SCRATCH_BYTES } from './exports.ts';
import { emitMaxPooling } from './max-pooling.ts';

/** Rows that windows may reach, so that no sum of a window's first row, its height and a stride leaves 32 bits. */
const MAX_ROWS = 2 ** 29;

export function emitPooling(module: Module) {
  return [...emitMaxPooling(module), ...emitAveragePooling(module)];
}

export function simdPooling(load: Load<typeof emitPooling>, scratch: number, scalar: PoolingKernels): PoolingKernels {
  return {
    maxPool(h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, indices) {
      const reach = reachOf(w, ow, pw, sw, left);
      const isForScalar =
        indices >= 0 ||
        w < 4 ||
        4 * reach > SCRATCH_BYTES ||
        reachOf(h, oh, ph, sh, top) > MAX_ROWS ||
        load().max_pool__simd(h, w, x << 2, oh, ow, y << 2, ph, pw, sh, sw, top, left, scratch, reach) !== 0;
      if (isForScalar) scalar.maxPool(h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, indices);
    },
    averagePool(h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, countPadding) {
      const reach = reachOf(w, ow, pw, sw, left);
      if (oh === 1 && ow === 1 && ph - top >= h && pw - left >= w) {
        // One window holds the whole plane.
        load().average_run__simd(h * w, x << 2, y << 2, countPadding === 0 ? h * w : ph * pw);
      } else if (w < 4 || 8 * (reach + ow + 4) > SCRATCH_BYTES || reachOf(h, oh, ph, sh, top) > MAX_ROWS) {
        scalar.averagePool(h, w, x, oh, ow, y, ph, pw, sh, sw, top, left, countPadding);
      } else {
        load().average_pool__simd(
          h,
          w,
          x << 2,
          oh,
          ow,
          y << 2,
          ph,
          pw,
          sh,
          sw,
          top,
          left,
          scratch,
          reach,
          countPadding,
        );
      }
    },
  };
}

/** Columns, or rows, of the padded plane that windows reach; four are read at a time, though there may be fewer. */
function reachOf(width: number, outputs: number, pool: number, stride: number, padding: number): number {
  return Math.max(padding + width, Math.max(outputs - 1, 3) * stride + pool);
}
