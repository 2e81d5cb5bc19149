/**
 * The fast-convolution frame where it has more than one way: tiles or channels side by side, one block of tiles or several,
 * kernels in several panels. Problems of the main suite are mostly too small for that. Each way must have been taken often.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { phasedShape } from '../../src/algorithms/phases.ts';
import { tileLayout } from '../../src/algorithms/tile-layout.ts';
import { type Context, createContext } from '../../src/index.ts';
import { STRIDED_TILES, TILES } from '../../src/maths/tiles.ts';
import { checkConvolution, convolutionProblem, type Problem, shapeOf } from '../../src/testing/index.ts';
import { runs } from '../support/runs.ts';
import { EMITTED } from '../support/tables.ts';

const TABLES = ['scalar', ...EMITTED] as const;

/** The larger tiles are in no emitted table, and slow. */
const ALGORITHMS = [
  ...TILES.filter(({ edge }) => edge <= 16).map(({ name }) => [name, name] as const),
  ...STRIDED_TILES.map(({ name }) => [`${name}-strided`, name] as const),
];

/** Enough channels for a cache line of them, and a rest; enough tiles for several blocks. */
function problems(algorithm: AlgorithmName): fc.Arbitrary<Problem> {
  return convolutionProblem({ algorithm, imageSize: 32, batch: 3, groups: 2, channels: 13 }).map((problem) => {
    const { groups, inputShape, kernelShape } = problem;
    const [n, c, h, w] = inputShape;
    const [k, , r, s] = kernelShape;
    const few = 15;
    return {
      ...problem,
      inputShape: [n, c + groups * few, h, w],
      kernelShape: [k + groups * few, c / groups + few, r, s],
    };
  });
}

describe.each(TABLES)('%s kernels', (table) => {
  const contexts: Context[] = [];

  beforeAll(async () => {
    for (const threads of [1, 2]) {
      const context = await createContext({ kernels: table, threads });
      // Blocks of the fewest tiles there are.
      Object.assign(context.kernels, { blockFloats: 1 });
      contexts.push(context);
    }
  });

  afterAll(() => {
    for (const context of contexts) context.dispose();
  });

  const seen = { tiles: 0, channels: 0, blocks: 0, panels: 0 };

  it.each(ALGORITHMS)('%s is right in either order, block by block', (algorithm, tile) => {
    const property = fc.property(problems(algorithm), (problem) => {
      if (checkConvolution(problem, algorithm, contexts) === null) return;
      const shape = phasedShape(shapeOf(problem));
      const { order, rows, blockRows, panel } = tileLayout(shape, tile, contexts[0]);
      seen[order]++;
      if (blockRows < rows) seen.blocks++;
      if (panel > 0 && (shape.outputChannels / shape.groups) % panel !== 0) seen.panels++;
    });
    fc.assert(property, { numRuns: runs(30) });
  });

  it('went each way often', () => {
    console.log(`${table}: ${JSON.stringify(seen)}`);
    expect(Math.min(seen.tiles, seen.channels)).toBeGreaterThanOrEqual(40);
    expect(seen.blocks).toBeGreaterThanOrEqual(8);
    // Typed arrays have wider panels than there are channels here.
    if (table !== 'scalar') expect(seen.panels).toBeGreaterThanOrEqual(40);
  });
});
