/**
 * A graph as a drawing: each node in a row below all that it reads, as near below them as it can be.
 *
 *   1. row(node) = 1 + the greatest row of what it reads (inputs are row 0)
 *   2. a value that is read further below keeps a place in each row between, so that its line runs beside the boxes there
 *   3. in each row nodes are ordered by the mean place of what they read, so that few lines cross (Sugiyama's heuristic)
 *   4. a row is centred; lines go from the bottom of a box to the top of another, and bend between the rows alone
 *
 * Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for Visual Understanding of Hierarchical System Structures, 1981.
 */
import { shortened } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Types } from '../../graph/infer.ts';
import { type Name, typeText } from '../../graph/values.ts';

/** A box: a node, or an input or output of the graph; or the place of a line that crosses the row. */
interface Box {
  readonly title: string;
  readonly lines: readonly string[];
  readonly kind: 'node' | 'end' | 'line';
  /** The values that come in from above. */
  readonly reads: readonly Name[];
  readonly makes: readonly Name[];
  readonly row: number;
}

interface Placed extends Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where the row ends. */
  readonly bottom: number;
}

const LINE = 15;
const CHARACTER = 7;
const BOLD = 8;
const GAP = { x: 24, y: 34 };
const MARGIN = 16;
/** So many places of lines are kept; lines beyond run behind boxes, for a file may ask for the square of its nodes. */
const MOST_PLACES = 20_000;

/** The text of an SVG file. */
export function drawGraph(graph: Graph, types: Types): string {
  const boxes = boxesOf(graph, types);
  const rows = place([...boxes, ...placesOfLines(boxes)]);
  const placed = rows.flat();
  const width = Math.max(...placed.map((box) => box.x + box.width), 0) + MARGIN;
  const height = Math.max(...placed.map((box) => box.y + box.height), 0) + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(graph.name)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    '<g fill="none" stroke="#8a8f98">',
    ...linesOf(rows),
    '</g>',
    ...placed.filter(({ kind }) => kind !== 'line').map(boxText),
    '</svg>\n',
  ].join('\n');
}

function boxesOf(graph: Graph, types: Types): Box[] {
  const rows = new Map<Name, number>();
  const typeOf = (name: Name) => {
    const type = types.get(name);
    return type === undefined ? '?' : typeText(type);
  };
  const boxes: Box[] = [];
  for (const name of graph.inputs.keys()) {
    rows.set(name, 0);
    boxes.push({ title: name, lines: [typeOf(name)], kind: 'end', reads: [], makes: [name], row: 0 });
  }
  for (const { name, op, inputs, outputs } of graph.nodes) {
    const reads = inputs.filter((input) => input !== null && !graph.parameters.has(input)) as Name[];
    const weights = inputs.filter((input) => input !== null && graph.parameters.has(input)) as Name[];
    const row = 1 + reads.reduce((most, read) => Math.max(most, rows.get(read) ?? 0), 0);
    for (const output of outputs) rows.set(output, row);
    const numbers = weights.map((weight) => typeOf(weight));
    boxes.push({
      title: op,
      lines: [name, ...numbers, ...outputs.map((o) => `→ ${typeOf(o)}`)],
      kind: 'node',
      reads,
      makes: outputs,
      row,
    });
  }
  for (const name of graph.outputs) {
    boxes.push({
      title: name,
      lines: ['output'],
      kind: 'end',
      reads: [name],
      makes: [],
      row: (rows.get(name) ?? 0) + 1,
    });
  }
  return boxes;
}

function placesOfLines(boxes: readonly Box[]): Box[] {
  const last = new Map<Name, number>();
  for (const { reads, row } of boxes) for (const name of reads) last.set(name, Math.max(last.get(name) ?? 0, row));
  const places: Box[] = [];
  for (const { makes, row } of boxes) {
    for (const name of makes) {
      for (let at = row + 1; at < (last.get(name) ?? 0) && places.length < MOST_PLACES; at++) {
        places.push({ title: '', lines: [], kind: 'line', reads: [name], makes: [name], row: at });
      }
    }
  }
  return places;
}

/** By rows, from the top down. */
function place(boxes: readonly Box[]): Placed[][] {
  const rows: Box[][] = [];
  for (const box of boxes) {
    rows[box.row] ??= [];
    rows[box.row].push(box);
  }
  const centres = new Map<Name, number>();
  const placed: Placed[][] = [];
  let y = MARGIN;
  let widest = 0;
  for (const row of rows) {
    const sized = ordered(row ?? [], centres).map((box) => ({ ...box, ...sizeOf(box) }));
    const total = sized.reduce((sum, { width }) => sum + width, 0) + GAP.x * (sized.length - 1);
    widest = Math.max(widest, total);
    const bottom = y + Math.max(...sized.map(({ height }) => height), 0);
    const own: Placed[] = [];
    let x = -total / 2;
    for (const box of sized) {
      own.push({ ...box, x, y, bottom });
      for (const name of box.makes) centres.set(name, x + box.width / 2);
      x += box.width + GAP.x;
    }
    placed.push(own);
    y = bottom + GAP.y;
  }
  return placed.map((row) => row.map((box) => ({ ...box, x: box.x + widest / 2 + MARGIN })));
}

/** By the mean place of what they read; those that read nothing stay where they are. */
function ordered(row: readonly Box[], centres: ReadonlyMap<Name, number>): Box[] {
  const means = new Map(
    row.map((box) => {
      const places = box.reads.map((name) => centres.get(name) ?? 0);
      return [box, places.length === 0 ? 0 : places.reduce((sum, x) => sum + x, 0) / places.length];
    }),
  );
  return [...row].sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0));
}

function sizeOf({ title, lines, kind }: Box): { width: number; height: number } {
  if (kind === 'line') return { width: 0, height: 0 };
  const widths = [BOLD * shortened(title).length, ...lines.map((text) => CHARACTER * shortened(text).length)];
  return { width: Math.max(...widths) + 16, height: (1 + lines.length) * LINE + 8 };
}

function linesOf(rows: readonly (readonly Placed[])[]): string[] {
  /** The lowest place of each value above a row. */
  const above = new Map<Name, Placed>();
  return rows.flatMap((row) => {
    const lines = row.flatMap((box) =>
      box.reads.flatMap((name) => {
        const from = above.get(name);
        return from === undefined ? [] : [lineBetween(from, box)];
      }),
    );
    for (const box of row) for (const name of box.makes) above.set(name, box);
    return lines;
  });
}

/** Down to the end of a row, and across the gap below it. */
function lineBetween(from: Placed, to: Placed): string {
  const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2];
  const [y1, y2] = [from.bottom, to.y];
  const bend = (y2 - y1) / 2;
  return `<path d="M${x1} ${from.y + from.height}V${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`;
}

function boxText({ title, lines, kind, x, y, width, height }: Placed): string {
  const fill = kind === 'node' ? '#eef3fb' : '#f3f1e7';
  const texts = [title, ...lines].map((text, i) => {
    const weight = i === 0 ? ' font-weight="bold"' : '';
    return `<text x="${x + 8}" y="${y + (i + 1) * LINE}"${weight}>${escaped(shortened(text))}</text>`;
  });
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="${fill}" stroke="#8a8f98"/>`,
    ...texts,
  ].join('\n');
}

/** Names come from files, and may hold anything: what XML has no characters for becomes a mark. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
