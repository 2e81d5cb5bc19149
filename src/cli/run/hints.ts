/** What a model's files tell of the pictures that it takes: in their words (WinML's), by their types, or by the first nodes. */
import type { Graph, Node } from '../../graph/graph.ts';
import { doublesOf, type Name } from '../../graph/values.ts';
import type { ModelSource } from '../../models/source.ts';
import type { Range } from '../range.ts';

/** What is told, and where; absent where nothing is. */
export interface PictureHints {
  readonly range?: { readonly range: Range; readonly why: string };
  readonly isBgr?: boolean;
}

/** Chains of operations on single elements are followed so far. */
const MOST_NODES = 8;
/** So many numbers of a constant are looked at. */
const MOST_NUMBERS = 4096;

/** The entries of ONNX's metadata for pictures. */
const PIXEL_RANGES: Readonly<Record<string, Range>> = {
  NominalRange_0_255: '0..255',
  Normalized_0_1: '0..1',
  Normalized_1_1: '-1..1',
};

/** @param graph null where it depends on shapes that are not known yet */
export function pictureHints({ metadata, inputs }: ModelSource, graph: Graph | null, input: Name): PictureHints {
  const format = metadata.get('Image.BitmapPixelFormat');
  const isBgr = format === undefined ? undefined : /^Bgr/i.test(format);
  const told = PIXEL_RANGES[metadata.get('Image.NominalPixelRange') ?? ''];
  if (told !== undefined) return { isBgr, range: { range: told, why: 'Image.NominalPixelRange of its metadata' } };
  if (inputs.get(input)?.dtype === 'uint8') return { isBgr, range: { range: '0..255', why: 'it takes bytes' } };
  const found = graph === null ? null : firstScaling(graph, input);
  return found === null ? { isBgr } : { isBgr, range: found };
}

/** What the first node that scales or moves an input says of its values. */
function firstScaling(graph: Graph, input: Name): PictureHints['range'] | null {
  let value = input;
  for (let i = 0; i < MOST_NODES; i++) {
    const readers = graph.nodes.filter((node) => node.inputs.includes(value));
    if (readers.length !== 1) return null;
    const [node] = readers;
    const range = rangeBefore(graph, node);
    if (range !== null) return { range, why: `its node ${node.name} (${node.op})` };
    if (!PASSING.has(node.op) || node.outputs.length !== 1) return null;
    value = node.outputs[0];
  }
  return null;
}

const PASSING = new Set<string>(['identity', 'transpose', 'conversion', 'pad', 'resize', 'resampling', 'expand']);

type Greatest = (place: number) => number | null;

/** What the constants of a node say of the values before it. */
const SAYS: ReadonlyMap<string, (greatest: Greatest) => Range | null> = new Map([
  ['multiplication', (greatest) => ofScale(greatest(1) ?? greatest(0))],
  ['division', (greatest) => ofScale(reciprocal(greatest(1)))],
  ['subtraction', (greatest) => ofShift(greatest(1) ?? greatest(0))],
  ['addition', (greatest) => ofShift(greatest(1) ?? greatest(0))],
  ['scale-shift', (greatest) => ofScale(greatest(1))],
  // A mean near zero may be of any range.
  ['batch-normalisation', (greatest) => ((greatest(3) ?? 0) > 2 ? '0..255' : null)],
]);

function rangeBefore(graph: Graph, node: Node): Range | null {
  return SAYS.get(node.op)?.((place) => greatestOf(graph, node.inputs[place])) ?? null;
}

/** The greatest magnitude of a parameter; null for what is none. */
function greatestOf(graph: Graph, name: Name | null | undefined): number | null {
  const parameter = name === null || name === undefined ? undefined : graph.parameters.get(name);
  if (parameter === undefined || parameter.data.length === 0) return null;
  return doublesOf(parameter)
    .data.subarray(0, MOST_NUMBERS)
    .reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/** As 1/255 is for bytes, and 255, 2 or 1/0.229 for 0 … 1. */
function ofScale(factor: number | null): Range | null {
  if (factor === null || factor === 0) return null;
  if (factor < 0.05) return '0..255';
  return factor > 1 ? '0..1' : null;
}

/** As 127.5 or 123.68 is for bytes, and 0.5 or 0.485 for 0 … 1. */
function ofShift(shift: number | null): Range | null {
  if (shift === null || shift === 0) return null;
  if (shift > 2) return '0..255';
  return shift < 1 ? '0..1' : null;
}

function reciprocal(x: number | null): number | null {
  return x === null || x === 0 ? null : 1 / x;
}
