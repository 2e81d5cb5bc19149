/** Operations that move elements, cut some off, reduce axes or multiply matrices. */
import { show } from '../../errors.ts';
import type { ReductionAttributes } from '../../graph/ops/reduction.ts';
import { Config } from '../config.ts';
import { einsum } from '../einsum.ts';
import { INTERPOLATIONS, resized } from '../layers/images.ts';
import { ENDLESS } from '../layers/movement.ts';
import { channelsFirst, plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import { inputOf } from './elementwise.ts';
import type { OperatorCall, Signature } from './operator-call.ts';

function reduction(by: ReductionAttributes['by']): Signature {
  return {
    parameters: ['x', 'axis', 'keepdims'],
    operator: (call) => {
      const x = inputOf(call);
      if (call.written('initial') !== undefined) call.unsupported('initial');
      return call.builder.reduction(x, by, call.axes(x.rank, 'axis'), call.flag('keepdims', false), call.name);
    },
  };
}

const RESHAPE: Signature = {
  parameters: ['x', 'newshape'],
  operator: (call) => {
    const sizes = call.ints('newshape', 'shape');
    const shape = call.builder.list(call.part('shape'), sizes);
    const x = call.builder.nameOf(inputOf(call));
    const [name] = call.builder.emit('reshape', [x, shape], { copiesZeros: false }, call.name);
    return call.builder.made(name, plainOrder(sizes.length));
  },
};

const TRANSPOSE: Signature = {
  parameters: ['x', 'axes'],
  operator: (call) => {
    const x = inputOf(call);
    const told = call.written('axes', 'perm');
    const axes = told === undefined ? plainOrder(x.rank).toReversed() : call.ints('axes', 'perm');
    if (axes.length !== x.rank || !plainOrder(x.rank).every((axis) => axes.includes(axis)))
      call.fail('axes', 'each axis once');
    return call.builder.transpose(x, axes);
  },
};

const EXPAND: Signature = {
  parameters: ['x', 'axis'],
  operator: (call) => {
    const x = inputOf(call);
    return call.builder.unsqueeze(x, [call.axis(x.rank + 1)], call.name);
  },
};

const SQUEEZE: Signature = {
  parameters: ['x', 'axis'],
  operator: (call) => {
    const x = inputOf(call);
    const isTold = call.written('axis') !== undefined;
    const axes = isTold ? call.axes(x.rank, 'axis') : plainOrder(x.rank).filter((axis) => x.shape[axis] === 1);
    return call.builder.squeeze(x, axes, call.name);
  },
};

function listed(call: OperatorCall): readonly Value[] {
  return call.values('xs');
}

const CONCATENATE: Signature = {
  parameters: ['xs', 'axis'],
  operator: (call) => {
    const values = listed(call);
    return call.builder.concatenation(values, call.axis(values[0].rank, -1), call.name);
  },
};

const STACK: Signature = {
  parameters: ['xs', 'axis'],
  operator: (call) => {
    const values = listed(call);
    const axis = call.axis(values[0].rank + 1, 0);
    const whole = values.map((value) => call.builder.unsqueeze(value, [axis], call.part('part')));
    return call.builder.concatenation(whole, axis, call.name);
  },
};

/** A number of equal parts, or where they end. */
const SPLIT: Signature = {
  parameters: ['x', 'indices_or_sections', 'axis'],
  operator: (call) => {
    const x = inputOf(call);
    const axis = call.axis(x.rank, 0);
    const told = call.written('indices_or_sections', 'num_or_size_splits');
    const size = x.shape[axis];
    if (typeof size !== 'number') return call.unsupported('an axis of unknown size');
    const inner = typeof told === 'number' ? [] : call.ints('indices_or_sections');
    const count = typeof told === 'number' ? told : inner.length + 1;
    if (count > MOST_PARTS) call.unsupported(`a split into ${count} parts`);
    const ends = typeof told === 'number' ? equalParts(call, size, count) : [...inner, size];
    return ends.map((end, i) => {
      return call.builder.slice(x, [{ axis, start: i === 0 ? 0 : ends[i - 1], end, step: 1 }], call.name);
    });
  },
};

/** Parts of a value that an operation makes. */
const MOST_PARTS = 4096;

function equalParts(call: OperatorCall, size: number, count: number): readonly number[] {
  if (!Number.isSafeInteger(count) || count < 1 || size % count !== 0)
    call.fail('indices_or_sections', `a divisor of ${size}`);
  return Array.from({ length: count }, (_, i) => ((i + 1) * size) / count);
}

const GET_ITEM: Signature = {
  parameters: ['x', 'key'],
  operator: (call) => {
    const given = call.written('key', 'slice_spec');
    return sliced(call, inputOf(call), Array.isArray(given) ? given : [given]);
  },
};

/** Slices, indices that drop their axis, new axes (null) and an ellipsis for all others. */
function sliced(call: OperatorCall, x: Value, items: readonly unknown[]): Value {
  const isEllipsis = (item: unknown) => classOf(item) === '__ellipsis__';
  const told = items.filter((item) => item !== null && item !== undefined && !isEllipsis(item)).length;
  if (told > x.rank || items.filter(isEllipsis).length > 1) call.fail('key', `at most ${x.rank} slices`);
  const ranges: { axis: number; start: number; end: number; step: number }[] = [];
  const [dropped, added]: [number[], number[]] = [[], []];
  let axis = 0;
  for (const item of items) {
    if (isEllipsis(item)) axis += x.rank - told;
    else if (item === null || item === undefined) added.push(axis - dropped.length + added.length);
    else if (typeof item === 'number' && Number.isSafeInteger(item)) {
      ranges.push({ axis, start: item, end: item === -1 ? ENDLESS : item + 1, step: 1 });
      dropped.push(axis++);
    } else ranges.push({ axis, ...rangeOf(call, item) }) && axis++;
  }
  const { builder } = call;
  const parts = [dropped.length > 0, added.length > 0];
  const cut = builder.slice(x, ranges, parts.includes(true) ? call.part('slice') : call.name);
  const left = parts[0] ? builder.squeeze(cut, dropped, parts[1] ? call.part('left') : call.name) : cut;
  return parts[1] ? builder.unsqueeze(left, added, call.name) : left;
}

function classOf(item: unknown): unknown {
  return typeof item === 'object' && item !== null ? (item as { class_name?: unknown }).class_name : undefined;
}

function rangeOf(call: OperatorCall, item: unknown): { start: number; end: number; step: number } {
  const given = new Config(`${call.layer.config.who}: slice`, item);
  const config = given.has('class_name') ? given.object('config') : given;
  const step = config.number('step', 1);
  const start = config.number('start', step > 0 ? 0 : ENDLESS);
  const end = config.number('stop', step > 0 ? ENDLESS : -ENDLESS);
  return { start, end, step };
}

const PAD: Signature = {
  parameters: ['x', 'pad_width', 'mode', 'constant_values'],
  operator: (call) => {
    const x = inputOf(call);
    const given = call.written('pad_width', 'paddings');
    const sides = Array.isArray(given) ? given : [];
    const isSide = (side: unknown): side is [number, number] =>
      Array.isArray(side) && side.length === 2 && side.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (sides.length !== x.rank || !sides.every(isSide)) return call.fail('pad_width', 'two numbers for each axis');
    const mode = call.text('mode', 'constant').toLowerCase();
    const fill = call.number(0, 'constant_values');
    if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge') return call.unsupported(`the mode ${show(mode)}`);
    return call.builder.pad(x, sides, { mode, fill }, call.name);
  },
};

/** The channels come last. */
function blocks(op: 'depth-to-space' | 'space-to-depth'): Signature {
  return {
    parameters: ['x', 'block_size'],
    operator: (call) => {
      const x = inputOf(call);
      if (call.text('data_format', 'NHWC') !== 'NHWC') call.unsupported('another data_format than NHWC');
      const attributes = { blockSize: call.number(undefined, 'block_size'), order: 'block-first' } as const;
      return call.builder.made(
        call.builder.emit(op, [call.builder.planesOf(x)], attributes, call.name)[0],
        channelsFirst(4),
      );
    },
  };
}

const RESIZE: Signature = {
  parameters: ['x', 'size', 'interpolation', 'antialias'],
  operator: (call) => {
    const x = inputOf(call);
    const lengths = call.ints('size');
    if (lengths.length !== 2 || x.rank !== 4) return call.fail('size', 'two numbers for a picture of four axes');
    const method = call.written('interpolation', 'method') ?? 'bilinear';
    const interpolation =
      INTERPOLATIONS.find((known) => known === method) ?? call.unsupported(`the interpolation ${show(method)}`);
    for (const option of ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'preserve_aspect_ratio']) {
      if (call.flag(option, false)) call.unsupported(option);
    }
    const isFirst = call.written('data_format') === 'channels_first';
    const antialias = call.flag('antialias', false);
    const order = isFirst ? plainOrder(4) : channelsFirst(4);
    return resized(call.layer, call.builder, x, order, lengths, { interpolation, antialias }, call.name);
  },
};

function pool(op: 'max-pooling-nd' | 'average-pooling-nd'): Signature {
  return {
    parameters: ['x', 'pool_size', 'strides', 'padding', 'data_format'],
    operator: (call) => {
      const x = inputOf(call);
      const axes = x.rank - 2;
      const all = (...names: string[]) => {
        const list = call.ints(...names);
        return list.length === 1 ? Array.from({ length: axes }, () => list[0]) : list;
      };
      const size = all('pool_size', 'ksize');
      const stride = call.written('strides') === undefined ? size : all('strides');
      const padding = call.text('padding', 'valid').toLowerCase() === 'same' ? ('same' as const) : undefined;
      const isFirst = call.written('data_format') === 'channels_first';
      const order = isFirst ? plainOrder(x.rank) : channelsFirst(x.rank);
      const { builder } = call;
      return builder.made(builder.emit(op, [builder.nameOf(x, order)], { size, stride, padding }, call.name)[0], order);
    },
  };
}

const MATMUL: Signature = {
  parameters: ['a', 'b'],
  operator: (call) => {
    const names = call.optional('a') === null ? ['x1', 'x2'] : ['a', 'b'];
    const attributes = { transposeA: call.flag('transpose_a', false), transposeB: call.flag('transpose_b', false) };
    return call.builder.apply('matrix-product', call.pair(names[0], names[1]), attributes, call.name);
  },
};

const EINSUM: Signature = {
  parameters: ['a', 'b'],
  operator: (call) => {
    const inputs = [call.value('a'), call.optional('b')].filter((value) => value !== null);
    const { name, builder } = call;
    const unsupported = (what: string) => call.unsupported(what);
    const invalid = (what: string) => call.layer.config.invalid(what);
    const equation = call.text('subscripts');
    return einsum({ name, equation, inputs, input: (place) => inputs[place], unsupported, invalid }, builder);
  },
};

export const MOVEMENT_CLASSES: Readonly<Record<string, Signature>> = {
  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Max: reduction('maximum'),
  Min: reduction('minimum'),
  Amax: reduction('maximum'),
  Amin: reduction('minimum'),
  Prod: reduction('product'),
  Logsumexp: reduction('log-sum-exp'),
  Reshape: RESHAPE,
  Transpose: TRANSPOSE,
  ExpandDims: EXPAND,
  Squeeze: SQUEEZE,
  Concatenate: CONCATENATE,
  Stack: STACK,
  Split: SPLIT,
  GetItem: GET_ITEM,
  Pad: PAD,
  Resize: RESIZE,
  AveragePool: pool('average-pooling-nd'),
  MaxPool: pool('max-pooling-nd'),
  Matmul: MATMUL,
  Einsum: EINSUM,
};

export const MOVEMENT_FUNCTIONS: Readonly<Record<string, Signature>> = {
  'math.reduce_sum': reduction('sum'),
  'math.reduce_mean': reduction('mean'),
  'math.reduce_max': reduction('maximum'),
  'math.reduce_min': reduction('minimum'),
  'math.reduce_prod': reduction('product'),
  'math.reduce_logsumexp': reduction('log-sum-exp'),
  reshape: RESHAPE,
  transpose: TRANSPOSE,
  'compat.v1.transpose': TRANSPOSE,
  expand_dims: EXPAND,
  squeeze: SQUEEZE,
  concat: CONCATENATE,
  stack: STACK,
  split: SPLIT,
  '__operators__.getitem': GET_ITEM,
  pad: PAD,
  'compat.v1.pad': PAD,
  'nn.depth_to_space': blocks('depth-to-space'),
  'nn.space_to_depth': blocks('space-to-depth'),
  'image.resize': RESIZE,
  'linalg.matmul': MATMUL,
};
