/** The attributes that convolutions and poolings share. */
import type { AxesPadding, WindowAttributes } from '../../graph/ops/windows-nd.ts';
import type { NodeReader } from '../node-reader.ts';

/** What an automatic padding means; for the others it is told by another attribute. */
const AUTOMATIC: ReadonlyMap<string, 'same' | 'same-lower' | undefined> = new Map([
  ['NOTSET', undefined],
  ['VALID', undefined],
  ['SAME_UPPER', 'same'],
  ['SAME_LOWER', 'same-lower'],
]);

export function windowsOf(node: NodeReader): WindowAttributes {
  return { stride: node.ints('strides'), dilation: node.ints('dilations'), padding: paddingOf(node) };
}

function paddingOf(node: NodeReader): AxesPadding | undefined {
  const kind = automaticPadding(node);
  const pads = node.ints('pads');
  const automatic = AUTOMATIC.get(kind);
  if (automatic !== undefined) return automatic;
  if (kind === 'VALID' || pads === undefined) return undefined;
  if (pads.length % 2 !== 0) node.invalid(`attribute 'pads' has ${pads.length} numbers, expected two for each axis`);
  return { before: pads.slice(0, pads.length / 2), after: pads.slice(pads.length / 2) };
}

/** NOTSET, VALID, SAME_UPPER or SAME_LOWER. */
export function automaticPadding(node: NodeReader): string {
  const kind = node.string('auto_pad', 'NOTSET');
  if (AUTOMATIC.has(kind)) return kind;
  return node.invalid(`attribute 'auto_pad' is ${kind}, expected one of ${[...AUTOMATIC.keys()].join(', ')}`);
}

export function poolingOf(node: NodeReader) {
  const size = node.ints('kernel_shape') ?? node.invalid("attribute 'kernel_shape' is missing");
  // Automatic padding leaves nothing to round, and takes the windows that lie inside.
  const mayHangOver = node.int('ceil_mode', 0) !== 0 && automaticPadding(node) === 'NOTSET';
  return { ...windowsOf(node), size, mayHangOver };
}
