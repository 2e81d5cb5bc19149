/** Convolutions of whole numbers over any number of axes, their sums exact. */
import type { FieldsOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { expectCount } from '../../tensor/convolution-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Shape } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { parseList } from '../parse-values.ts';
import { type Size, shapeText } from '../values.ts';
import type { DoubleTensor } from './double.ts';
import { mayEqual } from './inputs.ts';
import type { Given } from './operation.ts';

/** Windows over the axes behind the channels. */
export interface IntegerWindowAttributes {
  /** One for each axis, 1 when not told. */
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly groups?: number;
  /** Zeros before each axis and then behind each, none when not told; or so many that ⌈size / stride⌉ windows fit. */
  readonly padding?: readonly number[] | 'same-upper' | 'same-lower';
}

export const INTEGER_WINDOW_FIELDS: FieldsOf<IntegerWindowAttributes> = {
  strides: true,
  dilations: true,
  groups: true,
  padding: true,
};

export function parseIntegerWindows(who: string, given: Given): IntegerWindowAttributes {
  const counts = (what: string, value: unknown): readonly number[] | undefined => {
    if (value === undefined) return undefined;
    return parseList(who, what, value, 'invalid-argument').map((count) => {
      expectCount(who, `one of the ${what}`, count, 'invalid-argument');
      return count;
    });
  };
  const { groups = 1 } = given;
  expectCount(who, 'groups', groups, 'invalid-groups');
  const padding = parsePadding(who, given.padding);
  return {
    strides: counts('strides', given.strides),
    dilations: counts('dilations', given.dilations),
    groups,
    padding,
  };
}

function parsePadding(who: string, padding: unknown): IntegerWindowAttributes['padding'] {
  if (padding === undefined || padding === 'same-upper' || padding === 'same-lower') return padding;
  return parseList(who, 'padding', padding, 'invalid-input-padding').map((count) => {
    if (Number.isSafeInteger(count) && (count as number) >= 0) return count as number;
    const text = `one of the padding is ${show(count)}, expected a whole number of at least 0`;
    throw new NnpackError('invalid-input-padding', `${who}: ${text}`);
  });
}

type WindowNode = OpNode<IntegerWindowAttributes>;

/** Windows along one axis. */
interface Axis {
  readonly size: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly count: number;
}

function axisOfWindows({ attributes }: WindowNode, i: number, rank: number, size: number, taps: number): Axis {
  const { strides, dilations, padding } = attributes;
  const [stride, dilation] = [strides?.[i] ?? 1, dilations?.[i] ?? 1];
  const span = (taps - 1) * dilation + 1;
  if (padding === 'same-upper' || padding === 'same-lower') {
    const count = Math.ceil(size / stride);
    const missing = Math.max(0, (count - 1) * stride + span - size);
    const before = (padding === 'same-upper' ? Math.floor : Math.ceil)(missing / 2);
    return { size, taps, stride, dilation, before, count };
  }
  const [before, after] = [padding?.[i] ?? 0, padding?.[i + rank] ?? 0];
  return { size, taps, stride, dilation, before, count: Math.floor((before + size + after - span) / stride) + 1 };
}

/** N × M × windows, where x is N × C × … and w is M × C / groups × …; a size that is not known is null. */
export function integerWindowsShape(node: WindowNode, x: readonly Size[], w: readonly Size[]): Sizes {
  const { strides, dilations, padding, groups = 1 } = node.attributes;
  const rank = x.length - 2;
  const lists = [strides, dilations].every((list) => list === undefined || list.length === rank);
  const isPadded = padding === undefined || typeof padding === 'string' || padding.length === 2 * rank;
  if (rank < 0 || w.length !== x.length || !lists || !isPadded) {
    const text = `input is ${shapeText(x)} and kernel ${shapeText(w)}, expected as many axes as strides and padding have`;
    throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}`);
  }
  const channels = typeof w[1] === 'number' ? w[1] * groups : w[1];
  if (!mayEqual(x[1], channels) || (typeof w[0] === 'number' && w[0] % groups !== 0)) {
    const text = `input is ${shapeText(x)} and kernel ${shapeText(w)}, expected channels for ${groups} groups`;
    throw new NnpackError('invalid-channels', `${whoIs(node)}: ${text}`);
  }
  const windows = x.slice(2).map((size, i) => {
    const taps = w[i + 2];
    if (typeof size === 'string' || typeof taps === 'string') return null;
    const { count } = axisOfWindows(node, i, rank, size, taps);
    if (count > 0) return count;
    throw new NnpackError('invalid-input-size', `${whoIs(node)}: no window fits in ${shapeText(x)}`);
  });
  return [x[0], w[0], ...windows];
}

/** Σ x · w over each window; zero points were subtracted before, so that padding counts as 0. */
export function integerSums(node: WindowNode, x: DoubleTensor, w: DoubleTensor): DoubleTensor {
  const { groups = 1 } = node.attributes;
  const shape = integerWindowsShape(node, x.shape, w.shape) as Shape;
  const [batch, outputs] = shape;
  const channels = w.shape[1];
  const [plane, taps] = [sizeOf(x.shape.slice(2)), sizeOf(w.shape.slice(2))];
  const windows = windowsOf(node, x.shape, w.shape);
  const data = new Float64Array(sizeOf(shape));
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (let m = 0; m < outputs; m++) {
      const first = Math.floor(m / (outputs / groups)) * channels;
      for (const { places, kernelPlaces } of windows) {
        let sum = 0;
        for (let c = 0; c < channels; c++) {
          const xs = (n * x.shape[1] + first + c) * plane;
          const ws = (m * channels + c) * taps;
          for (let t = 0; t < places.length; t++) sum += x.data[xs + places[t]] * w.data[ws + kernelPlaces[t]];
        }
        data[at++] = sum;
      }
    }
  }
  return { shape, data };
}

/** What a window sees of a plane, and with which elements of the kernel. */
interface Window {
  readonly places: readonly number[];
  readonly kernelPlaces: readonly number[];
}

function windowsOf(node: WindowNode, x: Shape, w: Shape): readonly Window[] {
  const rank = x.length - 2;
  let windows: readonly Window[] = [{ places: [0], kernelPlaces: [0] }];
  for (let i = 0; i < rank; i++) {
    const axis = axisOfWindows(node, i, rank, x[i + 2], w[i + 2]);
    const along = Array.from({ length: axis.count }, (_, k) => tapsInside(axis, k));
    windows = windows.flatMap((window) =>
      along.map(
        (inside): Window => ({
          places: window.places.flatMap((place) => inside.map(({ at }) => place * axis.size + at)),
          kernelPlaces: window.kernelPlaces.flatMap((place) => inside.map(({ tap }) => place * axis.taps + tap)),
        }),
      ),
    );
  }
  return windows;
}

function tapsInside({ size, taps, stride, dilation, before }: Axis, window: number) {
  return Array.from({ length: taps }, (_, tap) => ({ tap, at: window * stride - before + tap * dilation })).filter(
    ({ at }) => at >= 0 && at < size,
  );
}

/** As the field counts them. */
export function integerMultiplyAdds(kernel: Shape | null, [output]: readonly Shape[]): number {
  return sizeOf(output) * sizeOf((kernel ?? []).slice(1));
}
