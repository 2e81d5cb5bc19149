/**
 * Drawings are Observable Plot's, on a document of linkedom, and become text. Both packages serve these pages alone, so
 * they are loaded when a page is asked for, and need not be there otherwise.
 */
import type { PlotOptions, SymbolType } from '@observablehq/plot';
import { NnpackError } from '../../errors.ts';
import { Html, html } from './html.ts';
import { type Colour, paint } from './style.ts';

export interface Drawing {
  readonly Plot: typeof import('@observablehq/plot');
  readonly document: Document;
}

/** @throws NnpackError when a package is missing, with the line that installs both */
export async function loadDrawing(): Promise<Drawing> {
  try {
    const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
    return { Plot, document: parseHTML('<!doctype html><html><body></body></html>').document };
  } catch (error) {
    const what = 'the packages @observablehq/plot and linkedom draw its plots, and could not be loaded';
    throw new NnpackError('invalid-argument', `--html: ${what}; npm install @observablehq/plot linkedom`, {
      cause: error,
    });
  }
}

/** Width of a drawing in a grid of three columns, of two, and alone. */
export const WIDTHS = { thirds: 354, halves: 546, whole: 820 } as const;

export type Columns = keyof typeof WIDTHS;

export interface Figure {
  /** What the figure is about; readers who see the page have it from the section's heading. */
  readonly subject: string;
  readonly title: string;
  /** Plain sentences. */
  readonly caption: string | null;
  readonly legend: Html | null;
  readonly plot: PlotOptions;
}

/** A figure with a heading, a legend, a drawing with a name for readers who cannot see it, and a caption. */
export function figure({ Plot, document }: Drawing, { subject, title, caption, legend, plot }: Figure): Html {
  const label = `${subject}: ${title}`;
  const svg = Plot.plot({ ...plot, document, className: 'plot' });
  svg.querySelector('style')?.remove();
  svg.setAttribute('role', 'img');
  const name = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  name.textContent = label;
  svg.prepend(name);
  // The name is not an attribute of the drawing, because linkedom would write its & unescaped.
  return html`<figure aria-label="${label}">
<h3>${title}</h3>
${legend}${new Html(svg.outerHTML)}
${caption === null ? null : html`<figcaption>${caption}</figcaption>\n`}</figure>
`;
}

/** Figures side by side, as many as fit; nothing for none. */
export function grid(columns: Columns, figures: readonly (Html | null)[]): Html | null {
  return figures.every((shown) => shown === null) ? null : html`<div class="figures ${columns}">\n${figures}</div>\n`;
}

export interface Key {
  readonly name: string;
  readonly colour: Colour;
  /** A point's shape; a bar has none. */
  readonly symbol?: SymbolType;
}

/** What the colours and shapes of a drawing mean. */
export function legend({ Plot, document }: Drawing, keys: readonly Key[]): Html {
  const domain = keys.map(({ name }) => name);
  const color = { type: 'ordinal', domain, range: keys.map(({ colour }) => paint(colour)) } as const;
  const shared = { document, className: 'plot', color };
  const symbols = keys.flatMap(({ symbol }) => symbol ?? []);
  const element =
    symbols.length === 0
      ? Plot.legend(shared)
      : Plot.legend({ ...shared, symbol: { domain, range: symbols }, fill: 'color', stroke: 'none' });
  element.querySelector('style')?.remove();
  return new Html(`${element.outerHTML}\n`);
}
