import { oneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { checkResize, runResize } from '../../layers/resize.ts';
import { withoutWeights } from '../compiled.ts';
import { axesOf, type ResizeNode, whoIs } from '../network.ts';
import { parseScale } from '../parse-values.ts';
import { at, build, type DoubleTensor, pair } from './double.ts';
import { expectRank3 } from './inputs.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import type { Slicing } from './slicing.ts';

export const resize: Operation<ResizeNode> = {
  inputs: ONE_INPUT,
  fields: { mode: true, scale: true },
  parse(who, given) {
    if (given.mode === undefined) {
      throw new NnpackError('invalid-argument', `${who}: mode is not given, expected 'nearest' or 'bilinear'`);
    }
    const mode = oneOf(who, 'mode', given.mode, ['nearest', 'bilinear'], 'invalid-argument');
    return { mode, scale: parseScale(who, given.scale) };
  },
  infer(node, [input]) {
    const [channels, height, width] = expectRank3(node, input);
    const [scaleHeight, scaleWidth] = axesOf(node.scale);
    return [channels, resizedTo(node, height, scaleHeight), resizedTo(node, width, scaleWidth)];
  },
  compile({ mode, scale, ...node }, [input], _options, context) {
    const shape = checkResize(whoIs(node), input, { mode, scale });
    return withoutWeights(([x], y) => runResize(context, shape, x, y));
  },
  reference,
  slicing,
  isIdentity: ({ scale }) => axesOf(scale).every((factor) => factor === 1),
  gradient: null,
};

function resizedTo(node: ResizeNode, size: number | null, scale: number): number | null {
  if (size === null) return null;
  const resized = Math.floor(size * scale);
  if (resized > 0) return resized;
  throw new NnpackError('invalid-input-size', `${whoIs(node)}: the scale leaves nothing of ${size} elements`);
}

/**
 *     nearest, scale s     [lo, hi)  ←  [⌊lo / s⌋, ⌊(hi − 1) / s⌋ + 1)
 *     bilinear, scale s    [lo, hi)  ←  [⌊(2·lo + 1 − s) / 2s⌋, ⌈(2·hi − 1 − s) / 2s⌉ + 1)
 */
function slicing({ mode, scale }: ResizeNode): Slicing | string {
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

function reference(node: ResizeNode, [x]: readonly DoubleTensor[]): DoubleTensor {
  const [batch, channels, height, width] = x.shape;
  const [scaleH, scaleW] = pair(node.scale);
  const [outH, outW] = [Math.floor(height * scaleH), Math.floor(width * scaleW)];
  if (node.mode === 'nearest') {
    return build([batch, channels, outH, outW], ([n, c, i, j]) =>
      at(x, [n, c, Math.floor((i * height) / outH), Math.floor((j * width) / outW)]),
    );
  }
  return build([batch, channels, outH, outW], ([n, c, i, j]) => {
    const [i0, i1, u] = between(i, height, outH);
    const [j0, j1, v] = between(j, width, outW);
    const above = at(x, [n, c, i0, j0]) * (1 - v) + at(x, [n, c, i0, j1]) * v;
    const below = at(x, [n, c, i1, j0]) * (1 - v) + at(x, [n, c, i1, j1]) * v;
    return above * (1 - u) + below * u;
  });
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
