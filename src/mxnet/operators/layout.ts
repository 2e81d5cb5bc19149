/** Where channels stand, and what layers of any rank have in common. Everything is computed with channels before the pixels. */
import type { Name } from '../../graph/values.ts';
import { orNone, text, tuple, whole } from '../attributes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { movedAxis, type SymbolReader, transposed } from './converter.ts';

const NONE: readonly number[] = [];

/** Numbers for each axis of pixels; none where these are left out. */
export const COUNTS = tuple(whole({ least: 0 }), { absent: NONE });
export const STEPS = tuple(whole({ least: 1 }), { absent: NONE });
export const LAYOUT = orNone(text());

const FIRST = ['NCW', 'NCHW', 'NCDHW'];
const LAST = ['NWC', 'NHWC', 'NDHWC'];

/** Whether a layout of so many axes has the channels behind the pixels. */
export function isChannelsLast(node: SymbolReader, layout: string | null, rank: number): boolean {
  if (layout === null || layout === FIRST[rank - 3]) return false;
  if (layout === LAST[rank - 3]) return true;
  return node.unsupported(`the layout ${layout} of ${rank} axes`);
}

/** Kernels have from one to three axes. */
export function expectAxes(node: SymbolReader, kernel: readonly number[]): void {
  if (kernel.length >= 1 && kernel.length <= 3) return;
  node.invalid(`kernel is (${kernel}), expected one number for each of one to three axes`);
}

/** The data with so many axes beside batch and channels. */
export function dataOf(node: SymbolReader, builder: SymbolBuilder, axes: number): Name {
  const x = node.input(0);
  const rank = builder.shapeOf(x).length;
  if (rank === axes + 2) return x;
  return node.invalid(`its data has ${rank} axes, expected ${axes + 2} (the kernel's and two)`, 'invalid-rank');
}

/** What `make` makes of the data with the channels in front, as the first output of the node. */
export function channelsFirst(
  node: SymbolReader,
  builder: SymbolBuilder,
  x: Name,
  isLast: boolean,
  make: (x: Name, output: Name) => void,
): void {
  if (!isLast) {
    make(x, node.first);
    return;
  }
  const rank = builder.shapeOf(x).length;
  const [there, back] = movedAxis(rank, rank - 1, 1);
  const made = builder.fresh(`${node.first}.first`);
  make(transposed(builder, x, there), made);
  transposed(builder, made, back, node.first);
}

/** A number for each axis. */
export function perAxis(
  node: SymbolReader,
  what: string,
  numbers: readonly number[],
  axes: number,
  absent: number,
): readonly number[] {
  if (numbers.length === 0) return new Array<number>(axes).fill(absent);
  if (numbers.length === axes) return numbers;
  return node.invalid(`${what} is (${numbers}), expected ${axes} numbers (the kernel's axes)`);
}
