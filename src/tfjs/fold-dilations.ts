/**
 * TensorFlow writes a dilated convolution as a convolution of every b-th pixel, in b · b pictures:
 *
 *     SpaceToBatchND(block b, paddings p)  →  convolution, stride 1, VALID  →  BatchToSpaceND(block b, crops c)
 *       =  convolution with dilation b, whose padding is p − c
 *
 * y[c + i] = Σₜ w[t] · x[c + i + b · t − p] on both sides. In one dimension, an axis is put in before the convolution and
 * taken out behind it. Where the parts have other readers, or more is cut off than was put on, they stay as they are.
 */
import type { Dilated, GraphNode, GraphNodes } from './graph-def.ts';
import { NodeReader } from './node-reader.ts';

const CONVOLUTIONS: ReadonlySet<string> = new Set([
  'Conv2D',
  '_FusedConv2D',
  'DepthwiseConv2dNative',
  'FusedDepthwiseConv2dNative',
]);

/** @param numbersOf the numbers of a node that is constant */
export function foldDilations(
  nodes: GraphNodes,
  outputs: Iterable<string>,
  numbersOf: (name: string) => readonly number[] | undefined,
): GraphNodes {
  const readers = countReaders(nodes, outputs);
  const folded = new Map(nodes);
  for (const node of nodes.values()) {
    if (node.op !== 'BatchToSpaceND') continue;
    for (const changed of foldedBefore(node, nodes, readers, numbersOf)) folded.set(changed.name, changed);
  }
  return folded;
}

function countReaders(nodes: GraphNodes, outputs: Iterable<string>): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  const read = (name: string) => readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const { inputs } of nodes.values()) for (const { node } of inputs) read(node);
  for (const name of outputs) read(name);
  return readers;
}

/** The nodes that become others where one ends what this file is about: itself an Identity, the convolution dilated. */
function foldedBefore(
  end: GraphNode,
  nodes: GraphNodes,
  readers: ReadonlyMap<string, number>,
  numbersOf: (name: string) => readonly number[] | undefined,
): readonly GraphNode[] {
  const makerOf = (node: GraphNode | undefined) => nodes.get(node?.inputs[0]?.node ?? '');
  const isOnlyFor = (node: GraphNode | undefined) => node !== undefined && readers.get(node.name) === 1;
  const last = makerOf(end);
  const squeezed = last?.op === 'Squeeze' ? last : undefined;
  const convolution = squeezed === undefined ? last : makerOf(squeezed);
  const before = makerOf(convolution);
  const expanded = squeezed !== undefined && before?.op === 'ExpandDims' ? before : undefined;
  const start = squeezed === undefined ? before : makerOf(expanded);
  if (convolution === undefined || start?.op !== 'SpaceToBatchND' || !isPlainConvolution(convolution)) return [];
  if (![convolution, ...(expanded && squeezed ? [expanded, squeezed] : [])].every(isOnlyFor)) return [];

  const [block, startBlock, paddings, crops] = [
    [end, 1],
    [start, 1],
    [start, 2],
    [end, 2],
  ].map(([node, input]) => numbersOf((node as GraphNode).inputs[input as number]?.node ?? ''));
  if (!block || !startBlock || !paddings || !crops || String(block) !== String(startBlock)) return [];
  if (paddings.length !== 2 * block.length || crops.length !== 2 * block.length) return [];
  const sides = paddings.map((padding, i) => padding - crops[i]);
  if (sides.some((side) => !(side >= 0))) return [];
  const told: Dilated = {
    dilation: block,
    before: block.map((_, i) => sides[2 * i]),
    after: block.map((_, i) => sides[2 * i + 1]),
  };
  const dilated = expanded === undefined ? told : withAxis(told, numbersOf(expanded.inputs[1]?.node ?? ''));
  if (dilated === null || dilated.dilation.length !== 2) return [];
  const source = start.inputs.slice(0, 1);
  const reader = expanded ?? convolution;
  const moved = { ...reader, inputs: [...source, ...reader.inputs.slice(1)] };
  const dilating = { ...(expanded === undefined ? moved : convolution), dilated };
  return [
    ...(expanded === undefined ? [] : [moved]),
    dilating,
    { ...end, op: 'Identity', inputs: end.inputs.slice(0, 1) },
  ];
}

function isPlainConvolution(node: GraphNode): boolean {
  if (!CONVOLUTIONS.has(node.op)) return false;
  const reader = new NodeReader(node, [], () => undefined);
  const steps = [...reader.ints('strides'), ...reader.ints('dilations')];
  const isLast = reader.string('data_format', 'NHWC') === 'NHWC';
  return reader.string('padding', 'SAME') === 'VALID' && isLast && steps.every((step) => step === 1);
}

/** The same over planes of which one axis has one row, or one column: [N, W, C] with an axis put in. */
function withAxis({ dilation, before, after }: Dilated, axis: readonly number[] | undefined): Dilated | null {
  if (dilation.length !== 1) return null;
  const [place] = axis ?? [];
  if (place === 1 || place === -3) return { dilation: [1, ...dilation], before: [0, ...before], after: [0, ...after] };
  if (place === 2 || place === -2) return { dilation: [...dilation, 1], before: [...before, 0], after: [...after, 0] };
  return null;
}
