/** What a verification consists of: each algorithm on each kernel table, with cases for about equal times. */
import type { AlgorithmName } from '../../algorithms/algorithm.ts';
import type { KernelTableName } from '../../kernels/table.ts';
import { fail } from '../arguments.ts';

export interface Job {
  readonly algorithm: AlgorithmName;
  readonly kernels: KernelTableName;
  readonly cases: number;
}

/**
 * The part of the cases that a row gets, where a case takes longer than the 8 ms of most: a transform of reference kernels
 * is a sum over its definition, T³ terms and more for a tile.
 */
const TYPED_ARRAYS: Partial<Record<AlgorithmName, number>> = { ft64x64: 1 / 2, ft128x128: 1 / 4, ft256x256: 1 / 16 };

const SHARES: Record<KernelTableName, Partial<Record<AlgorithmName, number>>> = {
  scalar: TYPED_ARRAYS,
  simd: TYPED_ARRAYS,
  'simd-relaxed': TYPED_ARRAYS,
  reference: {
    wt8x8: 1 / 3,
    wt6x6: 1 / 2,
    'wt8x8-strided': 1 / 4,
    'wt6x6-strided': 1 / 3,
    wt9x9: 1 / 3,
    wt10x10: 1 / 3,
    ft8x8: 1 / 10,
    ft16x16: 1 / 10,
    ft32x32: 1 / 20,
    ft64x64: 1 / 150,
    ft128x128: 1 / 2_000,
    ft256x256: 1 / 30_000,
    'implicit-gemm': 1 / 2,
  },
};

/** What is asked for; `cases` are those of a row of the usual speed. */
export interface Request {
  readonly algorithms: readonly AlgorithmName[];
  readonly kernels: readonly KernelTableName[];
  readonly cases: number;
}

/**
 * @returns the rows, a kernel table after the other, and those that so few cases leave no time for
 * @throws NnpackError 'invalid-argument' if there is none
 */
export function jobsOf({ algorithms, kernels: tables, cases }: Request): { jobs: Job[]; leftOut: Job[] } {
  const share = ({ algorithm, kernels }: Omit<Job, 'cases'>) => SHARES[kernels][algorithm] ?? 1;
  const all = tables
    .flatMap((kernels) => algorithms.map((algorithm) => ({ algorithm, kernels })))
    .map((row) => ({ ...row, cases: Math.round(cases * share(row)) }));
  const jobs = all.filter((job) => job.cases > 0);
  if (jobs.length === 0) {
    const fastest = all.reduce((best, row) => (share(row) > share(best) ? row : best));
    const row = `${fastest.algorithm} with ${fastest.kernels} kernels, where one takes long`;
    fail(`--cases expected at least ${Math.ceil(0.5 / share(fastest))} for ${row}, got ${cases}`);
  }
  return { jobs, leftOut: all.filter((job) => job.cases === 0) };
}
