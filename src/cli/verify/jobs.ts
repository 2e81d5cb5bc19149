/** What a verification consists of: each algorithm on each kernel table, with cases for about equal times. */
import type { AlgorithmName } from '../../algorithms/algorithm.ts';
import type { KernelTableName } from '../../kernels/table.ts';
import type { FourierTileSize } from '../../maths/fourier-layout.ts';
import { TILES } from '../../maths/tiles.ts';
import { fail } from '../arguments.ts';

export interface Job {
  readonly algorithm: AlgorithmName;
  readonly kernels: KernelTableName;
  readonly cases: number;
}

/**
 * One case in so many is run, where it takes longer than the 8 ms of most. A transform of reference kernels is a sum over its
 * definition, T³ terms and more for a tile.
 */
const SPARED: Readonly<Record<'emitted' | 'reference', Readonly<Record<FourierTileSize, number>>>> = {
  emitted: { 8: 1, 16: 1, 32: 1, 64: 2, 128: 4, 256: 16 },
  reference: { 8: 10, 16: 10, 32: 20, 64: 150, 128: 2_000, 256: 30_000 },
};

function spared(algorithm: AlgorithmName, kernels: KernelTableName): number {
  const isReference = kernels === 'reference';
  const tile = TILES.find(({ name }) => name === algorithm || `${name}-strided` === algorithm);
  if (tile === undefined) return isReference && algorithm === 'implicit-gemm' ? 2 : 1;
  if (tile.family === 'fourier') return SPARED[isReference ? 'reference' : 'emitted'][tile.edge];
  if (!isReference) return 1;
  // The phases of a stride are channels of their own.
  return (tile.edge > 6 ? 3 : 2) + (tile.name === algorithm ? 0 : 1);
}

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
  const share = ({ algorithm, kernels }: Omit<Job, 'cases'>) => 1 / spared(algorithm, kernels);
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
