/** Float32 roundings of the kernels in which tables differ: typed arrays and the reference compute in double, and round once. */
import { localResponseRoundings } from '../../src/kernels/simd/local-response.ts';
import { SCALE_SHIFT_ROUNDINGS } from '../../src/kernels/simd/pointwise.ts';
import type { KernelTable } from '../../src/kernels/table.ts';

interface TableRoundings {
  /** Of x · scale + shift: the last is of the sum, one before it of the product. */
  readonly scaleShift: number;
  localResponse(size: number, beta: number): number;
}

export function roundingsOf(kernels: KernelTable): TableRoundings {
  if (!isEmitted(kernels)) return { scaleShift: 1, localResponse: () => 1 };
  return { scaleShift: SCALE_SHIFT_ROUNDINGS, localResponse: localResponseRoundings };
}

export function isEmitted({ name }: KernelTable): boolean {
  return name.startsWith('simd');
}
