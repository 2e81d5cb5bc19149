/**
 * One suite for every algorithm × kernel table × number of threads: equal to the naive sum in double within the derived
 * bound, and the same bits for any number of threads.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { type Context, createContext } from '../../src/index.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
import { TILES } from '../../src/maths/tiles.ts';
import { convolveHere } from '../../src/testing/check.ts';
import {
  checkConvolution,
  convolutionData,
  convolutionProblem,
  errorBound,
  expectWithin,
  outputShapeOf,
  shapeOf,
} from '../../src/testing/index.ts';
import { runs } from '../support/runs.ts';
import { EMITTED } from '../support/tables.ts';

const THREADS = [1, 2, 3];
const contexts = new Map<KernelTableName, Context[]>();
/** Contexts of large memories. The next context would fill what one leaves with zeros, 2 GiB of them: none ends before the others. */
const far = new Map<KernelTableName, Context[]>();
const counts: string[] = [];

beforeAll(async () => {
  for (const kernels of [...FAST, 'reference'] as const) {
    contexts.set(kernels, await Promise.all(THREADS.map((threads) => createContext({ kernels, threads }))));
  }
});

afterAll(() => {
  for (const context of [...contexts.values(), ...far.values()].flat()) context.dispose();
  console.log(`eligible cases of each algorithm and table, each on 1, 2 and 3 threads:\n${counts.join('\n')}`);
});

/** Tables that serve users; the emitted ones where the engine runs them. */
const FAST = ['scalar', ...EMITTED] as const;

/** T of the tile T × T that an algorithm works on; 0 for those without. */
function edgeOf(algorithm: AlgorithmName): number {
  return TILES.find(({ name }) => algorithm === name || algorithm === `${name}-strided`)?.edge ?? 0;
}

/** Tables whose transforms differ: those of the large tiles and the naive sum are the same on all fast ones. */
function tablesOf(algorithm: AlgorithmName): readonly KernelTableName[] {
  const isOne = edgeOf(algorithm) > 16 || algorithm === 'reference';
  return isOne ? ['scalar'] : [...FAST, 'reference'];
}

/** Eligible cases; naive transforms take T⁴ operations a tile. */
function casesOf(algorithm: AlgorithmName, table: KernelTableName): number {
  const edge = edgeOf(algorithm);
  if (table !== 'reference') return 200;
  return edge === 0 ? 40 : Math.min(40, Math.ceil(1500 / edge ** 2));
}

/** Eligible cases of each algorithm, and all that are refused on the way. */
const CASES: readonly (readonly [AlgorithmName, KernelTableName, number])[] = ALGORITHM_NAMES.flatMap((algorithm) =>
  tablesOf(algorithm).map((table) => [algorithm, table, casesOf(algorithm, table)] as const),
);

describe.each(CASES)('%s with %s kernels', (algorithm, kernels, usual) => {
  it('equals the naive sum within its bound, on any number of threads', () => {
    let eligible = 0;
    let ineligible = 0;
    let greatest = 0;
    fc.assert(
      fc.property(convolutionProblem({ algorithm }), (problem) => {
        const worst = checkConvolution(problem, algorithm, contexts.get(kernels)!);
        if (worst === null) ineligible++;
        // What is refused, as it should be, does not count as a run.
        fc.pre(worst !== null);
        eligible++;
        greatest = Math.max(greatest, worst.ratio);
      }),
      { numRuns: runs(usual) },
    );
    const error = `greatest error ${(greatest * 100).toFixed(1)} % of the bound`;
    counts.push(`  ${algorithm} / ${kernels}: ${eligible} eligible, ${ineligible} not, ${error}`);
    expect(eligible).toBeGreaterThan(ineligible);
    expect(eligible).toBeGreaterThanOrEqual(runs(usual));
  });
});

describe.each(CASES.filter(([, table]) => table !== 'scalar'))(
  '%s: typed arrays against %s kernels',
  (algorithm, kernels) => {
    it('differ by no more than both may be off', () => {
      const pair = [contexts.get('scalar')![0], contexts.get(kernels)![0]];
      const property = fc.property(convolutionProblem({ algorithm }), (problem) => {
        const shape = shapeOf(problem);
        fc.pre(algorithmNamed(algorithm).supports(shape, 'forward') === null);
        const data = convolutionData(problem);
        const [scalar, emitted] = pair.map((context) => convolveHere(problem, data, algorithm, context));
        const [one, other] = pair.map((context) =>
          errorBound(problem, data, algorithmNamed(algorithm).errorBound(shape, 'forward', context)),
        );
        const allowed = one.map((bound, i) => bound + other[i]);
        expectWithin(emitted, scalar, allowed, outputShapeOf(problem));
      });
      fc.assert(property, { numRuns: runs(40) });
    });
  },
);

describe.each(FAST)('%s kernels in a memory beyond 2 GiB', (kernels) => {
  /** In elements: the first tensors and workspaces lie on both sides of 2 GiB, where addresses get their sign bit. */
  const FIRST = 2 ** 29 - 2048;

  beforeAll(async () => {
    const own: Context[] = [];
    far.set(kernels, own);
    for (const threads of [1, 2]) {
      const context = await createContext({ kernels, threads });
      const { arena } = context;
      const next = arena.allocate(1, 'test');
      arena.release(next);
      expect(arena.reserve(FIRST - next)).toBe(next);
      own.push(context);
    }
  });

  const algorithms = CASES.filter(([, table]) => table === kernels).flatMap(([name, , usual]) =>
    usual >= 200 && !/reference|32|64|128|256/.test(name) ? [name] : [],
  );
  it.each(algorithms)('%s', (algorithm) => {
    fc.assert(
      fc.property(convolutionProblem({ algorithm }), (problem) => {
        const own = far.get(kernels)!;
        for (const { arena } of own) arena.f32.fill(Number.NaN, FIRST, FIRST + 500_000);
        checkConvolution(problem, algorithm, own);
      }),
      { numRuns: runs(15) },
    );
  });
});
