/** The page of the benchmark: every figure in a table, as many marks as data. */
import { describe, expect, it } from 'vitest';
import { benchPage, lookOf } from '../../bench/report/bench-page.ts';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { significant } from '../../src/cli/report/html.ts';
import { ALGORITHMS, bench, LAYERS } from '../support/page-data.ts';
import { cells, drawing, labels, parse } from '../support/pages.ts';

describe('the page of bench', () => {
  it('tells all algorithms apart by their colour and symbol', () => {
    const looks = ALGORITHM_NAMES.map((name) => `${lookOf(name).colour} ${lookOf(name).symbol}`);
    expect(new Set(looks).size).toBe(ALGORITHM_NAMES.length);
  });

  it('has a drawing for each family, each layer and the phases', async () => {
    const document = parse(await benchPage(bench));
    expect(labels(document)).toEqual([
      'GFLOP/s by algorithm over image size: 64→64 3×3',
      'GFLOP/s by algorithm over image size: 32→32 5×5',
      'GFLOP/s by algorithm: 64→64 @224',
      'GFLOP/s by algorithm: 3→64 7×7 s2 @224',
      'scalar kernels, 1 thread: Time by layer and phase, chosen algorithms',
    ]);
    expect(document.querySelector('dl')?.textContent).toMatch(/Settings.*scalar kernels; no SIMD here/);
    const family = drawing(document, labels(document)[0]!);
    expect(family.legend).toEqual(ALGORITHMS);
    expect(family.count('line')).toBe(3);
    expect(family.count('dot')).toBe(2 + 3 + 3);
    const layer = drawing(document, labels(document)[2]!);
    expect(layer.count('bar')).toBe(3);
    expect(layer.texts('y-axis tick label')).toEqual(ALGORITHMS);
    expect(layer.texts('text')).toEqual(['33.3 chosen', '16.6', '11.1']);
    const phases = drawing(document, labels(document)[4]!);
    expect(phases.texts('fy-axis tick label')).toEqual(LAYERS);
    // Three phases take time.
    expect(phases.count('bar')).toBe(3 * LAYERS.length);
    expect(phases.texts('text')).toEqual(['1.30 wt8x8', '2.60 wt8x8']);
  });

  it('has every measured value in a table', async () => {
    const rows = cells(parse(await benchPage(bench)));
    for (const { layer, candidates } of bench.layers) {
      for (const { algorithm, chosen, gflops, milliseconds, phases } of candidates) {
        const figures = [gflops, milliseconds, ...Object.values(phases)].map(significant);
        expect(rows).toContainEqual([layer, algorithm, chosen ? 'chosen' : '', ...figures]);
      }
    }
    for (const { size, points } of bench.sizes) {
      const speeds = points.map(({ gflops }) => significant(gflops));
      expect(rows).toContainEqual([String(size), ...speeds, ...Array(3 - speeds.length).fill('')]);
    }
  });

  it('tells which goals are met', async () => {
    const document = parse(await benchPage(bench));
    expect(cells(document).slice(-5)).toEqual([
      ['what', 'value', 'against', 'ratio', 'goal', 'met'],
      ['fast enough', '12.3 ms', 'one thread', '1.91×', '≥ 1.85×', 'yes'],
      ['too slow', '56.8 ms', 'best', '1.23×', '≤ 1.15×', 'no'],
      ['without a ratio', '1.00 ms', '', '', '≤ 1.15×', 'no'],
      ['only informs', '9.87 GFLOP/s', '', '', '', ''],
    ]);
    expect(document.body.textContent).toContain('1 of 3 goals are met.');
    const without = parse(await benchPage({ ...bench, rows: bench.rows.slice(3) }));
    expect(without.body.textContent).not.toContain('goals are met');
  });

  it.each([
    ['rows', 0],
    ['layers', 3],
    ['sizes', 2],
  ] as const)('has nothing but %s when nothing else was measured', async (kept, plots) => {
    const page = await benchPage({ ...bench, rows: [], layers: [], sizes: [], [kept]: bench[kept] });
    const document = parse(page);
    expect(document.querySelectorAll('h2')).toHaveLength(1);
    expect(labels(document)).toHaveLength(plots);
  });

  it('keeps layers apart that ran on other kernels or threads, and draws no phases where none was chosen', async () => {
    const [layer] = bench.layers;
    const candidates = layer.candidates.map((candidate) => ({ ...candidate, chosen: false }));
    const layers = [layer, { ...layer, kernels: 'simd', threads: 2, candidates }];
    const document = parse(await benchPage({ ...bench, rows: [], sizes: [], layers }));
    const headings = [...document.querySelectorAll('h2')].map((heading) => heading.textContent);
    expect(headings).toEqual(['Layers, scalar kernels, 1 thread', 'Layers, simd kernels, 2 threads']);
    expect(labels(document).filter((label) => label?.includes('phase'))).toHaveLength(1);
    expect(document.body.textContent.match(/\d chosen/g)).toHaveLength(1);
  });

  it('leaves out what a stopped run had only begun', async () => {
    const layers = [{ ...bench.layers[0], candidates: [] }];
    const sizes = [{ ...bench.sizes[0], points: [] }];
    const document = parse(await benchPage({ ...bench, rows: [], layers, sizes, stopped: true }));
    expect(document.querySelectorAll('h2')).toHaveLength(0);
    expect(document.body.textContent).toContain('Nothing was finished.');
  });
});
