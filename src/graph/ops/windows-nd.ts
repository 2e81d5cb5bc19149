/** Windows over any number of axes, whose padding may wait for sizes: what general convolutions and poolings have in common. */
import { type FieldsOf, readFields } from '../../check/options.ts';
import { type ErrorCode, NnpackError, show } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { reachOf } from '../../tensor/windows.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { parseList } from '../parse-values.ts';
import { type Size, shapeText } from '../values.ts';
import type { Given } from './operation.ts';

/** Elements before and after an input, axis by axis. */
export interface AxesSides {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Elements of each side; or those that ⌈size / stride⌉ windows need, the odd one after the input, or for 'same-lower' before it. */
export type AxesPadding = 'same' | 'same-lower' | AxesSides;

/** How windows move over the axes behind batch and channels: a number for each of them. */
export interface WindowAttributes {
  /** 1 when not given. */
  readonly stride?: readonly number[];
  /** 1 when not given. */
  readonly dilation?: readonly number[];
  /** None when not given. */
  readonly padding?: AxesPadding;
}

type Who = Pick<OpNode<unknown>, 'name' | 'op'>;

export const WINDOW_FIELDS = { stride: true, dilation: true, padding: true } as const;
const SIDES: FieldsOf<AxesSides> = { before: true, after: true };
const MOST = 2 ** 31 - 1;

export function parseWindows(who: string, given: Given): WindowAttributes {
  return {
    stride: parseCounts(who, 'stride', given.stride, 1, 'invalid-stride'),
    dilation: parseCounts(who, 'dilation', given.dilation, 1, 'invalid-dilation'),
    padding: parseAxesPadding(who, given.padding),
  };
}

/** Whole numbers of at least 0 or 1. */
export function parseCounts(
  who: string,
  what: string,
  value: unknown,
  least: 0 | 1,
  code: ErrorCode,
): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const counts = parseList(who, what, value, code).map((count): number => {
    if (typeof count === 'number' && Number.isInteger(count) && count >= least && count <= MOST) return count;
    const text = `${what} has ${show(count)}, expected whole numbers of at least ${least} and at most ${MOST}`;
    throw new NnpackError(code, `${who}: ${text}`);
  });
  return Object.freeze(counts);
}

function parseAxesPadding(who: string, value: unknown): AxesPadding | undefined {
  if (value === undefined || value === 'same' || value === 'same-lower') return value;
  const code = 'invalid-input-padding';
  const { before, after } = readFields<AxesSides>(who, 'padding', value, SIDES, code);
  const parsed = {
    before: parseCounts(who, 'padding before', before, 0, code),
    after: parseCounts(who, 'padding after', after, 0, code),
  };
  if (parsed.before !== undefined && parsed.after !== undefined) {
    return Object.freeze({ before: parsed.before, after: parsed.after });
  }
  throw new NnpackError(code, `${who}: padding is ${show(value)}, expected numbers before and after`);
}

/** The windows along one axis of `size` elements. */
export interface WindowAxis {
  readonly size: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  /** How many there are. */
  readonly count: number;
}

/** What is known of windows before the sizes of an input are. */
export interface WindowsOver {
  readonly node: Who;
  readonly attributes: WindowAttributes;
  /** Of a window, along each axis. */
  readonly taps: readonly number[];
  /** Whether the last window may hang over the edge. */
  readonly mayHangOver: boolean;
  /** Whether one that does so may start behind the input, where it is else none. */
  readonly keepsOutside?: boolean;
  /** Of the error where a window fits nowhere. */
  readonly misfit: ErrorCode;
}

/** The windows along each axis of sizes that are known. */
export function windowAxes(windows: WindowsOver, sizes: readonly number[]): readonly WindowAxis[] {
  expectAxes(windows, sizes);
  return sizes.map((size, axis) => windowAxis(windows, size, axis));
}

/** How many windows there are along each axis; null where that is not known. */
export function windowCounts(windows: WindowsOver, sizes: readonly Size[]): Sizes {
  const { stride, padding } = windows.attributes;
  expectAxes(windows, sizes);
  return sizes.map((size, axis) => {
    if (typeof size === 'number') return windowAxis(windows, size, axis).count;
    return typeof padding === 'string' && (stride?.[axis] ?? 1) === 1 ? size : null;
  });
}

/** Every list has a number for each of the input's axes. */
function expectAxes({ node, attributes, taps }: WindowsOver, sizes: readonly Size[]): void {
  expectForEachAxis(node, 'window', taps, sizes);
  expectForEachAxis(node, 'stride', attributes.stride, sizes);
  expectForEachAxis(node, 'dilation', attributes.dilation, sizes);
  const { padding = 'same' } = attributes;
  if (typeof padding === 'string') return;
  expectForEachAxis(node, 'padding before', padding.before, sizes);
  expectForEachAxis(node, 'padding after', padding.after, sizes);
}

export function expectForEachAxis(
  node: Who,
  what: string,
  list: readonly number[] | undefined,
  sizes: readonly Size[],
): void {
  if (list === undefined || list.length === sizes.length) return;
  const text = `${what} is ${show([...list])}, expected a number for each of the axes ${shapeText(sizes)}`;
  throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}`);
}

function windowAxis(
  { node, attributes, taps, mayHangOver, keepsOutside = false, misfit }: WindowsOver,
  size: number,
  axis: number,
): WindowAxis {
  const { padding } = attributes;
  const stride = attributes.stride?.[axis] ?? 1;
  const dilation = attributes.dilation?.[axis] ?? 1;
  const reach = reachOf(taps[axis], dilation);
  const own = { size, taps: taps[axis], stride, dilation };
  if (typeof padding === 'string') {
    const count = Math.ceil(size / stride);
    const sides = halves(padding, Math.max((count - 1) * stride + reach - size, 0));
    return { ...own, ...sides, count };
  }
  const [before, after] = [padding?.before[axis] ?? 0, padding?.after[axis] ?? 0];
  const free = (before + size + after - reach) / stride;
  // Those that start before the end of the input.
  const begun = keepsOutside ? Number.POSITIVE_INFINITY : Math.ceil((before + size) / stride);
  const count = mayHangOver ? Math.min(Math.ceil(free) + 1, begun) : Math.floor(free) + 1;
  if (count >= 1) return { ...own, before, after, count };
  const what = `a window of ${reach} does not fit the padded input of ${before + size + after}`;
  throw new NnpackError(misfit, `${whoIs(node)}: ${what}`);
}

/** Elements put before and after, the odd one of them where the padding says. */
export function halves(padding: 'same' | 'same-lower', total: number): { before: number; after: number } {
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
  return padding === 'same' ? { before: less, after: more } : { before: more, after: less };
}

/** Where the taps of windows first … stand in a plane, window after window; −1 outside of it. */
export function placesOfTaps(axes: readonly WindowAxis[], first: number, count: number): Int32Array {
  const taps = sizeOf(axes.map((axis) => axis.taps));
  const places = new Int32Array(count * taps);
  const starts = axes.map(() => 0);
  const tap = axes.map(() => 0);
  for (let window = 0; window < count; window++) {
    let rest = first + window;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { count: windows, stride, before } = axes[axis];
      starts[axis] = (rest % windows) * stride - before;
      rest = Math.floor(rest / windows);
    }
    tap.fill(0);
    for (let t = 0; t < taps; t++) {
      places[window * taps + t] = placeOf(axes, starts, tap);
      for (let axis = axes.length - 1; axis >= 0 && ++tap[axis] === axes[axis].taps; axis--) tap[axis] = 0;
    }
  }
  return places;
}

function placeOf(axes: readonly WindowAxis[], starts: readonly number[], tap: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < axes.length; axis++) {
    const { size, dilation } = axes[axis];
    const at = starts[axis] + tap[axis] * dilation;
    if (at < 0 || at >= size) return -1;
    place = place * size + at;
  }
  return place;
}

/** Elements of what is laid out for a block of windows. */
const BLOCK_ELEMENTS = 2 ** 20;

/** How many windows of so many elements are looked at together. */
export function windowsTogether(windows: number, elements: number): number {
  return Math.min(windows, Math.ceil(BLOCK_ELEMENTS / elements));
}
