/** Draws of the operations over any number of axes: attributes, what they read, and how far a run may be from the definition. */

import type { DoubleTensor } from '../../../src/graph/values.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { NODE_EPSILON } from './one-node.ts';

/** Whole numbers from 0 that one seed gives, each below what is asked for. */
export type Pick = (below: number) => number;

type Shape = readonly number[];

/** What the bound of an output is made of. */
interface Seen {
  readonly inputs: readonly DoubleTensor[];
  readonly y: DoubleTensor;
  /** The output for the absolute values of all inputs. */
  readonly absolute: DoubleTensor;
}

export interface Draw {
  readonly attributes: object;
  readonly shapes: readonly Shape[];
  readonly outputs?: number;
  /** The most that element i of an output may be off. */
  readonly bound: (seen: Seen, i: number) => number;
  /** The inputs are made positive. */
  readonly isPositive?: boolean;
}

/** One rounding of a number that was computed in double. */
const rounded = ({ y }: Seen, i: number) => NODE_EPSILON * Math.abs(y.data[i]) + 1e-12;
const exact = () => 0;
/** So many terms, whatever the order in which they are added. */
const summed =
  (terms: number) =>
  ({ absolute }: Seen, i: number) =>
    (terms + 4) * NODE_EPSILON * absolute.data[i] + 1e-30;

const several = <T>(count: number, draw: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => draw(i));
const maybe = <T>(pick: Pick, value: T): T | undefined => (pick(3) === 0 ? undefined : value);

interface Windows {
  readonly attributes: { stride?: number[]; dilation?: number[]; padding?: unknown };
  readonly taps: number[];
  readonly sizes: number[];
}

/** Windows over some axes, and sizes that they fit into. */
function windows(pick: Pick, rank = 1 + pick(3)): Windows {
  const most = rank === 3 ? 2 : 3;
  const taps = several(rank, () => 1 + pick(most));
  const dilation = maybe(
    pick,
    taps.map(() => 1 + pick(2)),
  );
  const stride = maybe(
    pick,
    taps.map(() => 1 + pick(3)),
  );
  const sides = { before: taps.map(() => pick(3)), after: taps.map(() => pick(3)) };
  const padding = [undefined, 'same', 'same-lower', sides, sides][pick(5)];
  const sizes = taps.map((count, axis) => {
    const reach = (count - 1) * (dilation?.[axis] ?? 1) + 1;
    const covered = padding === sides ? sides.before[axis] + sides.after[axis] : 0;
    return (typeof padding === 'string' ? 1 : Math.max(1, reach - covered)) + pick(rank === 3 ? 3 : 6);
  });
  return { attributes: { stride, dilation, padding }, taps, sizes };
}

function pooling(pick: Pick) {
  const { attributes, taps, sizes } = windows(pick);
  const shape = [1 + pick(2), 1 + pick(3), ...sizes];
  const hanging = { mayHangOver: pick(2) === 0, keepsOutside: pick(2) === 0 };
  return { attributes: { ...attributes, size: taps, ...hanging }, shapes: [shape] };
}

/** In the middle of what is drawn, so that some windows have nothing above it. */
function maybeLeast(pick: Pick): number | undefined {
  return pick(2) === 0 ? 0.25 : undefined;
}

function along(pick: Pick, mayReachEnd = true) {
  const shape = several(1 + pick(4), () => 1 + pick(4));
  const axis = pick(2 * shape.length) - shape.length;
  return { attributes: { axis, toEnd: mayReachEnd && pick(2) === 0 }, shapes: [shape] };
}

export const LAYER_DRAWS = {
  'convolution-nd'(pick: Pick): Draw {
    const { attributes, taps, sizes } = windows(pick);
    const groups = 1 + pick(3);
    const [inputs, outputs] = [1 + pick(3), groups * (1 + pick(3))];
    const bias = pick(2) === 0 ? [] : [[outputs]];
    const shapes = [[1 + pick(2), groups * inputs, ...sizes], [outputs, inputs, ...taps], ...bias];
    return { attributes: { ...attributes, groups }, shapes, bound: summed(inputs * sizeOf(taps) + 1) };
  },
  'transposed-convolution'(pick: Pick): Draw {
    const { attributes, taps, sizes } = windows(pick);
    const groups = 1 + pick(2);
    const [inputs, outputs] = [groups * (1 + pick(3)), 1 + pick(3)];
    const isSame = typeof attributes.padding === 'string';
    // Padding must leave something of the output.
    const padding = isSame || attributes.padding === undefined ? attributes.padding : narrow(taps, pick);
    const outputPadding = maybe(
      pick,
      taps.map(() => pick(3)),
    );
    const outputSize = isSame
      ? maybe(
          pick,
          several(taps.length, () => 1 + pick(9)),
        )
      : undefined;
    const bias = pick(2) === 0 ? [] : [[groups * outputs]];
    const shapes = [[1 + pick(2), inputs, ...sizes], [inputs, outputs, ...taps], ...bias];
    const own = { ...attributes, padding, groups, outputPadding, outputSize };
    return { attributes: own, shapes, bound: summed((inputs / groups) * sizeOf(taps) + 1) };
  },
  'max-pooling-nd'(pick: Pick): Draw {
    const { attributes, shapes } = pooling(pick);
    return { attributes: { ...attributes, least: maybeLeast(pick) }, shapes, bound: exact };
  },
  'average-pooling-nd'(pick: Pick): Draw {
    const { attributes, shapes } = pooling(pick);
    const countPadding = pick(2) === 0;
    // The kernel of planes adds in single precision.
    return { attributes: { ...attributes, countPadding }, shapes, bound: summed(sizeOf(attributes.size)) };
  },
  'norm-pooling'(pick: Pick): Draw {
    const { attributes, shapes } = pooling(pick);
    return { attributes: { ...attributes, order: 1 + pick(3) }, shapes, bound: rounded };
  },
  'sum-pooling': (pick: Pick): Draw => ({ ...pooling(pick), bound: rounded }),
  'adaptive-average-pooling'(pick: Pick): Draw {
    const shape = planes(pick);
    return { attributes: { size: shape.slice(2).map(() => 1 + pick(5)) }, shapes: [shape], bound: rounded };
  },
  'global-max-pooling': (pick: Pick): Draw => {
    return { attributes: { least: maybeLeast(pick) }, shapes: [planes(pick)], bound: exact };
  },
  'global-average-pooling-nd'(pick: Pick): Draw {
    const shape = planes(pick);
    return { attributes: {}, shapes: [shape], bound: summed(sizeOf(shape.slice(2))) };
  },
  'matrix-product'(pick: Pick): Draw {
    const [rows, inner, columns] = [1 + pick(9), 1 + pick(9), 1 + pick(5)];
    // What is a fully-connected layer now and then.
    const isLayer = pick(3) === 0;
    const stack = several(isLayer ? 0 : pick(3), () => 1 + pick(3));
    const less = stack.map((size) => (pick(3) === 0 ? 1 : size)).slice(pick(stack.length + 1));
    const [transposeA, transposeB] = [!isLayer && pick(2) === 0, isLayer || pick(2) === 0];
    const isRow = !isLayer && pick(6) === 0;
    const isColumn = !isLayer && pick(6) === 0;
    const a = isRow ? [inner] : [...stack, ...(transposeA ? [inner, rows] : [rows, inner])];
    const b = isColumn ? [inner] : [...less, ...(transposeB ? [columns, inner] : [inner, columns])];
    const above = isRow ? (isColumn ? [] : less) : stack;
    const made = [...above, ...(isRow ? [] : [rows]), ...(isColumn ? [] : [columns])];
    const c = made.map((size) => (pick(3) === 0 ? 1 : size)).slice(pick(made.length + 1));
    const factors = { factor: isLayer ? 1 : [1, 0.5][pick(2)], summandFactor: [1, 1, 2][pick(3)] };
    const shapes = pick(2) === 0 ? [a, b] : [a, b, c];
    return { attributes: { transposeA, transposeB, ...factors }, shapes, bound: summed(inner + 3) };
  },
  'batch-normalisation-nd'(pick: Pick): Draw {
    const shape = several(1 + pick(4), () => 1 + pick(4));
    const vectors = several(4, () => [shape[1] ?? 1]);
    // The usual one has the mean in its summand: two roundings of numbers that may cancel.
    const bound = ({ absolute, y }: Seen, i: number) =>
      4 * NODE_EPSILON * (Math.abs(y.data[i]) + absolute.data[i] + 2 / Math.sqrt(0.25));
    return { attributes: { epsilon: 0.25 }, shapes: [shape, ...vectors], bound, isPositive: true };
  },
  'group-normalisation'(pick: Pick): Draw {
    const groups = 1 + pick(3);
    const channels = groups * (1 + pick(3));
    const scalesGroups = pick(2) === 0;
    const vector = [scalesGroups ? groups : channels];
    const shapes = [[1 + pick(2), channels, ...several(pick(3), () => 1 + pick(4))], vector, vector];
    return { attributes: { groups, scalesGroups, epsilon: 0.01 }, shapes, bound: rounded };
  },
  'layer-normalisation'(pick: Pick): Draw {
    const shape = several(1 + pick(4), () => 1 + pick(4));
    const vector = shape.map((size) => (pick(3) === 0 ? 1 : size)).slice(pick(shape.length));
    const shapes = pick(2) === 0 ? [shape, vector] : [shape, vector, vector];
    // Numbers below 1, so that what is added is as well.
    const bound = ({ y }: Seen, i: number) => NODE_EPSILON * (2.001 * Math.abs(y.data[i]) + 1) + 1e-12;
    const axis = pick(2 * shape.length) - shape.length;
    return { attributes: { axis, epsilon: 0.01 }, shapes, outputs: 1 + pick(3), bound };
  },
  'norm-normalisation'(pick: Pick): Draw {
    const { attributes, shapes } = along(pick, false);
    return { attributes: { ...attributes, order: 1 + pick(2) }, shapes, bound: rounded };
  },
  'softmax-along-axis': (pick: Pick): Draw => ({
    ...along(pick),
    bound: ({ y }, i) => 2.001 * NODE_EPSILON * y.data[i] + 1e-30,
  }),
  'log-softmax': (pick: Pick): Draw => ({ ...along(pick), bound: rounded }),
  hardmax: (pick: Pick): Draw => ({ ...along(pick), bound: exact }),
} as const;

/** Padding of less than a window. */
function narrow(taps: readonly number[], pick: Pick) {
  const total = taps.map((count) => pick(count));
  const before = total.map((sum) => pick(sum + 1));
  return { before, after: total.map((sum, axis) => sum - before[axis]) };
}

function planes(pick: Pick): number[] {
  return several(2 + pick(4), () => 1 + pick(5));
}
