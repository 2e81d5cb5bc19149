/** A draw of each operation for drawn graphs: what it reads, and the shapes of what it makes. */
import type { Activation } from '../../src/graph/attributes.ts';
import type { OpName } from '../../src/graph/ops/table.ts';
import type { Name } from '../../src/graph/values.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import type { Draft } from './arbitrary.ts';

export type Shape = readonly number[];

export interface DrawnNode {
  readonly op: OpName;
  readonly inputs: readonly (Name | null)[];
  readonly shapes: readonly Shape[];
  readonly attributes: object;
}

/** null where the operation cannot read the value. */
type Draw = (draft: Draft, x: Name, shape: Shape) => DrawnNode | null;

const same = (op: OpName, attributes: object = {}): Draw => {
  return (_draft, x, shape) => ({ op, inputs: [x], shapes: [shape], attributes });
};

/** For values of at least so many axes. */
const ofRank = (rank: number, draw: Draw): Draw => {
  return (draft, x, shape) => (shape.length >= rank ? draw(draft, x, shape) : null);
};

/** For planes. */
const ofPlanes =
  (draw: Draw): Draw =>
  (draft, x, shape) =>
    shape.length === 4 ? draw(draft, x, shape) : null;

function activationOf(n: number): Activation | undefined {
  const leaky = { type: 'leaky', slope: 0.25 } as const;
  return ([undefined, undefined, 'relu', leaky, { type: 'clamp', min: -0.5, max: 0.75 }] as const)[n % 5];
}

/** A bias, null, or nothing at all. */
function withBias(draft: Draft, inputs: readonly Name[], count: number): (Name | null)[] {
  const which = draft.pick('b', 12, 3);
  return which === 0 ? [...inputs] : [...inputs, which === 1 ? null : draft.weight('bias', [count])];
}

function convolution(draft: Draft, x: Name, [n, channels, height, width]: Shape): DrawnNode {
  const a = (shift: number, count: number) => draft.pick('a', shift, count);
  const b = (shift: number, count: number) => draft.pick('b', shift, count);
  const groups = channels % 2 === 0 && a(0, 2) === 0 ? 2 : 1;
  // As many outputs as inputs now and then, so that kernels and biases are of one shape.
  const outputs = groups * (1 + b(0, 3));
  const [r, s] = [1 + a(2, 3), 1 + b(2, 3)];
  const dilation = { height: 1 + a(4, 2), width: 1 + b(4, 2) };
  const stride = draft.sliceable ? { height: 1, width: 1 } : { height: 1 + a(6, 2), width: 1 + b(6, 2) };
  const [spanH, spanW] = [(r - 1) * dilation.height + 1, (s - 1) * dilation.width + 1];
  const lack = [Math.max(0, spanH - height), Math.max(0, spanW - width)];
  const sides = { top: lack[0] + a(8, 3), bottom: b(8, 3), left: a(10, 3), right: lack[1] + b(10, 3) };
  const isSame = a(12, 2) === 0;
  const outH = isSame
    ? Math.ceil(height / stride.height)
    : Math.floor((height + sides.top + sides.bottom - spanH) / stride.height) + 1;
  const outW = isSame
    ? Math.ceil(width / stride.width)
    : Math.floor((width + sides.left + sides.right - spanW) / stride.width) + 1;
  const kernel = draft.weight('kernel', [outputs, channels / groups, r, s]);
  const padding = isSame ? 'same' : sides;
  return {
    op: 'convolution',
    inputs: withBias(draft, [x, kernel], outputs),
    shapes: [[n, outputs, outH, outW]],
    attributes: { stride, dilation, groups, padding, activation: activationOf(a(14, 5)) },
  };
}

const pooling = (op: 'max-pooling' | 'average-pooling'): Draw => {
  return ofPlanes((draft, x, [n, channels, height, width]) => {
    const poolingSize = { height: 1 + draft.pick('a', 0, 3), width: 1 + draft.pick('b', 0, 3) };
    if (poolingSize.height > height || poolingSize.width > width) return null;
    const stride = draft.sliceable ? 1 : 1 + draft.pick('a', 4, 2);
    // A last window of 'full' that lies outside altogether has the maximum −∞, which no bound can follow.
    const isPartly = [height - poolingSize.height, width - poolingSize.width].every((free, i) => {
      return Math.ceil(free / stride) * stride < [height, width][i];
    });
    const convention = (['valid', isPartly ? 'full' : 'valid', 'same'] as const)[draft.pick('b', 4, 3)];
    const count = (size: number, pool: number) => {
      if (convention === 'same') return Math.ceil(size / stride);
      return (convention === 'full' ? Math.ceil : Math.floor)((size - pool) / stride) + 1;
    };
    const own = op === 'average-pooling' ? { countPadding: draft.pick('b', 6, 2) === 0 } : {};
    const shape = [n, channels, count(height, poolingSize.height), count(width, poolingSize.width)];
    return { op, inputs: [x], shapes: [shape], attributes: { poolingSize, stride, convention, ...own } };
  });
};

function split(draft: Draft, x: Name, [n, channels, ...pixels]: Shape): DrawnNode {
  const sizes: number[] = [];
  for (let left = channels, i = 0; left > 0; i += 2) {
    const size = Math.min(left, 1 + draft.pick('a', i % 18, 3));
    sizes.push(size);
    left -= size;
  }
  return { op: 'split', inputs: [x], shapes: sizes.map((size) => [n, size, ...pixels]), attributes: { sizes } };
}

function transpose(draft: Draft, x: Name, shape: Shape): DrawnNode {
  const layouts = [
    [0, 2, 3, 1],
    [0, 3, 1, 2],
  ];
  const isLayout = shape.length === 4 && draft.pick('a', 0, 5) > 0;
  const all = shape.map((_, axis) => axis);
  const drawn = shape.map((_, axis) => all.splice(draft.pick('b', 3 * axis, all.length), 1)[0]);
  const permutation = isLayout ? layouts[draft.pick('b', 0, 2)] : drawn;
  return {
    op: 'transpose',
    inputs: [x],
    shapes: [permutation.map((axis) => shape[axis])],
    attributes: { permutation },
  };
}

function pad(draft: Draft, x: Name, [n, channels, height, width]: Shape): DrawnNode {
  const mode = (['constant', 'reflect', 'edge'] as const)[draft.pick('a', 0, 3)];
  const most = (size: number) => (mode === 'reflect' ? Math.min(size, 3) : 3);
  const [top, bottom] = [draft.pick('a', 2, most(height)), draft.pick('b', 2, most(height))];
  const [left, right] = [draft.pick('a', 4, most(width)), draft.pick('b', 4, most(width))];
  const value = mode === 'constant' ? draft.pick('b', 6, 3) - 1 : undefined;
  const shape = [n, channels, top + height + bottom, left + width + right];
  return {
    op: 'pad',
    inputs: [x],
    shapes: [shape],
    attributes: { padding: { top, right, bottom, left }, mode, value },
  };
}

/** Operations that are drawn together; each of the others is held to its reference by itself. */
export const NODES: { readonly [O in OpName]?: Draw } = {
  convolution: ofPlanes(convolution),
  'fully-connected': ofRank(2, (draft, x, [n, ...rest]) => {
    const [outputs, inputs] = [1 + draft.pick('a', 0, 4), sizeOf(rest)];
    const kernel = draft.weight('kernel', [outputs, inputs]);
    const activation = activationOf(draft.pick('b', 0, 5));
    const read = withBias(draft, [x, kernel], outputs);
    return { op: 'fully-connected', inputs: read, shapes: [[n, outputs]], attributes: { activation } };
  }),
  'max-pooling': pooling('max-pooling'),
  'average-pooling': pooling('average-pooling'),
  'global-average-pooling': ofPlanes((_draft, x, shape) => {
    return { op: 'global-average-pooling', inputs: [x], shapes: [shape.slice(0, 2)], attributes: {} };
  }),
  relu: (draft, x, shape) =>
    same('relu', { negativeSlope: [undefined, 0, 0.25, 1][draft.pick('a', 0, 4)] })(draft, x, shape),
  clamp(draft, x, shape) {
    const [min, max] = [
      [-0.5, 0.75],
      [-1, 0],
      [0, 6],
      [-Infinity, Infinity],
      [0.25, 0.5],
    ][draft.pick('a', 0, 5)];
    return same('clamp', { min, max })(draft, x, shape);
  },
  softmax: ofRank(2, same('softmax')),
  'local-response-normalisation': ofRank(2, (draft, x, shape) => {
    const attributes = { size: 1 + draft.pick('a', 0, 4), alpha: 0.5, beta: 0.75, bias: 1 };
    return same('local-response-normalisation', attributes)(draft, x, shape);
  }),
  'batch-normalisation': ofRank(2, (draft, x, shape) => {
    const weights = ['gamma', 'beta', 'mean'].map((name) => draft.weight(name, [shape[1]]));
    const inputs = [x, ...weights, draft.weight('variance', [shape[1]], true)];
    return { op: 'batch-normalisation', inputs, shapes: [shape], attributes: { epsilon: 0.01 } };
  }),
  'scale-shift': ofRank(2, (draft, x, shape) => {
    const inputs = [x, draft.weight('scale', [shape[1]]), draft.weight('shift', [shape[1]])];
    return { op: 'scale-shift', inputs, shapes: [shape], attributes: {} };
  }),
  concatenation: ofRank(2, (draft, x, shape) => {
    const behind = (of: Shape) => String([of.length, of[0], ...of.slice(2)]);
    const others = draft.several(draft.pick('a', 0, 4), (other) => behind(other) === behind(shape));
    const inputs = [x, ...others];
    const channels = inputs.reduce((sum, name) => sum + (draft.shapes.get(name) as Shape)[1], 0);
    return { op: 'concatenation', inputs, shapes: [[shape[0], channels, ...shape.slice(2)]], attributes: {} };
  }),
  addition(draft, x, shape) {
    const others = draft.several(1 + draft.pick('b', 0, 3), (other) => String(other) === String(shape));
    const terms = [...others];
    // Its first value is not the one it was drawn for, always.
    terms.splice(draft.pick('a', 6, terms.length + 1), 0, x);
    const activation = activationOf(draft.pick('a', 0, 5));
    return { op: 'addition', inputs: terms, shapes: [shape], attributes: { activation } };
  },
  resize: ofPlanes((draft, x, [n, channels, height, width]) => {
    const scale = { height: 1 + draft.pick('a', 0, 2), width: 1 + draft.pick('b', 0, 2) };
    const mode = draft.pick('a', 4, 2) === 0 ? 'nearest' : 'bilinear';
    const shape = [n, channels, height * scale.height, width * scale.width];
    return { op: 'resize', inputs: [x], shapes: [shape], attributes: { mode, scale } };
  }),
  'depth-to-space': ofPlanes((draft, x, [n, channels, height, width]) => {
    const blockSize = channels % 4 === 0 ? 2 : 1;
    const order = draft.pick('a', 0, 2) === 0 ? 'block-first' : 'channel-first';
    const shape = [n, channels / blockSize ** 2, height * blockSize, width * blockSize];
    return { op: 'depth-to-space', inputs: [x], shapes: [shape], attributes: { blockSize, order } };
  }),
  pad: ofPlanes(pad),
  dropout: same('dropout'),
  identity: same('identity'),
  flatten: ofRank(2, (_draft, x, [n, ...rest]) => {
    return { op: 'flatten', inputs: [x], shapes: [[n, sizeOf(rest)]], attributes: {} };
  }),
  split: ofRank(2, split),
  transpose,
};
