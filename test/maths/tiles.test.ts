/** The rows that everything about a tile derives from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { kernelNumbers } from '../../src/kernels/numbers.ts';
import { KERNEL_TABLES } from '../../src/kernels/table.ts';
import { TILE_NAMES, TILES, WINOGRAD_TILES } from '../../src/maths/tiles.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';

describe.each(TILES.map((tile) => [tile.name, tile] as const))('%s', (name, tile) => {
  it('has a name of its own, that says its family and edge', () => {
    expect(TILE_NAMES.filter((one) => one === name)).toHaveLength(1);
    expect(name).toBe(`${tile.family === 'winograd' ? 'wt' : 'ft'}${tile.edge}x${tile.edge}`);
  });

  it('serves kernels that fit, in ascending order', () => {
    const sizes: readonly number[] = tile.kernelSizes;
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
    expect(sizes[0]).toBeGreaterThanOrEqual(1);
    expect(sizes.at(-1)).toBeLessThanOrEqual(tile.edge);
  });

  it('is of the accuracy class that its bound says: beyond that of wt8x8 it is relaxed', () => {
    const [least] = tile.kernelSizes;
    const r = Math.max(least, 3);
    const shape = convolutionShape('test', [1, 64, 300, 300], [8, 64, r, r], {});
    for (const table of KERNEL_TABLES.filter((one) => !one.startsWith('simd'))) {
      const model = { kernels: kernelNumbers(table), pool: { threadsCount: 1 } };
      const [own, most] = [name, 'wt8x8' as const].map(
        (one) => algorithmNamed(one).errorBound(shape, 'forward', model).constant,
      );
      expect(own > most ? 'relaxed' : 'default').toBe(tile.accuracy);
    }
  });

  it('has measured times in every table', () => {
    for (const table of KERNEL_TABLES) {
      const units = kernelNumbers(table).tileUnits(name);
      expect(units).toHaveLength(3);
      expect(units.every((nanoseconds) => nanoseconds > 0)).toBe(true);
    }
  });
});

describe.each(WINOGRAD_TILES.map((tile) => [tile.name, tile] as const))('the points of %s', (_, tile) => {
  it('are as many as its edge, all different, and the second is positive, 1 if that is one', () => {
    expect(new Set(tile.points).size).toBe(tile.edge);
    expect(tile.points.slice(2)).not.toContain('1');
    expect(tile.points[1]).not.toMatch(/^[-0∞]/);
  });

  it('have ±x side by side', () => {
    const points: readonly string[] = tile.points;
    for (const [at, point] of points.entries()) {
      if (point.startsWith('-')) expect(points[at - 1]).toBe(point.slice(1));
    }
  });
});

it('are named in their rows alone, but for those that NNPACK names', () => {
  const source = join(import.meta.dirname, '..', '..', 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const names = TILES.filter(({ nnpackName }) => nnpackName === null).map(({ name }) => name);
  const found = files.flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    return names.filter((name) => text.includes(name)).map((name) => `${file}: ${name}`);
  });
  expect(found.sort()).toEqual(names.map((name) => `maths/tiles.ts: ${name}`).sort());
});
