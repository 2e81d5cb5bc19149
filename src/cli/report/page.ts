/** The frame of a page of plots: one file that needs no other file, no script, and only fonts that are there. */
import { formatMachine, type Machine } from '../machine.ts';
import { Html, html } from './html.ts';
import { STYLE } from './style.ts';

export interface Page {
  readonly title: string;
  /** What was measured, in a sentence or two. */
  readonly lead: string;
  readonly machine: Machine;
  /** What else the figures depend on; null where every section says it. */
  readonly settings: string | null;
  readonly stopped: boolean;
  readonly sections: readonly Html[];
}

/** The whole text of a page. */
export function writePage({ title, lead, machine, settings, stopped, sections }: Page): string {
  const rest = sections.length === 0 ? 'Nothing was finished.' : 'Here is what was finished.';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
${new Html(STYLE)}
</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${lead}</p>
<dl>
<dt>Machine</dt><dd>${formatMachine(machine)}</dd>
${settings === null ? null : html`<dt>Settings</dt><dd>${settings}</dd>\n`}</dl>
${stopped ? html`<p class="stopped">The run was stopped before its end. ${rest}</p>\n` : null}${sections}</main>
</body>
</html>
`.text;
}

export interface Section {
  readonly heading: string;
  readonly lead: string;
  /** Grids of figures, and tables. */
  readonly content: readonly (Html | null)[];
}

export function section({ heading, lead, content }: Section): Html {
  return html`<section>
<h2>${heading}</h2>
<p>${lead}</p>
${content}</section>
`;
}
