/**
 * One suite for every algorithm × kernel table × number of threads: equal to the naive sum in double within the derived
 * bound, and the same bits for any number of threads.
 */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../src/algorithms/list.ts';
import { type Context, convolutionOutput, createContext } from '../src/index.ts';
import type { KernelTableName } from '../src/kernels/table.ts';
import { sizeOf } from '../src/tensor/ndarray.ts';
import { errorScale, naiveActivation, naiveConvolution, worstError } from './support/naive.ts';
import { ACTIVATIONS, type Problem, problemFor, random, runs, shapeOf, uniform } from './support/problems.ts';

const EPSILON = 2 ** -24;
const THREADS = [1, 2, 3];
const contexts = new Map<string, Context>();
const counts: string[] = [];

beforeAll(async () => {
  for (const kernels of ['scalar', 'reference'] as const) {
    for (const threads of THREADS) contexts.set(`${kernels} ${threads}`, await createContext({ kernels, threads }));
  }
});

afterAll(() => {
  for (const context of contexts.values()) context.dispose();
  console.log(`eligible cases of each algorithm and table, each on 1, 2 and 3 threads:\n${counts.join('\n')}`);
});

/** Cases of each algorithm: at least 200 eligible ones over both tables; the largest tiles are slow to check. */
const CASES: readonly (readonly [AlgorithmName, KernelTableName, number])[] = [
  ['direct', 'scalar', 225],
  ['direct', 'reference', 30],
  ['wt8x8', 'scalar', 235],
  ['wt8x8', 'reference', 30],
  ['wt6x6', 'scalar', 235],
  ['wt6x6', 'reference', 30],
  ['ft8x8', 'scalar', 225],
  ['ft8x8', 'reference', 20],
  ['ft16x16', 'scalar', 225],
  ['ft16x16', 'reference', 5],
  ['ft32x32', 'scalar', 210],
  ['ft64x64', 'scalar', 210],
  ['ft128x128', 'scalar', 210],
  ['ft256x256', 'scalar', 210],
  ['implicit-gemm', 'scalar', 260],
  ['implicit-gemm', 'reference', 40],
  ['reference', 'scalar', 210],
];

describe.each(CASES)('%s with %s kernels', (name, table, usual) => {
  const algorithm = algorithmNamed(name);

  it('equals the naive sum within its bound, on any number of threads', () => {
    let eligible = 0;
    let ineligible = 0;
    let nearest = 0;
    fc.assert(
      fc.property(problemFor(name), (problem) => {
        const shape = shapeOf(problem);
        if (algorithm.supports(shape) !== null) {
          ineligible++;
          return;
        }
        eligible++;
        const next = uniform(problem.seed);
        const x = random(sizeOf(problem.inputShape), next);
        const w = random(sizeOf(problem.kernelShape), next);
        const b = problem.hasBias ? random(shape.outputChannels, next) : null;
        const [slope, low, high] = ACTIVATIONS[problem.activation].numbers;
        const expected = naiveActivation(naiveConvolution(shape, x, w, b), slope, low, high);
        const results = THREADS.map((threads) => {
          const context = contexts.get(`${table} ${threads}`)!;
          poison(context);
          return convolve(problem, name, context, x, w, b, expected.length);
        });
        const bound = algorithm.errorBound(shape, contexts.get(`${table} 1`)!);
        const scale = errorScale(shape, x, w, b, bound.reachHeight, bound.reachWidth);
        const worst = worstError(results[0], expected, (i) => bound.constant * EPSILON * scale[i]);
        nearest = Math.max(nearest, worst.ratio);
        expect(worst.ratio, worst.text).toBeLessThanOrEqual(1);
        for (const result of results) expect(Buffer.compare(bytes(result), bytes(results[0]))).toBe(0);
      }),
      { numRuns: runs(usual) },
    );
    counts.push(
      `  ${name} / ${table}: ${eligible} eligible, ${ineligible} not, greatest error ${(nearest * 100).toFixed(1)} % of the bound`,
    );
    expect(eligible).toBeGreaterThan(ineligible);
    if (table === 'scalar' && usual >= 200) expect(eligible).toBeGreaterThanOrEqual(200);
  });
});

function convolve(
  problem: Problem,
  algorithm: AlgorithmName,
  context: Context,
  x: Float32Array,
  w: Float32Array,
  b: Float32Array | null,
  size: number,
): Float32Array {
  const shape = shapeOf(problem);
  const data = new Float32Array(size).fill(Number.NaN);
  convolutionOutput({
    ...problem,
    algorithm,
    accuracy: 'relaxed',
    context,
    input: ndarray(x, [...problem.inputShape]),
    kernel: ndarray(w, [...problem.kernelShape]),
    ...(b === null ? {} : { bias: ndarray(b, [b.length]) }),
    activation: ACTIVATIONS[problem.activation].option,
    output: ndarray(data, [shape.batch, shape.outputChannels, shape.outputHeight, shape.outputWidth]),
  });
  return data;
}

/** Everything free in the arena becomes NaN, so that a workspace that is read before it is written shows. */
function poison(context: Context): void {
  const end = Math.min(context.arena.f32.length, 1_000_000);
  context.arena.f32.fill(Number.NaN, 16, end);
}

function bytes(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
