/** The pages of plots: whole and self-contained, every figure in a table, as many marks as data, no text that runs. */
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { benchPage, lookOf } from '../../bench/report/bench-page.ts';
import type { BenchResult, LayerTimes } from '../../bench/result.ts';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { spacedTicks } from '../../src/cli/report/curves.ts';
import { html, significant } from '../../src/cli/report/html.ts';
import { scorePage } from '../../src/cli/report/score-page.ts';
import type { Score, ScoredNode, ScoreResult, ScoreRow } from '../../src/cli/score/result.ts';
import { NETWORK_NAMES } from '../../src/networks/definitions/names.ts';
import { runs } from '../support/runs.ts';

const machine = { cpu: 'Some CPU', cores: 2, node: '20.0.0', packages: { 'nnpack-ts': '0.1.0' } };
const settings = {
  threads: 2,
  kernels: 'scalar',
  eligibility: 'documented',
  rule: 'nnpack',
  budgetSeconds: 60,
} as const;

type Times = readonly [inputTransform: number, blockMultiplication: number, outputTransform: number, other: number];

function phasesOf([inputTransform, blockMultiplication, outputTransform, other]: Times) {
  return { inputTransform, blockMultiplication, outputTransform, other };
}

function node(name: string, times: Times, algorithm: ScoredNode['algorithm'] = null): ScoredNode {
  const milliseconds = times.reduce((sum, time) => sum + time, 0);
  const multiplyAdds = algorithm === null ? 0 : 1e8;
  const gflops = (2 * multiplyAdds) / milliseconds / 1e6;
  const op = algorithm === null ? 'softmax' : 'convolution';
  const description = `shapes of ${name}`;
  return { name, op, description, algorithm, multiplyAdds, milliseconds, gflops, phases: phasesOf(times) };
}

function score(imagesPerSecond: number, nodes: readonly ScoredNode[], passes = 10): Score {
  return { imagesPerSecond, dryRuns: 5, passes, parts: 1, nodes };
}

/** Two large layers and two that are 0.4 % of the time each. */
function scoreRow(batch: number, published: ScoreRow['published'] = null): ScoreRow {
  const [slow, fast] = [1.01 + batch, 3.33 + 2 * batch];
  const small = [node('relu', [0, 0, 0, 0.4]), node('softmax', [0, 0, 0, 0.4])];
  const plain = [node('conv1', [10, 60, 0, 1], 'implicit-gemm'), node('conv2', [5, 23, 0, 1], 'implicit-gemm')];
  const quick = [node('conv1', [10, 30, 20, 1], 'wt8x8'), node('conv2', [5, 28, 5, 1], 'wt6x6')];
  return {
    network: 'vgg-11',
    batch,
    default: score(slow, [...plain, ...small]),
    accelerated: score(fast, [...quick, ...small], 7),
    ratio: fast / slow,
    published,
  };
}

const BATCHES = [1, 2, 4, 8];
const full: ScoreResult = {
  machine,
  settings,
  stopped: false,
  rows: [
    ...BATCHES.map((batch) => scoreRow(batch, { default: 1.22 * batch, accelerated: 3.98 * batch, ratio: 3.26 })),
    { ...scoreRow(16), network: 'inception-bn' },
  ],
};

const LAYERS = ['64→64 @224', '3→64 7×7 s2 @224'];
const ALGORITHMS = ['wt8x8', 'ft16x16', 'implicit-gemm'] as const;

function layerTimes(layer: string, scale: number): LayerTimes {
  const candidates = ALGORITHMS.map((algorithm, i) => ({
    algorithm,
    chosen: algorithm === 'wt8x8',
    milliseconds: scale * (i + 1.5),
    gflops: 33.3 / scale / (i + 1),
    phases: phasesOf([0.1 * scale, 1 * scale, 0.2 * scale, 0]),
  }));
  return { layer, kernels: 'scalar', threads: 1, candidates };
}

const bench: BenchResult = {
  machine,
  kernels: 'scalar',
  reasons: ['no SIMD here'],
  stopped: false,
  rows: [
    { what: 'fast enough', value: 12.34, unit: 'ms', against: 'one thread', ratio: 1.91, goal: { atLeast: 1.85 } },
    { what: 'too slow', value: 56.78, unit: 'ms', against: 'best', ratio: 1.234, goal: { atMost: 1.15 } },
    { what: 'without a ratio', value: 1, unit: 'ms', goal: { atMost: 1.15 } },
    { what: 'only informs', value: 9.87, unit: 'GFLOP/s' },
  ],
  layers: LAYERS.map((layer, i) => layerTimes(layer, i + 1)),
  sizes: ['64→64 3×3', '32→32 5×5'].flatMap((family) =>
    [14, 28, 56].map((size, i) => ({
      family,
      size,
      // The last algorithm is not measured at the first size.
      points: ALGORITHMS.slice(0, i === 0 ? 2 : 3).map((algorithm, k) => ({ algorithm, gflops: size / 3 + 7 * k })),
    })),
  ),
};

const VOID = new Set(['meta', 'br']);

/** Every tag is closed in its turn, attributes are quoted, and no bare < is left. */
function expectWellFormed(page: string): void {
  const style = /<style>[^<]*<\/style>/;
  expect(page).toMatch(style);
  const open: string[] = [];
  const rest = page
    .replace(style, '')
    .replace(/<(\/?)([a-z]+\d?)((?:\s[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>/gi, (_, end, name, __, self) => {
      if (end !== '') expect(open.pop()).toBe(name);
      else if (self === '' && !VOID.has(name)) open.push(name);
      return '';
    });
  expect(open).toEqual([]);
  expect(rest.replace('<!doctype html>', '')).not.toContain('<');
}

function expectSelfContained(page: string): void {
  expect(page).not.toMatch(/https?:|<script|<link|<img|<iframe|@import|url\(|\son\w+=|javascript:/i);
}

function parse(page: string): Document {
  expectWellFormed(page);
  expectSelfContained(page);
  const { document } = parseHTML(page);
  for (const figure of document.querySelectorAll('figure')) {
    const svg = figure.querySelector('svg.plot')!;
    expect(svg.getAttribute('role')).toBe('img');
    expect(svg.querySelector('title')!.textContent).toBe(figure.getAttribute('aria-label'));
    expect(figure.getAttribute('aria-label')).toContain(figure.querySelector('h3')!.textContent);
    for (const legend of figure.querySelectorAll('.plot-swatches')) expect(legend.textContent).not.toBe('');
  }
  return document;
}

/** The figure of this name, and what is in it of each kind of mark. */
function drawing(document: Document, label: string) {
  const figure = [...document.querySelectorAll('figure')].find((each) => each.getAttribute('aria-label') === label);
  expect(figure, label).toBeDefined();
  const marks = (kind: string) => [...figure!.querySelectorAll(`svg.plot > g[aria-label="${kind}"]`)];
  return {
    legend: [...figure!.querySelectorAll('.plot-swatch')].map((swatch) => swatch.textContent),
    groups: (kind: string) => marks(kind),
    count: (kind: string) =>
      marks(kind).reduce((sum, g) => sum + g.querySelectorAll('path, circle, rect, line').length, 0),
    texts: (kind: string) =>
      marks(kind).flatMap((g) => [...g.querySelectorAll('text')].map((text) => text.textContent)),
  };
}

function labels(document: Document): (string | null)[] {
  return [...document.querySelectorAll('figure')].map((figure) => figure.getAttribute('aria-label'));
}

/** All cells of all tables, row by row. */
function cells(document: Document): string[][] {
  return [...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.textContent!));
}

describe('the page of score', () => {
  it('has each network with its curves, its times and its tables', async () => {
    const document = parse(await scorePage(full));
    expect([...document.querySelectorAll('h2')].map((heading) => heading.textContent)).toEqual([
      'vgg-11',
      'inception-bn',
    ]);
    expect(labels(document)).toEqual([
      'vgg-11: Images a second, this machine',
      'vgg-11: Images a second, published',
      'vgg-11: Speed-up',
      'vgg-11: Time by layer, batch 1',
      'vgg-11: Time by layer, batch 8',
      'inception-bn: Images a second, this machine',
      'inception-bn: Speed-up',
      'inception-bn: Time by layer, batch 16',
    ]);
    const text = document.body.textContent;
    expect(text).toContain('Some CPU, 2 cores, Node 20.0.0, nnpack-ts 0.1.0');
    expect(text).toContain('2 threads, scalar kernels, eligibility documented, rule nnpack, at most 60 s');
    expect(text).not.toContain('stopped');
  });

  it('draws a point for each figure, and what was published dashed', async () => {
    const document = parse(await scorePage(full));
    for (const [name, legend, lines, dashed] of [
      ['Images a second, this machine', ['accelerated', 'default'], 2, 0],
      ['Images a second, published', ['accelerated', 'default'], 2, 2],
      ['Speed-up', ['this machine', 'published'], 2, 1],
    ] as const) {
      const plot = drawing(document, `vgg-11: ${name}`);
      expect(plot.legend).toEqual(legend);
      expect(plot.count('line')).toBe(lines);
      expect(plot.groups('line').filter((g) => g.hasAttribute('stroke-dasharray'))).toHaveLength(dashed);
      expect(plot.count('dot')).toBe(lines * BATCHES.length);
      expect(plot.texts('x-axis tick label')).toEqual(BATCHES.map(String));
    }
    // Zero, and the level of 1×.
    expect(drawing(document, 'vgg-11: Speed-up').count('rule')).toBe(2);
    expect(drawing(document, 'inception-bn: Speed-up').legend).toEqual(['this machine']);
    expect(drawing(document, 'inception-bn: Speed-up').count('dot')).toBe(1);
  });

  it('draws a bar for each phase that takes time, and sums up what is small', async () => {
    const document = parse(await scorePage(full));
    const plot = drawing(document, 'vgg-11: Time by layer, batch 8');
    expect(plot.legend).toEqual(['input transform', 'block multiplication', 'output transform', 'other']);
    expect(plot.texts('fy-axis tick label')).toEqual(['conv1', 'conv2', '2 other layers']);
    // conv1 and conv2: 3 phases by default, 4 accelerated; the others: 1 each.
    expect(plot.count('bar')).toBe(2 * (3 + 4) + 2);
    // 71 ms of 8 images; 0.8 ms of 8 images.
    expect(plot.texts('text')).toEqual(
      expect.arrayContaining([
        '8.88 default',
        '7.63 wt8x8',
        '3.63 default',
        '4.88 wt6x6',
        '0.100 default',
        '0.100 accelerated',
      ]),
    );
  });

  it('has every measured value in a table', async () => {
    const document = parse(await scorePage(full));
    const rows = cells(document);
    for (const { batch, default: plain, accelerated, ratio, published } of full.rows) {
      expect(rows).toContainEqual([
        String(batch),
        significant(plain.imagesPerSecond),
        significant(accelerated.imagesPerSecond),
        `${significant(ratio)}×`,
        ...(published === null ? [] : [published.default, published.accelerated].map(significant)),
        ...(published === null ? [] : [`${significant(published.ratio)}×`]),
        '5 + 10 / 5 + 7',
      ]);
    }
    for (const batch of [1, 8, 16]) {
      const times = [71 / batch, 61 / batch].map(significant);
      const speed = significant(200 / 61);
      expect(rows).toContainEqual(['conv1', 'convolution', 'shapes of conv1', 'wt8x8', ...times, speed]);
      expect(rows).toContainEqual([
        'relu',
        'softmax',
        'shapes of relu',
        '',
        ...Array(2).fill(significant(0.4 / batch)),
        '',
      ]);
    }
  });

  it('tells of parts where a batch was divided', async () => {
    const rows = full.rows.map((row) => ({ ...row, accelerated: { ...row.accelerated, parts: 3 } }));
    const found = cells(parse(await scorePage({ ...full, rows })));
    expect(found.filter((row) => row.at(-1) === 'parts')).toHaveLength(2);
    expect(found.filter((row) => row.at(-1) === '1 / 3')).toHaveLength(full.rows.length);
  });

  it('does with one batch, and says that a run was stopped', async () => {
    const one = parse(await scorePage({ ...full, rows: [scoreRow(4)], stopped: true }));
    expect(labels(one)).toEqual([
      'vgg-11: Images a second, this machine',
      'vgg-11: Speed-up',
      'vgg-11: Time by layer, batch 4',
    ]);
    expect(drawing(one, 'vgg-11: Images a second, this machine').count('dot')).toBe(2);
    expect(one.body.textContent).toContain('stopped before its end. Here is what was finished.');
    const none = parse(await scorePage({ ...full, rows: [], stopped: true }));
    expect(labels(none)).toEqual([]);
    expect(none.body.textContent).toContain('Nothing was finished.');
  });

  it('is whole for any figures', async () => {
    const positive = fc.double({ min: 1e-3, max: 1e5, noNaN: true });
    const row = fc.record({
      network: fc.constantFrom(...NETWORK_NAMES),
      batch: fc.integer({ min: 1, max: 512 }),
      default: positive,
      accelerated: positive,
      isPublished: fc.boolean(),
      times: fc.array(fc.tuple(fc.string(), positive, positive), { minLength: 1, maxLength: 12 }),
    });
    const unique = { selector: ({ network, batch }: { network: string; batch: number }) => `${network} ${batch}` };
    const property = fc.asyncProperty(fc.uniqueArray(row, { maxLength: 6, ...unique }), async (drawn) => {
      const rows = drawn.map(({ network, batch, default: slow, accelerated: fast, isPublished, times }): ScoreRow => {
        const nodes = times.map(([name, a, b], i) => node(`${i}${name}`, [a, 0, 0, b], i % 2 === 0 ? 'ft8x8' : null));
        const published = isPublished ? { default: slow, accelerated: fast, ratio: fast / slow } : null;
        return {
          network,
          batch,
          default: score(slow, nodes),
          accelerated: score(fast, nodes),
          ratio: fast / slow,
          published,
        };
      });
      const page = await scorePage({ ...full, rows });
      const document = parse(page);
      expect(page).not.toMatch(/NaN|undefined|\[object/);
      const dots = [...document.querySelectorAll('g[aria-label="dot"] > *')];
      expect(dots).toHaveLength(rows.reduce((sum, { published }) => sum + (published === null ? 3 : 6), 0));
      for (const attribute of page.matchAll(/\s(?:width|height)="([^"]*)"/g)) {
        if (attribute[1] !== '100%') expect(Number(attribute[1])).toBeGreaterThanOrEqual(0);
      }
    });
    await fc.assert(property, { numRuns: runs(25) });
  });
});

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

describe('both pages', () => {
  const HOSTILE = `</style></title>"'><script>alert("1 & 2")</script><img src=x onerror=y>&lt;`;

  it('escape every name', async () => {
    const [first] = full.rows;
    const nodes = [node(HOSTILE, [1, 2, 3, 4], 'wt8x8')];
    const rows = [{ ...first, network: HOSTILE as 'vgg-11', default: score(1, nodes), accelerated: score(2, nodes) }];
    const evil = { ...machine, cpu: HOSTILE, packages: { [HOSTILE]: HOSTILE } };
    const scored = await scorePage({ ...full, machine: evil, rows, settings: { ...settings, kernels: HOSTILE } });
    const benched = await benchPage({
      ...bench,
      machine: evil,
      kernels: HOSTILE,
      reasons: [HOSTILE],
      rows: bench.rows.map((row) => ({ ...row, what: HOSTILE, against: HOSTILE, unit: HOSTILE })),
      layers: bench.layers.map((layer) => ({ ...layer, layer: HOSTILE, kernels: HOSTILE })),
      sizes: bench.sizes.map((times) => ({ ...times, family: HOSTILE })),
    });
    for (const page of [scored, benched]) {
      expectWellFormed(page);
      expect(page).not.toMatch(/<script|<img/);
      const { document } = parseHTML(page);
      expect(document.querySelectorAll('script, img, style')).toHaveLength(1);
      expect(document.querySelector('dd')!.textContent).toContain(HOSTILE);
      expect(labels(document).every((label) => label?.includes(HOSTILE) || label?.includes('phase'))).toBe(true);
    }
    expect(cells(parseHTML(scored).document).some(([name]) => name === HOSTILE)).toBe(true);
    expect(cells(parseHTML(benched).document).filter(([name]) => name === HOSTILE).length).toBeGreaterThan(6);
  });

  it('are the same bytes for the same data', async () => {
    const once = [await scorePage(full), await benchPage(bench)];
    const again = await Promise.all([scorePage(structuredClone(full)), benchPage(structuredClone(bench))]);
    expect(again).toEqual(once);
  });

  describe('without the packages that draw', () => {
    afterEach(async () => {
      vi.doUnmock('linkedom');
      vi.doUnmock('@observablehq/plot');
      // What is queued is done at the next import, in no order: it must not meet the next mock.
      await import('linkedom');
    });

    it.each(['linkedom', '@observablehq/plot'])('say what to install when %s is missing', async (name) => {
      vi.doMock(name, () => {
        throw new Error(`Cannot find package '${name}'`);
      });
      for (const page of [() => scorePage(full), () => benchPage(bench)]) {
        const error = await page().catch((reason: unknown) => reason);
        expect(error).toMatchObject({ name: 'NnpackError', code: 'invalid-argument' });
        expect((error as Error).message).toMatch(/^--html: .*npm install @observablehq\/plot linkedom$/);
      }
    });
  });
});

describe('the parts of a page', () => {
  it('escape text, join lists and keep HTML', () => {
    const bold = html`<b>${`a & "b"`}</b>`;
    expect(html`<p title="${`'x'`}">${[bold, ' < ', 2]}${null}</p>`.text).toBe(
      '<p title="&#39;x&#39;"><b>a &amp; &quot;b&quot;</b> &lt; 2</p>',
    );
  });

  it.each([
    [0, '0.00'],
    [0.00123, '0.00123'],
    [0.1, '0.100'],
    [-1.236, '-1.24'],
    [12.34, '12.3'],
    [123.4, '123'],
    [12345.6, '12346'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('write %d as %s', (value, text) => {
    expect(significant(value)).toBe(text);
  });

  it('number an axis where there is room', () => {
    expect(spacedTicks([8, 1, 2, 2, 4], 300)).toEqual([1, 2, 4, 8]);
    // 8 octaves on 300: 26 wide numbers need 0.7 of an octave.
    expect(spacedTicks([1, 2, 3, 4, 5, 6, 7, 8, 256], 300)).toEqual([1, 2, 4, 7, 256]);
    expect(spacedTicks([5], 300)).toEqual([5]);
  });
});
