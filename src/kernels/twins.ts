/**
 * A wide family against its narrow twin, on a small problem: each element sees the same operations in the same order, and so
 * has the same bits. An engine that packs pairs wrongly is found here before anybody's numbers are.
 */
import { TILES, type TileName } from '../maths/tiles.ts';
import type { Memory } from '../tensor/memory.ts';
import { randomArray, uniform } from '../tensor/random.ts';
import type { FamilyName } from './simd/families.ts';
import type { KernelTable } from './table.ts';

/** Floats that a trial reads and writes. */
export const TRIAL_FLOATS = 1 << 16;
/** So many runs, and an engine compiles its final code, which is the code that it packs. */
const RUNS = 300;

/** Runs a family's hot kernels on the operands at `x`, with results from `y` on. */
type Trial = (kernels: KernelTable, memory: Memory, x: number, y: number) => void;

/** A trial for each family that is another one in a wide table. */
const TRIALS: Partial<Record<FamilyName, Trial>> = {
  products(kernels, _memory, x, y) {
    const [m, n, k] = [14, 39, 150];
    kernels.sgemm(m, n, k, x, k, x + m * k, n, y, n, 0);
  },
  // Once with few rows, whose columns are read where they are, and once with enough to pack them.
  indirectProducts(kernels, { i32 }, x, y) {
    const [n, k] = [39, 150];
    let c = y;
    for (const m of [14, 18]) {
      const rows = c + m * n;
      for (let p = 0; p < k; p++) i32[rows + p] = p * n;
      kernels.sgemmIndirect(m, n, k, x, k, rows, x + m * k, c, n);
      c = rows + k;
    }
  },
  ...Object.fromEntries(
    TILES.filter(({ edge }) => edge <= 16).map(({ name, family, edge }) => [`${family}${edge}`, tileTrial(name)]),
  ),
};

/** All three transforms of rows of tiles that lie side by side, and of tiles apart. */
function tileTrial(name: TileName): Trial {
  return (kernels, _memory, x, y) => {
    const [r, count] = [3, 13];
    const tile = kernels.tile(name, r, r);
    const columns = count * tile.outputWidth + tile.width;
    const u = y + tile.positions * count;
    const out = u + tile.positions * count;
    tile.input(count, x, columns, tile.outputWidth, y, 1, count);
    tile.kernel(count, x, r * r, u, 1, count);
    tile.output(count, y, 1, count, out, count * tile.outputWidth, tile.outputWidth);
    const apart = out + tile.outputHeight * tile.outputWidth * count;
    tile.output(count, u, 1, count, apart, tile.outputWidth, tile.outputHeight * tile.outputWidth);
  };
}

/** Whether a wide table has a family of its own, and not its twin's. */
export const isWideFamily = (family: FamilyName): boolean => TRIALS[family] !== undefined;

/** Whether two tables over one memory give the same bits; what lies from `at` on is theirs to write. */
export function givesTheSame(
  family: FamilyName,
  tables: readonly [wide: KernelTable, narrow: KernelTable],
  memory: Memory,
  at: number,
): boolean {
  const trial = TRIALS[family];
  if (trial === undefined) return true;
  const y = at + TRIAL_FLOATS / 2;
  memory.f32.set(randomArray(TRIAL_FLOATS / 2, uniform(1)), at);
  const results = (kernels: KernelTable): Uint32Array => {
    memory.f32.fill(0, y, y + TRIAL_FLOATS / 2);
    trial(kernels, memory, at, y);
    return new Uint32Array(memory.f32.slice(y, y + TRIAL_FLOATS / 2).buffer);
  };
  const expected = results(tables[1]);
  for (let run = 1; run < RUNS; run++) trial(tables[0], memory, at, y);
  const actual = results(tables[0]);
  return actual.every((bits, i) => bits === expected[i]);
}
