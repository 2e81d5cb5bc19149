/** What all pages of plots share: no text that runs, the same bytes for the same data, and the parts they are made of. */
import { parseHTML } from 'linkedom';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { benchPage } from '../../bench/report/bench-page.ts';
import { spacedTicks } from '../../src/cli/report/curves.ts';
import { html, significant } from '../../src/cli/report/html.ts';
import { scorePage } from '../../src/cli/report/score-page.ts';
import { bench, full, machine, node, score, settings } from '../support/page-data.ts';
import { cells, expectWellFormed, labels } from '../support/pages.ts';

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
