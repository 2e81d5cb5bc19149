/** The page of `score`: every figure in a table, as many marks as data. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { significant } from '../../src/cli/report/html.ts';
import { scorePage } from '../../src/cli/report/score-page.ts';
import type { ScoreRow } from '../../src/cli/score/result.ts';
import { NETWORK_NAMES } from '../../src/networks/definitions/names.ts';
import { BATCHES, full, node, score, scoreRow } from '../support/page-data.ts';
import { cells, drawing, labels, parse } from '../support/pages.ts';
import { runs } from '../support/runs.ts';

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
