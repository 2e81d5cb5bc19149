/**
 * A graph as a drawing: each node in a row below all that it reads, as near below them as it can be.
 *
 *   1. row(node) = 1 + the greatest row of what it reads (inputs are row 0)
 *   2. in each row nodes are ordered by the mean place of what they read, so that few lines cross (Sugiyama's heuristic)
 *   3. a row is centred; lines go from the bottom of a box to the top of another
 *
 * Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for Visual Understanding of Hierarchical System Structures, 1981.
 */
import type { Graph } from '../../graph/graph.ts';
import type { Types } from '../../graph/infer.ts';
import { type Name, typeText } from '../../graph/values.ts';

/** A box: a node, or an input or output of the graph. */
interface Box {
  readonly title: string;
  readonly lines: readonly string[];
  readonly kind: 'node' | 'end';
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
}

const LINE = 15;
const CHARACTER = 7;
const GAP = { x: 24, y: 34 };
const MARGIN = 16;
/** Longer texts are cut. */
const MOST_CHARACTERS = 44;

/** The text of an SVG file. */
export function drawGraph(graph: Graph, types: Types): string {
  const placed = place(boxesOf(graph, types));
  const width = Math.max(...placed.map((box) => box.x + box.width), 0) + MARGIN;
  const height = Math.max(...placed.map((box) => box.y + box.height), 0) + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(graph.name)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    '<g fill="none" stroke="#8a8f98">',
    ...linesOf(placed),
    '</g>',
    ...placed.map(boxText),
    '</svg>\n',
  ].join('\n');
}

function boxesOf(graph: Graph, types: Types): Box[] {
  const rows = new Map<Name, number>();
  const typeOf = (name: Name) => {
    const type = types.get(name);
    return type === undefined ? '' : typeText(type);
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

function place(boxes: readonly Box[]): Placed[] {
  const rows: Box[][] = [];
  for (const box of boxes) {
    rows[box.row] ??= [];
    rows[box.row].push(box);
  }
  const centres = new Map<Name, number>();
  const placed: Placed[] = [];
  let y = MARGIN;
  let widest = 0;
  for (const row of rows) {
    const sized = ordered(row ?? [], centres).map((box) => ({ ...box, ...sizeOf(box) }));
    const total = sized.reduce((sum, { width }) => sum + width, 0) + GAP.x * (sized.length - 1);
    widest = Math.max(widest, total);
    let x = -total / 2;
    for (const box of sized) {
      placed.push({ ...box, x, y });
      for (const name of box.makes) centres.set(name, x + box.width / 2);
      x += box.width + GAP.x;
    }
    y += Math.max(...sized.map(({ height }) => height), 0) + GAP.y;
  }
  return placed.map((box) => ({ ...box, x: box.x + widest / 2 + MARGIN }));
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

function sizeOf({ title, lines }: Box): { width: number; height: number } {
  const longest = Math.max(...[title, ...lines].map((text) => Math.min(text.length, MOST_CHARACTERS)));
  return { width: longest * CHARACTER + 16, height: (1 + lines.length) * LINE + 8 };
}

function linesOf(placed: readonly Placed[]): string[] {
  const makers = new Map<Name, Placed>();
  for (const box of placed) for (const name of box.makes) makers.set(name, box);
  return placed.flatMap((box) =>
    box.reads.flatMap((name) => {
      const from = makers.get(name);
      if (from === undefined) return [];
      const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height, box.x + box.width / 2, box.y];
      const bend = (y2 - y1) / 2;
      return [`<path d="M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`];
    }),
  );
}

function boxText({ title, lines, kind, x, y, width, height }: Placed): string {
  const fill = kind === 'node' ? '#eef3fb' : '#f3f1e7';
  const texts = [title, ...lines].map((text, i) => {
    const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
    const weight = i === 0 ? ' font-weight="bold"' : '';
    return `<text x="${x + 8}" y="${y + (i + 1) * LINE}"${weight}>${escaped(cut)}</text>`;
  });
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="${fill}" stroke="#8a8f98"/>`,
    ...texts,
  ].join('\n');
}

/** Names come from files, and may hold anything: what XML has no characters for becomes a mark. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
