/** What moves elements, joins values and gives them other axes. */
import { number, oneOf, orNone, tuple, whole } from '../attributes.ts';
import { copied, type Extent, exactly, reshaped } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axesFrom, axisOf, type Converter, type Converters, type SymbolReader } from './converter.ts';
import { reshape } from './reshape.ts';

const NUMBERS = tuple(whole(), { absent: [] as readonly number[] });

export const MOVEMENT: Converters = {
  Flatten: flatten,
  flatten,
  Reshape: reshape,
  reshape,
  reshape_like(node, builder) {
    node.read({});
    const shape = builder.value('shape', [node.input(1)], {}, `${node.first}.shape`);
    builder.emit('reshape', [node.input(0), shape], { copiesZeros: false }, [node.first]);
  },

  transpose(node, builder) {
    const { axes } = node.read({ axes: NUMBERS });
    const x = node.input(0);
    if (axes.length === 0) return builder.emit('axis-reversal', [x], {}, [node.first]);
    const rank = builder.shapeOf(x).length;
    const permutation = axes.map((axis) => axisOf(node, axis, rank, 'an axis'));
    if (permutation.length !== rank || new Set(permutation).size !== rank) {
      node.invalid(`axes are (${axes}), expected each of ${rank} once`);
    }
    builder.emit('transpose', [x], { permutation }, [node.first]);
  },
  SwapAxis: swapAxes,
  swapaxes: swapAxes,

  expand_dims(node, builder) {
    const { axis } = node.read({ axis: whole() });
    builder.emit('unsqueeze', [node.input(0), builder.list([axis])], {}, [node.first]);
  },

  /** One axis stays where all have one element. */
  squeeze(node, builder) {
    const { axis } = node.read({ axis: orNone(tuple(whole())) });
    const x = node.input(0);
    const shape = builder.shapeOf(x);
    if (axis === null && shape.some((size) => typeof size === 'string'))
      node.unsupported('axis=None, where sizes are not given,');
    const all = axesFrom(0, shape.length).filter((at) => shape[at] === 1);
    const given = axis === null ? all : axis.map((at) => axisOf(node, at, shape.length));
    const axes = given.length === shape.length ? given.slice(1) : given;
    builder.emit('squeeze', [x, builder.list(axes)], {}, [node.first]);
  },

  Concat: concatenate,
  concat: concatenate,
  stack(node, builder) {
    const { axis } = node.read({ axis: whole({ absent: 0 }), num_args: whole({ least: 1, absent: 1 }) });
    const at = axisOf(node, axis, builder.shapeOf(node.input(0)).length + 1);
    const parts = node.inputs.map((x) => builder.value('unsqueeze', [x, builder.list([at])], {}, `${node.first}.part`));
    builder.emit('general-concatenation', parts, { axis: at }, [node.first]);
  },

  Pad: pad,
  pad,

  depth_to_space: blocks('depth-to-space'),
  space_to_depth: blocks('space-to-depth'),

  /** More repetitions than axes make axes of one element before them. */
  tile(node, builder) {
    const { reps } = node.read({ reps: tuple(whole({ least: 0 })) });
    const x = node.input(0);
    const rank = builder.shapeOf(x).length;
    const more = Math.max(reps.length - rank, 0);
    const ones = new Array<Extent>(more).fill(exactly(1));
    const tiled = more > 0 ? reshaped(builder, x, [...ones, ...axesFrom(0, rank).map(copied)]) : x;
    const counts = [...new Array<number>(Math.max(rank - reps.length, 0)).fill(1), ...reps];
    builder.emit('tile', [tiled, builder.list(counts)], {}, [node.first]);
  },

  /** Each element several times; without an axis of all of them in one. */
  repeat(node, builder) {
    const { repeats, axis } = node.read({ repeats: whole({ least: 0 }), axis: orNone(whole()) });
    const given = node.input(0);
    const x = axis === null ? reshaped(builder, given, ['rest']) : given;
    const rank = builder.shapeOf(x).length;
    const at = axisOf(node, axis ?? 0, rank);
    const one = builder.value('unsqueeze', [x, builder.list([at + 1])], {}, `${node.first}.one`);
    const counts = axesFrom(0, rank + 1).map((i) => (i === at + 1 ? repeats : 1));
    const tiled = builder.value('tile', [one, builder.list(counts)], {}, `${node.first}.tiled`);
    const merged = axesFrom(0, rank).map((i): Extent => {
      return i === at ? { axes: [at, at + 1] } : copied(i < at ? i : i + 1);
    });
    reshaped(builder, tiled, merged, node.first);
  },

  /** A 0 keeps a size. */
  broadcast_to(node, builder) {
    const { shape } = node.read({ shape: NUMBERS });
    stretch(node, builder, shape);
  },
  broadcast_axis: broadcastAxes,
  broadcast_axes: broadcastAxes,
  broadcast_like(node, builder) {
    node.read({});
    const shape = builder.value('shape', [node.input(1)], {}, `${node.first}.shape`);
    builder.emit('expand', [node.input(0), shape], {}, [node.first]);
  },
};

function flatten(node: SymbolReader, builder: SymbolBuilder): void {
  node.read({});
  builder.emit('general-flatten', [node.input(0)], { axis: 1 }, [node.first]);
}

function swapAxes(node: SymbolReader, builder: SymbolBuilder): void {
  const { dim1, dim2 } = node.read({ dim1: whole({ absent: 0 }), dim2: whole({ absent: 0 }) });
  const x = node.input(0);
  const rank = builder.shapeOf(x).length;
  const [a, b] = [axisOf(node, dim1, rank, 'dim1'), axisOf(node, dim2, rank, 'dim2')];
  const permutation = axesFrom(0, rank).map((axis) => (axis === a ? b : axis === b ? a : axis));
  builder.emit('transpose', [x], { permutation }, [node.first]);
}

function concatenate(node: SymbolReader, builder: SymbolBuilder): void {
  const { dim } = node.read({ dim: whole({ absent: 1 }), num_args: whole({ least: 1, absent: 1 }) });
  const axis = axisOf(node, dim, builder.shapeOf(node.input(0)).length, 'dim');
  builder.emit('general-concatenation', node.inputs, { axis }, [node.first]);
}

/** Pictures and volumes only, and never their batch or channels. */
function pad(node: SymbolReader, builder: SymbolBuilder): void {
  const { mode, pad_width, constant_value } = node.read({
    mode: oneOf(['constant', 'edge', 'reflect']),
    pad_width: tuple(whole({ least: 0 })),
    constant_value: number({ absent: 0 }),
  });
  const x = node.input(0);
  const rank = builder.shapeOf(x).length;
  if (rank !== 4 && rank !== 5) node.invalid(`its data has ${rank} axes, expected 4 or 5`, 'invalid-rank');
  if (pad_width.length !== 2 * rank) node.invalid(`pad_width is (${pad_width}), expected two numbers for each axis`);
  if (pad_width.slice(0, 4).some((count) => count !== 0)) {
    node.invalid(`pad_width is (${pad_width}), expected none of batch and channels`);
  }
  const [before, after] = [0, 1].map((side) => pad_width.filter((_, i) => i % 2 === side));
  const value = mode === 'constant' ? [builder.scalar(constant_value, x)] : [];
  builder.emit('general-pad', [x, builder.list([...before, ...after]), ...value], { mode }, [node.first]);
}

function blocks(op: 'depth-to-space' | 'space-to-depth'): Converter {
  return (node, builder) => {
    const { block_size: blockSize } = node.read({ block_size: whole({ least: 1 }) });
    builder.emit(op, [node.input(0)], { blockSize, order: 'block-first' }, [node.first]);
  };
}

function stretch(node: SymbolReader, builder: SymbolBuilder, shape: readonly number[]): void {
  const x = node.input(0);
  const rank = builder.shapeOf(x).length;
  if (shape.length !== rank) node.invalid(`shape is (${shape}), expected ${rank} sizes`);
  const list = builder.list(shape.map((size) => (size === 0 ? 1 : size)));
  builder.emit('expand', [x, list], {}, [node.first]);
}

function broadcastAxes(node: SymbolReader, builder: SymbolBuilder): void {
  const { axis, size } = node.read({ axis: NUMBERS, size: NUMBERS });
  if (axis.length !== size.length) node.invalid(`axis and size are (${axis}) and (${size}), expected as many of each`);
  const rank = builder.shapeOf(node.input(0)).length;
  const shape = new Array<number>(rank).fill(0);
  for (const [i, at] of axis.entries()) shape[axisOf(node, at, rank)] = size[i];
  stretch(node, builder, shape);
}
