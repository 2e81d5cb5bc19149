import { checkPad, checkPadOptions, PAD_FIELDS, type PadMode, paddedExtent, runPad } from '../../layers/pad.ts';
import type { Padding } from '../../tensor/convolution-shape.ts';
import { sidesOf } from '../attributes.ts';
import { withoutWeights } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { parsePadding } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { around, at, build, type DoubleTensor, present } from './double.ts';
import { expectPlanes, onFloats } from './inputs.ts';
import { type Given, ONE, type Operation } from './operation.ts';
import type { Slicing } from './slicing.ts';

/**
 * Rows and columns around planes: they hold a value (0 when not given), or the input's own rows and columns mirrored at
 * the outermost, or copies of the outermost.
 */
export interface PadAttributes {
  readonly padding: Padding;
  readonly mode?: PadMode;
  readonly value?: number;
}

type PadNode = OpNode<PadAttributes>;

export const pad: Operation<PadAttributes> = {
  inputs: ONE,
  fields: PAD_FIELDS,
  check,
  infer: onFloats((node, [x]) => [padded(node, x)]),
  lower({ node, inputs: [input], context }) {
    const shape = checkPad(whoIs(node), input ?? [], node.attributes);
    return withoutWeights(([x], [y]) => runPad(context, shape, x, y));
  },
  reference,
  // The definition walks to the edges step by step.
  terms: ({ attributes }) => Object.values(sidesOf(attributes.padding)).reduce((sum, count) => sum + count, 1),
  slicing,
  isIdentity: ({ attributes }) => Object.values(sidesOf(attributes.padding)).every((count) => count === 0),
  gradient: null,
};

function check(who: string, given: Given): PadAttributes {
  const padding = parsePadding(who, given.padding);
  const { mode, value } = checkPadOptions(who, { ...given, padding });
  // The check throws where it is not given.
  return { padding: padding as Padding, mode, value: mode === 'constant' ? value : undefined };
}

function padded(node: PadNode, input: readonly Size[] | null): Sizes {
  const [batch, channels, height, width] = expectPlanes(node, input);
  const { padding, mode = 'constant' } = node.attributes;
  const { top, right, bottom, left } = sidesOf(padding);
  const extent = (axis: 'height' | 'width', size: Size, before: number, after: number) => {
    if (typeof size === 'number') return paddedExtent(whoIs(node), axis, mode, size, before, after);
    return before + after === 0 ? size : null;
  };
  return [batch, channels, extent('height', height, top, bottom), extent('width', width, left, right)];
}

/**
 * With p before and q after, row r of the output is row r − p of the input, so [lo, hi) ← [lo − p, hi − p): a row that is
 * put there needs one outside of the input, and so belongs to a slice that ends where the picture does. The row that it
 * copies must lie in that slice too. An outermost row always does, because slices have at least as many rows as an
 * interval; rows mirrored p down or q up do if intervals have as many: [lo − p − q, hi).
 */
function slicing({ attributes: { padding, mode } }: PadNode): Slicing {
  const { top, right, bottom, left } = sidesOf(padding);
  const isMirrored = mode === 'reflect';
  return {
    scale: [1, 1],
    needed(axis, { lo, hi }) {
      const [before, after] = axis === 0 ? [top, bottom] : [left, right];
      return isMirrored ? { lo: lo - before - after, hi } : { lo: lo - before, hi: hi - before };
    },
  };
}

function reference({ attributes }: PadNode, [input]: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  const { padding, mode, value = 0 } = attributes;
  const x = present(input);
  const [batch, channels, height, width] = x.shape;
  const { top, right, bottom, left } = around(padding);
  const paddedAt = ([n, c, i, j]: readonly number[]) => {
    const [row, column] = [i - top, j - left];
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    if (mode === 'reflect') return at(x, [n, c, bounced(row, height), bounced(column, width)]);
    if (mode === 'edge') return at(x, [n, c, walked(row, height), walked(column, width)]);
    return isInside ? at(x, [n, c, row, column]) : Math.fround(value);
  };
  return [build([batch, channels, top + height + bottom, left + width + right], paddedAt)];
}

/** Rows repeat 0, 1, …, H − 1, H − 2, …, 1 without end. */
function bounced(place: number, size: number): number {
  const period = Math.max(2 * (size - 1), 1);
  const from = ((place % period) + period) % period;
  return from < size ? from : period - from;
}

/** One step after another towards the input, until there. */
function walked(place: number, size: number): number {
  let at = place;
  while (at < 0) at++;
  while (at >= size) at--;
  return at;
}
