/**
 * HTML as a template: whatever is put into one is escaped, unless it is HTML already.
 *
 *   html`<td>${'a < b'}</td>`  →  <td>a &lt; b</td>
 */

/** Text that may stand in a page as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Piece = string | number | Html | null | readonly Piece[];

/** The template with its pieces: text is escaped, a list is joined, null is nothing. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? part : written(pieces[i - 1]) + part)).join(''));
}

function written(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(written).join('');
  return escapeHtml(String(piece));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

export interface Column<Item> {
  readonly head: string;
  /** Figures stand right, text stands left. */
  readonly align: 'left' | 'right';
  cell(item: Item): Piece;
}

export function left<Item>(head: string, cell: (item: Item) => Piece): Column<Item> {
  return { head, align: 'left', cell };
}

export function right<Item>(head: string, cell: (item: Item) => Piece): Column<Item> {
  return { head, align: 'right', cell };
}

/** A row for each item. */
export function table<Item>(caption: string, columns: readonly Column<Item>[], items: readonly Item[]): Html {
  const head = columns.map(({ head, align }) => html`<th scope="col" class="${align}">${head}</th>`);
  const rows = items.map((item) => {
    const cells = columns.map(({ cell, align }) => html`<td class="${align}">${cell(item)}</td>`);
    return html`<tr>${cells}</tr>\n`;
  });
  return html`<div class="table"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>
`;
}

/** A long table, which is shown when asked for. */
export function folded(summary: string, content: Piece): Html {
  return html`<details><summary>${summary}</summary>
${content}</details>
`;
}

/** Three significant digits, never an exponent: 0.123, 1.23, 12.3, 123, 1234. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value) || 1));
  return value.toFixed(Math.min(9, Math.max(0, 2 - exponent)));
}
