/** Pages of plots, read as a browser does: whole, self-contained, and what is drawn on them. */
import { parseHTML } from 'linkedom';
import { expect } from 'vitest';

const VOID = new Set(['meta', 'br']);

/** Every tag is closed in its turn, attributes are quoted, and no bare < is left. */
export function expectWellFormed(page: string): void {
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

export function parse(page: string): Document {
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
export function drawing(document: Document, label: string) {
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

export function labels(document: Document): (string | null)[] {
  return [...document.querySelectorAll('figure')].map((figure) => figure.getAttribute('aria-label'));
}

/** All cells of all tables, row by row. */
export function cells(document: Document): string[][] {
  return [...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.textContent!));
}
