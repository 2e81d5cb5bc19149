/**
 * One suite for every algorithm × kernel table × number of threads: equal to the naive sum in double within the derived
 * bound, and the same bits for any number of threads.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import { type Context, createContext } from '../src/index.ts';
import { refuseSimd } from '../src/kernels/simd/engine.ts';
import type { KernelTableName } from '../src/kernels/table.ts';
import { checkConvolution, convolutionProblem } from '../src/testing/index.ts';
import { runs } from './support/runs.ts';

const THREADS = [1, 2, 3];
const contexts = new Map<KernelTableName, Context[]>();
const counts: string[] = [];

beforeAll(async () => {
  for (const kernels of [...FAST, 'reference'] as const) {
    contexts.set(kernels, await Promise.all(THREADS.map((threads) => createContext({ kernels, threads }))));
  }
});

afterAll(() => {
  for (const context of [...contexts.values()].flat()) context.dispose();
  console.log(`eligible cases of each algorithm and table, each on 1, 2 and 3 threads:\n${counts.join('\n')}`);
});

/** Tables that serve users; the emitted ones where the engine runs them. */
const FAST = (['scalar', 'simd', 'simd-relaxed'] as const).filter((name) => {
  const refusal = name === 'scalar' ? null : refuseSimd(name);
  if (refusal !== null) console.log(`${name}: not tried, because ${refusal}`);
  return refusal === null;
});

/** Cases of each algorithm: at least 200 eligible ones on each table; naive transforms are slow to check. */
const CASES: readonly (readonly [AlgorithmName, KernelTableName, number])[] = [
  ...FAST.flatMap((table) =>
    (
      [
        ['direct', 225],
        ['wt8x8', 235],
        ['wt6x6', 235],
        ['ft8x8', 225],
        ['ft16x16', 225],
        ['implicit-gemm', 260],
      ] as const
    ).map(([name, cases]) => [name, table, cases] as const),
  ),
  ['ft32x32', 'scalar', 210],
  ['ft64x64', 'scalar', 210],
  ['ft128x128', 'scalar', 210],
  ['ft256x256', 'scalar', 210],
  ['reference', 'scalar', 210],
  ['direct', 'reference', 30],
  ['wt8x8', 'reference', 30],
  ['wt6x6', 'reference', 30],
  ['ft8x8', 'reference', 20],
  ['ft16x16', 'reference', 5],
  ['implicit-gemm', 'reference', 40],
];

describe.each(CASES)('%s with %s kernels', (algorithm, kernels, usual) => {
  it('equals the naive sum within its bound, on any number of threads', () => {
    let eligible = 0;
    let ineligible = 0;
    let greatest = 0;
    fc.assert(
      fc.property(convolutionProblem({ algorithm }), (problem) => {
        const worst = checkConvolution(problem, algorithm, contexts.get(kernels)!);
        if (worst === null) ineligible++;
        else eligible++;
        greatest = Math.max(greatest, worst?.ratio ?? 0);
      }),
      { numRuns: runs(usual) },
    );
    const error = `greatest error ${(greatest * 100).toFixed(1)} % of the bound`;
    counts.push(`  ${algorithm} / ${kernels}: ${eligible} eligible, ${ineligible} not, ${error}`);
    expect(eligible).toBeGreaterThan(ineligible);
    if (usual >= 200) expect(eligible).toBeGreaterThanOrEqual(200);
  });
});
