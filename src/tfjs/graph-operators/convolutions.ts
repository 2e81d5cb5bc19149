/** Convolutions, with what is fused into them. Kernels are R S C K in the files, and are laid out once. */
import type { AxesSides, WindowAttributes } from '../../graph/ops/windows-nd.ts';
import type { Name, Size } from '../../graph/values.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { knownSize } from '../open-sizes.ts';
import { plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';
import { activated } from './elementwise.ts';
import { normalised } from './normalisations.ts';
import { isChannelsLast, orderOf, planesOf, windowsOf } from './windows.ts';

export const CONVOLUTIONS: Converters = {
  Conv2D: (node, builder) => convolution(node, builder),
  Conv3D: (node, builder) => convolution(node, builder),
  _FusedConv2D: (node, builder) => fused(node, builder, convolution),
  DepthwiseConv2d: (node, builder) => depthwise(node, builder),
  DepthwiseConv2dNative: (node, builder) => depthwise(node, builder),
  FusedDepthwiseConv2dNative: (node, builder) => fused(node, builder, depthwise),
  _FusedDepthwiseConv2dNative: (node, builder) => fused(node, builder, depthwise),
  Conv2DBackpropInput: transposed,
};

type Convolve = (node: NodeReader, builder: LayoutBuilder, bias?: Value, hint?: string) => Value;

/** The operators that a node has behind its own, with their arguments behind its own two. */
function fused(node: NodeReader, builder: LayoutBuilder, convolve: Convolve): Value {
  const [first, ...others] = node.strings('fused_ops');
  const takesBias = first === 'BiasAdd';
  const takesStatistics = first === 'FusedBatchNorm';
  const activations = takesBias || takesStatistics || first === undefined ? others : [first, ...others];
  const inner = activations.length > 0 || takesStatistics ? `${node.name}/${node.op}` : node.name;
  const made = convolve(node, builder, takesBias ? node.input(2) : undefined, inner);
  const own = takesBias ? 3 : takesStatistics ? 6 : 2;
  const normal = takesStatistics ? normalised(node, builder, made, 2, `${node.name}/normalised`) : made;
  return activations.reduce((value, activation, i) => {
    const hint = i === activations.length - 1 ? node.name : `${node.name}/${activation}`;
    return activated(node, builder, activation, value, hint, node.inputs[own]);
  }, normal);
}

/** kernel is (R, S, C / groups, K) */
function convolution(node: NodeReader, builder: LayoutBuilder, bias?: Value, hint = node.name): Value {
  const [x, kernel] = [node.input(0), node.input(1)];
  const { rank } = x;
  const [channels, kernelInputs] = [x.shape[isChannelsLast(node) ? rank - 1 : 1], kernel.shape[rank - 2]];
  expectRank(node, x, kernel);
  const groups = groupsOf(node, channels, kernelInputs);
  const outputFirst = builder.nameOf(kernel, [rank - 1, rank - 2, ...plainOrder(rank - 2)]);
  return planes(node, builder, outputFirst, { groups, ...windowsOf(node, rank) }, bias, hint);
}

function groupsOf(node: NodeReader, channels: Size, kernelInputs: Size): number {
  if (typeof channels !== 'number' || typeof kernelInputs !== 'number') return 1;
  const groups = channels / kernelInputs;
  return Number.isInteger(groups) && groups > 0
    ? groups
    : node.invalid(`the kernel has ${kernelInputs} input channels, expected a divisor of ${channels} (the input's)`);
}

/** kernel is (R, S, C, M): M outputs of each channel, one after the other */
function depthwise(node: NodeReader, builder: LayoutBuilder, bias?: Value, hint = node.name): Value {
  const [x, kernel] = [node.input(0), node.input(1)];
  expectRank(node, x, kernel);
  const [height, width, channels, multiplier] = kernel.shape.map(Number);
  const shape = [channels * multiplier, 1, height, width];
  if (!shape.every(Number.isInteger)) return node.unsupported('a kernel of sizes that are not known');
  const order = [2, 3, 0, 1];
  const outputFirst =
    kernel.constant === null
      ? builder.nameOf(builder.reshape(builder.transpose(kernel, order), shape, `${node.name}/kernel`))
      : builder.laidOut(kernel, { order, shape });
  return planes(node, builder, outputFirst, { groups: channels, ...windowsOf(node, 4) }, bias, hint);
}

function expectRank(node: NodeReader, x: Value, kernel: Value): void {
  if (x.rank === kernel.rank && x.rank > 3) return;
  node.invalid(`input and kernel have ${x.rank} and ${kernel.rank} axes, expected as many, and at least 4`);
}

function planes(
  node: NodeReader,
  builder: LayoutBuilder,
  kernel: Name,
  attributes: WindowAttributes & { readonly groups: number },
  bias: Value | undefined,
  hint: string,
): Value {
  const x = node.input(0);
  const vector = bias === undefined ? null : vectorOf(node, builder, bias);
  const [made] = builder.emit('convolution-nd', [planesOf(node, builder, x), kernel, vector], attributes, hint);
  return builder.made(made, orderOf(node, x));
}

/** A number for each output channel; a sum that was made a bias may have kept its axes. */
function vectorOf(node: NodeReader, builder: LayoutBuilder, bias: Value): Name {
  const size = bias.shape[bias.rank - 1] ?? 1;
  if (bias.rank === 1) return builder.nameOf(bias);
  if (bias.shape.slice(0, -1).some((axis) => axis !== 1) || typeof size !== 'number') {
    return node.unsupported('a bias that is no list');
  }
  const hint = `${node.name}/bias`;
  return bias.constant === null
    ? builder.nameOf(builder.reshape(bias, [size], hint))
    : builder.laidOut(bias, { shape: [size] });
}

/** Sizes of the output, kernel (R, S, K, C), and what a convolution to these sizes would have made. */
function transposed(node: NodeReader, builder: LayoutBuilder): Value {
  const [kernel, x] = [node.input(1), node.input(2)];
  expectRank(node, x, kernel);
  const taps = kernel.shape.slice(0, -2).map(Number);
  const { padding, ...windows } = windowsOf(node, x.rank);
  const told = node.sizes(0) ?? node.unsupported('an output of a size that is computed');
  const axes = plainOrder(x.rank).slice(1);
  axes.splice(isChannelsLast(node) ? -1 : 0, 1);
  const spans = axes.map((axis, i): Span => {
    const [stride, dilation] = [windows.stride?.[i] ?? 1, windows.dilation?.[i] ?? 1];
    const reach = (taps[i] - 1) * dilation + 1;
    const excess = excessOf(x.shape[axis], told[axis], stride, reach);
    return excess ?? node.unsupported('an output of a size that is computed');
  });
  const { sides, outputPadding } = sidesOf(padding, spans);
  const outputFirst = builder.nameOf(kernel, [x.rank - 1, x.rank - 2, ...plainOrder(x.rank - 2)]);
  const attributes = { ...windows, padding: sides, outputPadding };
  const [made] = builder.emit(
    'transposed-convolution',
    [planesOf(node, builder, x), outputFirst],
    attributes,
    node.name,
  );
  return builder.made(made, orderOf(node, x));

  function excessOf(size: Size, output: ReturnType<typeof knownSize>, stride: number, reach: number): Span | null {
    const from = knownSize(size);
    if (typeof from === 'number') {
      return typeof output === 'number' ? (from - 1) * stride + reach - output : null;
    }
    const follows = from !== null && typeof output === 'object' && output?.name === from.name;
    return follows && output.times === stride ? reach - stride - output.plus : null;
  }
}

/** How much longer the whole of what is scattered is than the output. */
type Span = number;

/** What is too much is cut off as a convolution pads it: half before, or as told; what is missing is added behind. */
function sidesOf(
  padding: WindowAttributes['padding'],
  spans: readonly Span[],
): { readonly sides: AxesSides; readonly outputPadding: readonly number[] } {
  const before = spans.map((span, i) => {
    if (padding === 'same') return Math.floor(Math.max(span, 0) / 2);
    return typeof padding === 'object' ? padding.before[i] : 0;
  });
  const left = spans.map((span, i) => span - before[i]);
  const sides = { before, after: left.map((span) => Math.max(span, 0)) };
  return { sides, outputPadding: left.map((span) => Math.max(-span, 0)) };
}
