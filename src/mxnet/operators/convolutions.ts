/** Convolutions, and what turns them round. */
import type { Name } from '../../graph/values.ts';
import { boolean, orNone, text, tuple, whole } from '../attributes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { type Converters, movedAxis, type SymbolReader, transposed } from './converter.ts';
import { COUNTS, channelsFirst, dataOf, expectAxes, isChannelsLast, LAYOUT, perAxis, STEPS } from './layout.ts';

/** What both have. How MXNet's GPU kernels work says nothing of what is computed. */
const FIELDS = {
  cudnn_tune: orNone(text()),
  cudnn_off: boolean({ absent: false }),
  workspace: whole({ absent: 1024 }),
  kernel: tuple(whole({ least: 1 })),
  num_filter: whole({ least: 1 }),
  stride: STEPS,
  dilate: STEPS,
  pad: COUNTS,
  num_group: whole({ least: 1, absent: 1 }),
  layout: LAYOUT,
};

export const CONVOLUTIONS: Converters = {
  Convolution: convolution,
  Convolution_v1: convolution,
  Deconvolution: deconvolution,
};

function convolution(node: SymbolReader, builder: SymbolBuilder): void {
  const read = node.read({ ...FIELDS, no_bias: boolean({ absent: false }) });
  const { num_filter, num_group: groups } = read;
  const { x, kernel, isLast, stride, dilation, pad } = windowsOf(node, builder, read);
  const bias = read.no_bias ? [] : [node.input(2)];
  expectFilters(node, 'num_filter', builder.shapeOf(kernel)[0], num_filter);
  const attributes = { stride, dilation, padding: { before: pad, after: pad }, groups };
  channelsFirst(node, builder, x, isLast, (data, y) => {
    builder.emit('convolution-nd', [data, kernel, ...bias], attributes, [y]);
  });
}

function deconvolution(node: SymbolReader, builder: SymbolBuilder): void {
  const read = node.read({
    ...FIELDS,
    no_bias: boolean({ absent: true }),
    adj: COUNTS,
    target_shape: COUNTS,
  });
  const { num_filter, num_group: groups } = read;
  const { x, kernel, axes, isLast, stride, dilation, pad } = windowsOf(node, builder, read);
  const bias = read.no_bias ? [] : [node.input(2)];
  const perGroup = builder.shapeOf(kernel)[1];
  expectFilters(node, 'num_filter', typeof perGroup === 'number' ? perGroup * groups : perGroup, num_filter);
  const hasTarget = read.target_shape.some((size) => size !== 0);
  const own = { stride, dilation, groups };
  channelsFirst(node, builder, x, isLast, (data, y) => {
    const padding = hasTarget
      ? targetOf(node, builder, data, kernel, { stride, dilation, target: read.target_shape })
      : adjustedOf(node, pad, perAxis(node, 'adj', read.adj, axes, 0), stride);
    builder.emit('transposed-convolution', [data, kernel, ...bias], { ...own, ...padding }, [y]);
  });
}

function adjustedOf(node: SymbolReader, pad: readonly number[], adj: readonly number[], stride: readonly number[]) {
  const wrong = adj.findIndex((more, axis) => more >= stride[axis]);
  if (wrong >= 0) node.invalid(`adj is (${adj}), expected less than the stride, (${stride})`);
  return { padding: { before: pad, after: pad }, outputPadding: adj };
}

/** What is too much of the output is cut off, the odd element before it; pad and adj do not count. */
function targetOf(
  node: SymbolReader,
  builder: SymbolBuilder,
  x: Name,
  kernel: Name,
  {
    stride,
    dilation,
    target,
  }: Readonly<Record<'stride' | 'dilation', readonly number[]>> & { readonly target: readonly number[] },
) {
  const [sizes, taps] = [builder.shapeOf(x).slice(2), builder.shapeOf(kernel).slice(2)];
  if (target.length !== stride.length || target.includes(0)) {
    node.invalid(`target_shape is (${target}), expected ${stride.length} sizes of at least 1`);
  }
  for (const [axis, size] of sizes.entries()) {
    const whole = (Number(size) - 1) * stride[axis] + (Number(taps[axis]) - 1) * dilation[axis] + 1;
    if (whole < target[axis]) {
      node.invalid(`target_shape is (${target}), expected at most ${whole} along axis ${axis}`, 'invalid-input-size');
    }
  }
  return { padding: 'same-lower' as const, outputSize: target };
}

interface Read {
  readonly kernel: readonly number[];
  readonly layout: string | null;
  readonly stride: readonly number[];
  readonly dilate: readonly number[];
  readonly pad: readonly number[];
}

/** Data and kernel, the kernel's channels before its taps, and a number for each axis of everything else. */
function windowsOf(node: SymbolReader, builder: SymbolBuilder, read: Read) {
  expectAxes(node, read.kernel);
  const axes = read.kernel.length;
  const x = dataOf(node, builder, axes);
  // MXNet computes these in single and double precision only, but on a GPU.
  if (builder.dtypeOf(x) === 'float16') node.unsupported('data of float16');
  const isLast = isChannelsLast(node, read.layout, axes + 2);
  const stored = node.input(1);
  const rank = builder.shapeOf(stored).length;
  if (rank !== axes + 2) node.invalid(`its weight has ${rank} axes, expected ${axes + 2} (the kernel's and two)`);
  const kernel = isLast ? transposed(builder, stored, movedAxis(rank, rank - 1, 1)[0]) : stored;
  const taps = builder.shapeOf(kernel).slice(2);
  if (taps.some((size, axis) => typeof size === 'number' && size !== read.kernel[axis])) {
    node.invalid(`kernel is (${read.kernel}), expected (${taps}), which is the weight's`);
  }
  return {
    x,
    kernel,
    axes,
    isLast,
    stride: perAxis(node, 'stride', read.stride, axes, 1),
    dilation: perAxis(node, 'dilate', read.dilate, axes, 1),
    pad: perAxis(node, 'pad', read.pad, axes, 0),
  };
}

export function expectFilters(node: SymbolReader, what: string, got: number | string, told: number): void {
  if (typeof got === 'string' || got === told) return;
  node.invalid(`${what} is ${told}, expected ${got}, which is the weight's`);
}
