/**
 * Poolings. `full` is ⌈ ⌉ in place of ⌊ ⌋, and keeps windows that lie behind the input. Maxima start from the least finite
 * number and pass over NaN; averages are divided by what lies inside of input and padding, or of the input alone.
 */
import type { Dtype, Name } from '../../graph/values.ts';
import { boolean, oneOf, orNone, tuple, whole } from '../attributes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axesFrom, type Converters, type SymbolReader } from './converter.ts';
import { cubeRoot } from './elementwise.ts';
import { COUNTS, channelsFirst, dataOf, expectAxes, isChannelsLast, LAYOUT, perAxis, STEPS } from './layout.ts';

const LEAST: Partial<Record<Dtype, number>> = {
  float16: -65504,
  float32: -(2 ** 127 * (2 - 2 ** -23)),
  float64: -Number.MAX_VALUE,
};

export const POOLINGS: Converters = {
  Pooling: pooling,
  Pooling_v1: firstPooling,
  _contrib_AdaptiveAvgPooling2D: adaptivePooling,
};

interface Windows {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly convention: 'valid' | 'full';
}

function pooling(node: SymbolReader, builder: SymbolBuilder): void {
  const read = node.read({
    kernel: STEPS,
    pool_type: oneOf(['max', 'avg', 'sum', 'lp'], { absent: 'max' }),
    global_pool: boolean({ absent: false }),
    pooling_convention: oneOf(['valid', 'full', 'same'], { absent: 'valid' }),
    stride: STEPS,
    pad: COUNTS,
    count_include_pad: orNone(boolean()),
    p_value: orNone(whole()),
    layout: LAYOUT,
    cudnn_off: boolean({ absent: false }),
  });
  const { pool_type: type, pooling_convention: convention, p_value: order } = read;
  if (convention === 'same') node.unsupported('pooling_convention=same');
  if (type === 'lp' && ![1, 2, 3].includes(order ?? 0)) node.invalid(`p_value is ${order}, expected 1, 2 or 3`);
  const rank = builder.shapeOf(node.input(0)).length;
  if (!read.global_pool) expectAxes(node, read.kernel);
  const x = dataOf(node, builder, read.global_pool ? Math.min(Math.max(rank - 2, 1), 3) : read.kernel.length);
  const least = LEAST[builder.dtypeOf(x)];
  channelsFirst(node, builder, x, isChannelsLast(node, read.layout, rank), (data, y) => {
    if (read.global_pool) return globalPooling(builder, data, y, type, order ?? 1, least);
    const windows = windowsOf(node, builder, data, { ...read, convention: convention === 'full' ? 'full' : 'valid' });
    const countPadding = read.count_include_pad ?? true;
    if (type === 'max') maxPooling(builder, data, y, windows, least);
    else if (type === 'avg') averagePooling(builder, data, y, windows, countPadding);
    else normPooling(builder, data, y, windows, type === 'sum' ? 1 : (order ?? 1));
  });
}

function windowsOf(
  node: SymbolReader,
  builder: SymbolBuilder,
  x: Name,
  read: Pick<Windows, 'stride' | 'pad' | 'convention'> & { readonly kernel: readonly number[] },
): Windows {
  const axes = read.kernel.length;
  const pad = perAxis(node, 'pad', read.pad, axes, 0);
  const sizes = builder.shapeOf(x).slice(2);
  const wrong = sizes.findIndex((size, axis) => read.kernel[axis] > Number(size) + 2 * pad[axis]);
  if (wrong >= 0) {
    const text = `kernel is (${read.kernel}), expected at most ${Number(sizes[wrong]) + 2 * pad[wrong]} along axis ${wrong}`;
    node.invalid(`${text} (the padded data)`, 'invalid-pooling-size');
  }
  return { size: read.kernel, stride: perAxis(node, 'stride', read.stride, axes, 1), pad, convention: read.convention };
}

/** As operations over any number of axes take them. */
function general({ size, stride, pad, convention }: Windows) {
  const isFull = convention === 'full';
  return { size, stride, padding: { before: pad, after: pad }, mayHangOver: isFull, keepsOutside: isFull };
}

/** As operations over planes take them; null for other axes. These know the convention, of which NNPACK's rules speak. */
function planar({ size, stride, pad, convention }: Windows) {
  if (size.length !== 2) return null;
  return {
    poolingSize: { height: size[0], width: size[1] },
    stride: { height: stride[0], width: stride[1] },
    padding: { top: pad[0], bottom: pad[0], left: pad[1], right: pad[1] },
    convention,
  };
}

function maxPooling(builder: SymbolBuilder, x: Name, y: Name, windows: Windows, least: number | undefined): void {
  const plane = planar(windows);
  if (plane !== null) builder.emit('max-pooling', [x], { ...plane, least }, [y]);
  else builder.emit('max-pooling-nd', [x], { ...general(windows), least }, [y]);
}

function averagePooling(builder: SymbolBuilder, x: Name, y: Name, windows: Windows, countsPadding: boolean): void {
  const countPadding = countsPadding && windows.pad.some((zeros) => zeros > 0);
  const plane = planar(windows);
  // The operation over planes would count what hangs over the padding as well.
  const isPlanar = plane !== null && !(countPadding && windows.convention === 'full');
  if (isPlanar) builder.emit('average-pooling', [x], { ...plane, countPadding }, [y]);
  else builder.emit('average-pooling-nd', [x], { ...general(windows), countPadding }, [y]);
}

/** (Σ x^order)^(1 / order), without absolute values. */
function normPooling(builder: SymbolBuilder, x: Name, y: Name, windows: Windows, order: number): void {
  const attributes = general(windows);
  if (order === 1) builder.emit('sum-pooling', [x], attributes, [y]);
  else if (order === 2) builder.emit('norm-pooling', [x], { ...attributes, order }, [y]);
  else cubeRoot(builder, builder.value('sum-pooling', [cubed(builder, x)], attributes, `${y}.cubes`), y);
}

function cubed(builder: SymbolBuilder, x: Name): Name {
  return builder.value('multiplication', [builder.value('multiplication', [x, x], {}, `${x}.squared`), x], {}, x);
}

/** The axes of pixels stay, with one element each. */
function globalPooling(
  builder: SymbolBuilder,
  x: Name,
  y: Name,
  type: 'max' | 'avg' | 'sum' | 'lp',
  order: number,
  least: number | undefined,
): void {
  const along = { axes: axesFrom(2, builder.shapeOf(x).length), keepAxes: true };
  if (type === 'max') builder.emit('global-max-pooling', [x], { least }, [y]);
  else if (type === 'avg') builder.emit('global-average-pooling-nd', [x], {}, [y]);
  else if (type === 'sum' || order === 1) builder.emit('reduction', [x], { by: 'sum', ...along }, [y]);
  else if (order === 2) builder.emit('reduction', [x], { by: 'norm', ...along }, [y]);
  else cubeRoot(builder, builder.value('reduction', [cubed(builder, x)], { by: 'sum', ...along }, `${y}.cubes`), y);
}

/**
 * Pooling as MXNet 0.9 had it: zeros around the data are elements like others, averages are divided by the whole kernel,
 * and what lies behind all of it gives −∞.
 */
function firstPooling(node: SymbolReader, builder: SymbolBuilder): void {
  const read = node.read({
    kernel: STEPS,
    pool_type: oneOf(['max', 'avg', 'sum'], { absent: 'max' }),
    global_pool: boolean({ absent: false }),
    pooling_convention: oneOf(['valid', 'full'], { absent: 'valid' }),
    stride: STEPS,
    pad: COUNTS,
  });
  const { pool_type: type } = read;
  const x = dataOf(node, builder, 2);
  if (read.global_pool) {
    globalPooling(builder, x, node.first, type, 1, undefined);
    return;
  }
  if (read.kernel.length !== 2) node.unsupported(`a kernel of ${read.kernel.length} axes`);
  const windows = windowsOf(node, builder, x, { ...read, convention: read.pooling_convention });
  const { pad } = windows;
  const plane = planar(windows);
  if (type === 'sum') builder.emit('sum-pooling', [x], general(windows), [node.first]);
  else if (type === 'avg' && plane)
    builder.emit('average-pooling', [x], { ...plane, countPadding: true }, [node.first]);
  else {
    const isPadded = pad.some((zeros) => zeros > 0);
    const sides = builder.list([0, 0, ...pad, 0, 0, ...pad]);
    const padded = isPadded
      ? builder.value('general-pad', [x, sides], { mode: 'constant' }, `${node.first}.padded`)
      : x;
    maxPooling(builder, padded, node.first, { ...windows, pad: [0, 0] }, undefined);
  }
}

function adaptivePooling(node: SymbolReader, builder: SymbolBuilder): void {
  const { output_size: told } = node.read({
    output_size: tuple(whole({ least: 1 }), { absent: [1] as readonly number[] }),
  });
  const x = dataOf(node, builder, 2);
  const size = told.length === 0 ? [1, 1] : told.length === 1 ? [told[0], told[0]] : told;
  if (size.length !== 2) node.invalid(`output_size is (${told}), expected one or two numbers`);
  if (size.every((windows) => windows === 1)) builder.emit('global-average-pooling-nd', [x], {}, [node.first]);
  else builder.emit('adaptive-average-pooling', [x], { size }, [node.first]);
}
