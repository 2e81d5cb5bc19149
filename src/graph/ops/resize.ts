import { NnpackError, show } from '../../errors.ts';
import { checkResize, checkResizeMode, runResize } from '../../layers/resize.ts';
import type { PerAxis } from '../../tensor/convolution-shape.ts';
import { axesOf } from '../attributes.ts';
import { withoutWeights } from '../compiled.ts';
import { type OpNode, whoIs } from '../node.ts';
import { parseScale } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { at, build, type DoubleTensor, pair, present } from './double.ts';
import { expectPlanes, onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import type { Slicing } from './slicing.ts';

/** Planes of other sizes, bilinear between sample centres (half-pixel centres) with the edges repeated. */
export interface ResizeAttributes {
  readonly mode: 'nearest' | 'bilinear';
  readonly scale: PerAxis;
}

type ResizeNode = OpNode<ResizeAttributes>;

export const resize: Operation<ResizeAttributes> = {
  inputs: ONE,
  fields: { mode: true, scale: true },
  check(who, given) {
    return { mode: checkResizeMode(who, given.mode), scale: parseScale(who, given.scale) };
  },
  infer: onFloats((node, [x]) => {
    const [batch, channels, height, width] = expectPlanes(node, x);
    const [scaleHeight, scaleWidth] = axesOf(node.attributes.scale);
    return [[batch, channels, resizedTo(node, height, scaleHeight), resizedTo(node, width, scaleWidth)]];
  }),
  lower({ node, inputs: [input], context }) {
    const shape = checkResize(whoIs(node), input ?? [], node.attributes);
    return withoutWeights(([x], [y]) => runResize(context, shape, x, y));
  },
  reference,
  slicing,
  isIdentity: ({ attributes }) => axesOf(attributes.scale).every((factor) => factor === 1),
  gradient: null,
};

function resizedTo(node: ResizeNode, size: Size, scale: number): Size | null {
  if (typeof size === 'string') return scale === 1 ? size : null;
  const resized = Math.floor(size * scale);
  if (resized > 0) return resized;
  throw new NnpackError('invalid-input-size', `${whoIs(node)}: the scale leaves nothing of ${size} elements`);
}

/**
 *     nearest, scale s     [lo, hi)  ←  [⌊lo / s⌋, ⌊(hi − 1) / s⌋ + 1)
 *     bilinear, scale s    [lo, hi)  ←  [⌊(2·lo + 1 − s) / 2s⌋, ⌈(2·hi − 1 − s) / 2s⌉ + 1)
 */
function slicing({ attributes: { mode, scale } }: ResizeNode): Slicing | string {
  const scales = axesOf(scale);
  if (!scales.every(Number.isInteger)) return `slices need whole scales, got ${show([...scales])}`;
  return {
    scale: scales,
    needed(axis, { lo, hi }) {
      const s = scales[axis];
      if (mode === 'nearest') return { lo: Math.floor(lo / s), hi: Math.floor((hi - 1) / s) + 1 };
      // row i lies at (i + ½) / s − ½ = (2i + 1 − s) / 2s, between ⌊ ⌋ and ⌈ ⌉ of that
      return { lo: Math.floor((2 * lo + 1 - s) / (2 * s)), hi: Math.ceil((2 * hi - 1 - s) / (2 * s)) + 1 };
    },
  };
}

function reference({ attributes }: ResizeNode, [input]: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  const x = present(input);
  const [batch, channels, height, width] = x.shape;
  const [scaleH, scaleW] = pair(attributes.scale);
  const [outH, outW] = [Math.floor(height * scaleH), Math.floor(width * scaleW)];
  const nearest = ([n, c, i, j]: readonly number[]) =>
    at(x, [n, c, Math.floor((i * height) / outH), Math.floor((j * width) / outW)]);
  const bilinear = ([n, c, i, j]: readonly number[]) => {
    const [i0, i1, u] = between(i, height, outH);
    const [j0, j1, v] = between(j, width, outW);
    const above = at(x, [n, c, i0, j0]) * (1 - v) + at(x, [n, c, i0, j1]) * v;
    const below = at(x, [n, c, i1, j0]) * (1 - v) + at(x, [n, c, i1, j1]) * v;
    return above * (1 - u) + below * u;
  };
  return [build([batch, channels, outH, outW], attributes.mode === 'nearest' ? nearest : bilinear)];
}

/**
 * The two samples around output i, and the weight of the second: (i + ½) · size / out − ½ = (2i + 1) · size / 2out − ½.
 * In whole numbers, so that the weight is the same for outputs a whole period apart.
 */
function between(i: number, size: number, out: number): [number, number, number] {
  const twice = (2 * i + 1) * size - out; // 2 · out · the position
  const first = Math.floor(twice / (2 * out));
  const weight = (twice - first * 2 * out) / (2 * out);
  const clip = (k: number) => Math.min(Math.max(k, 0), size - 1);
  return [clip(first), clip(first + 1), weight];
}
