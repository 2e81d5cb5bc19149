import type { PointwiseKernels } from '../kernels/table.ts';

/** Applies y = clamp(y < 0 ? y · slope : y, low, high) to n contiguous outputs, while they are in the cache. */
export function activate(
  kernels: PointwiseKernels,
  n: number,
  y: number,
  slope: number,
  low: number,
  high: number,
): void {
  if (slope !== 1) kernels.leakyRelu(n, y, y, slope);
  if (low !== -Infinity || high !== Infinity) kernels.clamp(n, y, y, low, high);
}
