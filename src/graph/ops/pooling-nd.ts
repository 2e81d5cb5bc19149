/** What poolings over any number of axes have in common. */
import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, withoutWeights } from '../compiled.ts';
import type { OpNode, Sizes } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { at, type DoubleTensor, present } from './double.ts';
import { countedWindows, indicesOf } from './double-windows.ts';
import { expectChannelAxis, onFloats } from './inputs.ts';
import { type Given, ONE, type Operation } from './operation.ts';
import {
  parseCounts,
  parseWindows,
  placesOfTaps,
  WINDOW_FIELDS,
  type WindowAttributes,
  type WindowAxis,
  type WindowsOver,
  windowAxes,
  windowCounts,
  windowsTogether,
} from './windows-nd.ts';

/** Windows over the axes behind batch and channels. */
export interface PoolingNdAttributes extends WindowAttributes {
  /** Taps along each axis. */
  readonly size: readonly number[];
  /** Whether the last window may hang over the edge, ⌈ ⌉ in place of ⌊ ⌋; one that starts behind the input is none. */
  readonly mayHangOver?: boolean;
  /** Those that start behind the input are kept as well: MXNet's 'full'. */
  readonly keepsOutside?: boolean;
}

type Node = OpNode<PoolingNdAttributes>;

export const POOLING_ND_FIELDS = { ...WINDOW_FIELDS, size: true, mayHangOver: true, keepsOutside: true } as const;

export function parsePoolingNd(who: string, given: Given): PoolingNdAttributes {
  const size = parseCounts(who, 'size', given.size, 1, 'invalid-pooling-size');
  if (size === undefined) {
    throw new NnpackError('invalid-pooling-size', `${who}: size is not given, expected a number for each axis`);
  }
  const mayHangOver = parseFlag(who, 'mayHangOver', given.mayHangOver);
  const keepsOutside = parseFlag(who, 'keepsOutside', given.keepsOutside);
  return { ...parseWindows(who, given), size, mayHangOver, keepsOutside };
}

export function poolingWindows(node: Node): WindowsOver {
  const { size, mayHangOver = false, keepsOutside } = node.attributes;
  return { node, attributes: node.attributes, taps: size, mayHangOver, keepsOutside, misfit: 'invalid-pooling-size' };
}

/** The shape of what a pooling makes. */
export function pooledShape(node: Node, input: readonly Size[] | null): Sizes {
  const [batch, channels, ...sizes] = expectChannelAxis(node, input);
  return [batch, channels, ...windowCounts(poolingWindows(node), sizes)];
}

/** Every window is looked at whole. */
export function poolingNdTerms({ attributes }: Node): number {
  return sizeOf(attributes.size);
}

/**
 * What poolings of floating-point numbers have in common.
 *
 * @param foldingOf how kernels make one number of a window
 * @param outputOf the same by its definition, of the elements inside the input
 */
export function foldedWindows<A extends PoolingNdAttributes>(
  foldingOf: (attributes: A) => Folding,
  outputOf: (attributes: A, elements: WindowElements) => number,
) {
  return {
    inputs: ONE,
    infer: onFloats((node: OpNode<A>, [x]) => [pooledShape(node, x)]),
    lower: (call: Lowering<A>) => lowerPoolingNd(call, foldingOf(call.node.attributes)),
    reference: (node: OpNode<A>, [x]: readonly (DoubleTensor | null)[]) => [
      pooledNd(node, x, (elements) => outputOf(node.attributes, elements)),
    ],
    terms: poolingNdTerms,
    slicing: () => 'slices need the planes of a pooling',
    gradient: null,
  } satisfies Partial<Operation<A>>;
}

/** How the elements of a window become one. */
export interface Folding {
  readonly start: number;
  add(total: number, x: number): number;
  /** Of the elements inside the input, and of those inside its padding. */
  end(total: number, inside: number, padded: number): number;
}

export function lowerPoolingNd(
  { node, inputs, outputs: [shape], context }: Lowering<PoolingNdAttributes>,
  { start, add, end }: Folding,
): Compiled {
  const [batch, channels, ...sizes] = inputs[0] ?? [];
  const axes = windowAxes(poolingWindows(node), sizes);
  const [plane, taps, windows] = [sizeOf(sizes), poolingNdTerms(node), sizeOf(shape.slice(2))];
  const together = windowsTogether(windows, taps);
  return withoutWeights(([x], [y]) => {
    const { f32 } = context.arena;
    for (let first = 0; first < windows; first += together) {
      const count = Math.min(together, windows - first);
      const places = placesOfTaps(axes, first, count);
      for (let window = 0; window < count; window++) {
        const padded = paddedTaps(axes, first + window);
        for (let i = 0; i < batch * channels; i++) {
          let [total, inside] = [start, 0];
          for (let t = window * taps; t < (window + 1) * taps; t++) {
            if (places[t] < 0) continue;
            total = add(total, f32[x + i * plane + places[t]]);
            inside++;
          }
          f32[y + i * windows + first + window] = end(total, inside, padded);
        }
      }
    }
  });
}

/** How many taps of a window lie in the padded input. */
function paddedTaps(axes: readonly WindowAxis[], window: number): number {
  let [rest, product] = [window, 1];
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const { size, taps, stride, dilation, before, after, count } = axes[axis];
    const free = before + size + after - (rest % count) * stride;
    product *= Math.max(Math.min(taps, Math.ceil(free / dilation)), 0);
    rest = Math.floor(rest / count);
  }
  return product;
}

/** The elements of a window, in order. */
export interface WindowElements {
  readonly inside: readonly number[];
  /** Where these stand in the input's plane. */
  readonly places: readonly (readonly number[])[];
  /** How many taps lie in the input or its padding. */
  readonly padded: number;
}

/** `outputOf` makes the output of a window of a plane. */
export function pooledNd(
  { attributes }: Node,
  input: DoubleTensor | null,
  outputOf: (elements: WindowElements, plane: number) => number,
): DoubleTensor {
  const x = present(input);
  const [batch, channels, ...sizes] = x.shape;
  const { size, mayHangOver = false, keepsOutside } = attributes;
  const { counts, tapsOf } = countedWindows(attributes, size, sizes, mayHangOver, keepsOutside);
  const windows = indicesOf(counts);
  const data = new Float64Array(batch * channels * windows.length);
  // What stands under a window is the same in all planes.
  for (const [w, window] of windows.entries()) {
    const taps = tapsOf(window);
    const places = taps.filter(({ isInside }) => isInside).map(({ place }) => place);
    const padded = taps.filter(({ isPadded }) => isPadded).length;
    for (let plane = 0; plane < batch * channels; plane++) {
      const index = [Math.floor(plane / channels), plane % channels];
      const inside = places.map((place) => at(x, [...index, ...place]));
      data[plane * windows.length + w] = outputOf({ inside, places, padded }, plane);
    }
  }
  return { shape: [batch, channels, ...counts], data };
}
