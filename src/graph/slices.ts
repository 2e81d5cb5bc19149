/**
 * Runs a fully convolutional graph over a large picture slice by slice, without seams.
 *
 * A row of the output depends on a window of rows of the input. Let f be the factor by which the graph enlarges. The
 * rows f·i … f·(i+1) − 1 of the output need the rows i − t … i + b of the input; t and b are the halo above and below,
 * the same for every i because moving the input by one row moves every value with it. They follow from walking the
 * graph backwards with the interval of rows that is needed of each value, starting from one period [0, f): each
 * operation tells what it needs for an interval of its own rows.
 *
 * So an inner slice carries real pixels as its halo. The graph still pads every value of a slice with zeros, but
 * what they touch stays within the halo, except where the slice ends at a border of the picture, where these zeros
 * are the graph's own. That holds of every value on the way, not only of the input: a value needed at a negative row
 * needs, by the same walk, a negative row of the input, and so belongs to a slice that begins at the border.
 *
 * All slices have one size, so that one plan of the graph serves all of them: slice k begins at row k · (h − t − b),
 * the last one where it ends with the picture, and each keeps the output rows that the one before it could not give.
 * Of all grids whose slices fit the memory, the one that computes the fewest pixels is taken.
 */
import { NnpackError, show } from '../errors.ts';
import type { Shape } from './compiled.ts';
import { type Graph, valuesOf } from './graph.ts';
import { inferTypes, shapeOf, type Types, typesOf } from './infer.ts';
import { planMemory } from './memory-plan.ts';
import { whoIs } from './node.ts';
import { type Interval, isOnePixel, type Slicing } from './ops/slicing.ts';
import { operationOf } from './ops/table.ts';
import { trusted } from './parse-graph.ts';
import { isInMemory } from './run-values.ts';
import { type Name, shapeText, type ValueType } from './values.ts';

export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

export interface Slice {
  /** The part of the input that the graph runs on. */
  readonly input: Region;
  /** The part of the whole output that this slice gives. */
  readonly output: Region;
  /** Where that part begins in the slice's own output. */
  readonly from: { readonly top: number; readonly left: number };
}

/** Input rows or columns needed around those that lie under a region of the output. */
export interface Halo {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export interface SlicePlan {
  /** The shape of every slice of the input, and of every slice's output. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly slices: readonly Slice[];
  readonly halo: Halo;
  /** What one slice takes. */
  readonly bytes: number;
}

/** Whether slices of a graph's input can give its output, or the reason why not. */
export function canSlice(graph: Graph): true | string {
  const found = enlargements(graph);
  return typeof found === 'string' ? found : true;
}

type Scale = readonly [height: number, width: number];

/** How the nodes of a graph work on slices, in their order, and by how much its values are larger than its input. */
interface Enlargements {
  readonly slicings: readonly Slicing[];
  readonly scales: ReadonlyMap<Name, Scale>;
}

/** These, or why the graph cannot be sliced. */
function enlargements(graph: Graph): Enlargements | string {
  const { inputs, outputs, nodes } = graph;
  if (inputs.size !== 1 || outputs.length !== 1) {
    return `slices need one input and one output, got ${inputs.size} and ${outputs.length}`;
  }
  const [[input, { dtype, shape }]] = inputs;
  if (shape.length !== 4) return `slices need an input [N, C, H, W], got ${shapeText(shape)}`;
  if (!isInMemory(dtype)) return `slices need an input of float32, got ${dtype}`;
  const types = inferTypes(graph);
  const scales = new Map<Name, Scale>([[input, [1, 1]]]);
  const slicings: Slicing[] = [];
  for (const node of nodes) {
    const slicing = operationOf(node).slicing(node, typesOf(types, node.inputs));
    if (typeof slicing === 'string') return `${whoIs(node)}: ${slicing}`;
    const read = valuesOf(node)
      .filter((name) => name !== null && !isOnePixelConstant(graph, name))
      .map((name) => scales.get(name as Name));
    const [first] = read;
    if (first === undefined || read.includes(undefined)) return `${whoIs(node)}: it reads constants as a picture`;
    if (read.some((other) => other?.[0] !== first[0] || other[1] !== first[1])) {
      return `${whoIs(node)}: its inputs are enlarged by different factors`;
    }
    const [height, width] = slicing.scale;
    for (const name of node.outputs) scales.set(name, [first[0] * height, first[1] * width]);
    slicings.push(slicing);
  }
  if (!scales.has(outputs[0])) return 'its output is constant';
  const made = (types.get(outputs[0]) as ValueType).dtype;
  if (!isInMemory(made)) return `slices need an output of float32, got ${made}`;
  return { slicings, scales };
}

/** Whether a value is a parameter that is the same everywhere in a picture. */
function isOnePixelConstant({ parameters }: Graph, name: Name): boolean {
  const parameter = parameters.get(name);
  return parameter !== undefined && isOnePixel(parameter.type.shape);
}

/**
 * The halo of a graph and its enlargement.
 *
 * @throws NnpackError 'unsupported-layer' with the reason of `canSlice`
 */
export function receptiveField(graph: Graph): { halo: Halo; scale: Scale } {
  const found = enlargements(graph);
  if (typeof found === 'string') {
    throw new NnpackError('unsupported-layer', `graph ${show(graph.name)}: ${found}`);
  }
  const scale = found.scales.get(graph.outputs[0]) as Scale;
  const rows = axisHalo(graph, found.slicings, 0, scale[0]);
  const columns = axisHalo(graph, found.slicings, 1, scale[1]);
  return { halo: { top: rows.before, right: columns.after, bottom: rows.after, left: columns.before }, scale };
}

/**
 * Slices of an input [1, C, H, W] such that one slice takes at most `bytes`, the whole output not counted. What a slice
 * takes is what its values take in a memory plan, unless `bytesOf` (of its height and width, and hardly ever less for a
 * larger slice) knows better. Every node of the graph must be needed (`simplifyGraph` leaves out the others).
 *
 * @throws NnpackError 'out-of-memory' if not even the smallest slice fits, 'unsupported-layer' if slices cannot be
 */
export function planSlices(
  given: Graph,
  inputShape: Shape,
  bytes: number,
  bytesOf: (height: number, width: number) => number = (height, width) =>
    valueBytes(given, [...inputShape.slice(0, 2), height, width]),
): SlicePlan {
  const { halo, scale } = receptiveField(given);
  const graph = openSizes(given);
  const [batch, channels, height, width] = inputShape;
  const wholeOutput = outputOf(graph, inputShape);
  const [sliceHeight, sliceWidth] = cheapestSlice(graph, inputShape, halo, bytes, bytesOf);

  const rows = cuts(height, sliceHeight, halo.top, halo.bottom, scale[0], wholeOutput[2]);
  const columns = cuts(width, sliceWidth, halo.left, halo.right, scale[1], wholeOutput[3]);
  const slices = rows.flatMap((row) =>
    columns.map((column): Slice => {
      const input = { top: row.start, left: column.start, height: sliceHeight, width: sliceWidth };
      const output = { top: row.first, left: column.first, height: row.count, width: column.count };
      return { input, output, from: { top: row.from, left: column.from } };
    }),
  );
  const sliceShape = [batch, channels, sliceHeight, sliceWidth];
  const sliceBytes = bytesOf(sliceHeight, sliceWidth);
  return { inputShape: sliceShape, outputShape: outputOf(graph, sliceShape), slices, halo, bytes: sliceBytes };
}

/** The height and width of the smallest slice that still gives something. */
export function smallestSlice(graph: Graph, [, , height, width]: Shape): readonly [height: number, width: number] {
  const { halo } = receptiveField(graph);
  const rows = sliceSize(height, halo.top + halo.bottom, mostSlices(height, halo.top + halo.bottom));
  return [rows, sliceSize(width, halo.left + halo.right, mostSlices(width, halo.left + halo.right))];
}

function mostSlices(size: number, halo: number): number {
  return Math.max(1, size - halo);
}

/** Of all grids whose slices fit: the height and width of the slices of the one that computes the fewest pixels. */
function cheapestSlice(
  graph: Graph,
  [, , height, width]: Shape,
  halo: Halo,
  bytes: number,
  bytesOf: (height: number, width: number) => number,
): [height: number, width: number] {
  const rowHalo = halo.top + halo.bottom;
  const columnHalo = halo.left + halo.right;
  const mostRows = mostSlices(height, rowHalo);
  const mostColumns = mostSlices(width, columnHalo);
  const leastHeight = sliceSize(height, rowHalo, mostRows);
  const least = bytesOf(leastHeight, sliceSize(width, columnHalo, mostColumns));
  if (!(least <= bytes)) {
    const what = `the smallest slice with its halo takes ${least} bytes, expected at most ${bytes}`;
    throw new NnpackError('out-of-memory', `graph ${show(graph.name)}: ${what}`);
  }
  let best: [number, number] = [0, 0];
  let fewest = Infinity;
  // With fewer columns not even the lowest slice fits.
  const start = firstTrue(mostColumns, (count) => bytesOf(leastHeight, sliceSize(width, columnHalo, count)) <= bytes);
  for (let columns = start ?? 1; columns <= mostColumns; columns++) {
    const sliceWidth = sliceSize(width, columnHalo, columns);
    // what the halo between the columns adds can only grow
    if (height * (width + (columns - 1) * columnHalo) >= fewest) break;
    const fits = (rows: number) => bytesOf(sliceSize(height, rowHalo, rows), sliceWidth) <= bytes;
    const rows = firstTrue(mostRows, fits);
    if (rows === null) continue;
    const sliceHeight = sliceSize(height, rowHalo, rows);
    const computed = rows * sliceHeight * columns * sliceWidth;
    if (computed < fewest) {
      fewest = computed;
      best = [sliceHeight, sliceWidth];
    }
  }
  return best;
}

/** The same graph for pictures of any size, as its slices are: what can be sliced depends on no size. */
export function openSizes(graph: Graph): Graph {
  const inputs = [...graph.inputs].map(([name, { dtype, shape }]): [Name, ValueType] => {
    const [batch, channels] = shape;
    return [name, { dtype, shape: [batch, channels, `${name}.H`, `${name}.W`] }];
  });
  return trusted({ ...graph, inputs: new Map(inputs) });
}

/** What the values of a slice take, all that are live at once. */
function valueBytes(graph: Graph, inputShape: Shape): number {
  const types = inferTypes(graph, inputTypes(graph, inputShape));
  return planMemory(graph, types).size * Float32Array.BYTES_PER_ELEMENT;
}

function outputOf(graph: Graph, inputShape: Shape): Shape {
  return shapeOf(inferTypes(graph, inputTypes(graph, inputShape)), graph.outputs[0]);
}

function inputTypes({ inputs }: Graph, shape: Shape): Types {
  return new Map([...inputs].map(([name, { dtype }]) => [name, { dtype, shape }]));
}

/** One axis of the slices: where each begins in the input, and which `count` rows of the output, from `first`, it keeps. */
interface Cut {
  readonly start: number;
  readonly first: number;
  readonly count: number;
  /** Where the kept rows begin in the slice's own output. */
  readonly from: number;
}

function cuts(size: number, slice: number, before: number, after: number, scale: number, outputSize: number): Cut[] {
  const found: Cut[] = [];
  const step = slice - before - after;
  for (let first = 0, k = 0; first < outputSize; k++) {
    const start = Math.min(k * step, size - slice);
    const end = start + slice === size ? outputSize : scale * (start + slice - after);
    // row i of the whole output is row i − scale · start of the slice's
    found.push({ start, first, count: end - first, from: first - scale * start });
    first = end;
  }
  return found;
}

/** The least size of `count` slices that cover `size` rows, each two of them sharing a halo. */
function sliceSize(size: number, halo: number, count: number): number {
  return count === 1 ? size : Math.ceil((size - halo) / count) + halo;
}

/** The first of 1 … most for which `test` is true, if it stays true once it is. */
function firstTrue(most: number, test: (n: number) => boolean): number | null {
  if (!test(most)) return null;
  let [low, high] = [1, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Walks the graph backwards from one period of its output, along the rows (axis 0) or the columns (axis 1). */
function axisHalo(
  graph: Graph,
  slicings: readonly Slicing[],
  axis: 0 | 1,
  scale: number,
): { before: number; after: number } {
  const needed = new Map<Name, Interval>([[graph.outputs[0], { lo: 0, hi: scale }]]);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    const outputs = node.outputs.map((name) => needed.get(name)).filter((each) => each !== undefined);
    if (outputs.length === 0) continue;
    const { lo, hi } = slicings[i].needed(axis, outputs.reduce(hull));
    for (const name of valuesOf(node)) {
      if (name !== null) needed.set(name, hull({ lo, hi }, needed.get(name) ?? { lo, hi }));
    }
  }
  // one period of the output lies over row 0 of the input
  const [input] = graph.inputs.keys();
  const { lo, hi } = needed.get(input) ?? { lo: 0, hi: 1 };
  return { before: Math.max(0, -lo), after: Math.max(0, hi - 1) };
}

function hull(a: Interval, b: Interval): Interval {
  return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
}
