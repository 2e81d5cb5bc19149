import { checkPad, checkPadOptions, PAD_FIELDS, paddedExtent, runPad } from '../../layers/pad.ts';
import type { Padding } from '../../tensor/convolution-shape.ts';
import { withoutWeights } from '../compiled.ts';
import { type PadNode, type PartialShape, sidesOf, whoIs } from '../network.ts';
import { parsePadding } from '../parse-values.ts';
import { around, at, build, type DoubleTensor } from './double.ts';
import { expectRank3 } from './inputs.ts';
import { type Given, ONE_INPUT, type Operation, type OwnFields } from './operation.ts';
import type { Slicing } from './slicing.ts';

export const pad: Operation<PadNode> = {
  inputs: ONE_INPUT,
  fields: PAD_FIELDS,
  parse,
  infer,
  compile({ padding, mode, value, ...node }, [input], _options, context) {
    const shape = checkPad(whoIs(node), input, { padding, mode, value });
    return withoutWeights(([x], y) => runPad(context, shape, x, y));
  },
  reference,
  slicing,
  isIdentity: ({ padding }) => Object.values(sidesOf(padding)).every((count) => count === 0),
  gradient: null,
};

function parse(who: string, given: Given): OwnFields<PadNode> {
  const padding = parsePadding(who, given.padding);
  const { mode, value } = checkPadOptions(who, { ...given, padding });
  // It is given, or the check would have thrown.
  return { padding: padding as Padding, mode, value: mode === 'constant' ? value : undefined };
}

function infer(node: PadNode, [input]: readonly PartialShape[]): PartialShape {
  const [channels, height, width] = expectRank3(node, input);
  const { top, right, bottom, left } = sidesOf(node.padding);
  const { mode = 'constant' } = node;
  const who = whoIs(node);
  return [
    channels,
    height === null ? null : paddedExtent(who, 'height', mode, height, top, bottom),
    width === null ? null : paddedExtent(who, 'width', mode, width, left, right),
  ];
}

/**
 * With p before and q after, row r of the output is row r − p of the input, so [lo, hi) ← [lo − p, hi − p): a row that is
 * put there needs one outside of the input, and so belongs to a slice that ends where the picture does. What it is a copy
 * of must lie in that slice too. Slices have at least as many rows as an interval, so that an outermost row always does,
 * and rows mirrored p down or q up do if intervals have as many: [lo − p − q, hi).
 */
function slicing({ padding, mode }: PadNode): Slicing {
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

function reference({ padding, mode, value = 0 }: PadNode, [x]: readonly DoubleTensor[]): DoubleTensor {
  const [batch, channels, height, width] = x.shape;
  const { top, right, bottom, left } = around(padding);
  return build([batch, channels, top + height + bottom, left + width + right], ([n, c, i, j]) => {
    const [row, column] = [i - top, j - left];
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    if (mode === 'reflect') return at(x, [n, c, bounced(row, height), bounced(column, width)]);
    if (mode === 'edge') return at(x, [n, c, walked(row, height), walked(column, width)]);
    return isInside ? at(x, [n, c, row, column]) : Math.fround(value);
  });
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
