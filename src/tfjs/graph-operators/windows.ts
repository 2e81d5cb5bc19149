/** The attributes that convolutions and poolings share, and the layout of pictures. */
import { show } from '../../errors.ts';
import type { AxesPadding, WindowAttributes } from '../../graph/ops/windows-nd.ts';
import type { Name } from '../../graph/values.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { channelsFirst, type Order, plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';

/** Whether the channels are the last axis of what a node reads. */
export function isChannelsLast(node: NodeReader): boolean {
  const format = node.string('data_format', 'NHWC');
  if (format === 'NHWC' || format === 'NDHWC') return true;
  return format === 'NCHW' || format === 'NCDHW' ? false : node.unsupported(`data_format ${show(format)}`);
}

/** How planes lie that a node reads and makes. */
export function orderOf(node: NodeReader, { rank }: Value): Order {
  return isChannelsLast(node) ? channelsFirst(rank) : plainOrder(rank);
}

/** The value as planes: channels first. */
export function planesOf(node: NodeReader, builder: LayoutBuilder, value: Value): Name {
  return builder.nameOf(value, orderOf(node, value));
}

/** A list of numbers for all axes as those of the axes behind batch and channels, where these two have none. */
export function spatial(node: NodeReader, attribute: string, rank: number, nothing = 1): readonly number[] {
  const list = node.ints(attribute, Array(rank).fill(nothing));
  if (list.length !== rank) return node.invalid(`${attribute} has ${list.length} numbers, expected ${rank}`);
  const channels = isChannelsLast(node) ? rank - 1 : 1;
  if (list[0] !== nothing || list[channels] !== nothing) node.unsupported(`${attribute} over batch or channels`);
  return list.filter((_, axis) => axis !== 0 && axis !== channels);
}

export function windowsOf(node: NodeReader, rank: number): WindowAttributes {
  const { dilated } = node;
  if (dilated !== undefined) {
    return { dilation: dilated.dilation, padding: { before: dilated.before, after: dilated.after } };
  }
  return {
    stride: spatial(node, 'strides', rank),
    dilation: spatial(node, 'dilations', rank),
    padding: paddingOf(node, rank),
  };
}

function paddingOf(node: NodeReader, rank: number): AxesPadding | undefined {
  const padding = node.string('padding');
  if (padding === 'SAME') return 'same';
  if (padding === 'VALID') return undefined;
  if (padding !== 'EXPLICIT')
    return node.invalid(`padding is ${show(padding)}, expected 'SAME', 'VALID' or 'EXPLICIT'`);
  const sides = node.ints('explicit_paddings');
  if (sides.length !== 2 * rank) node.invalid(`explicit_paddings has ${sides.length} numbers, expected ${2 * rank}`);
  const channels = isChannelsLast(node) ? rank - 1 : 1;
  const pairs = Array.from({ length: rank }, (_, axis) => [sides[2 * axis], sides[2 * axis + 1]] as const);
  if ([0, channels].some((axis) => String(pairs[axis]) !== '0,0')) node.unsupported('padding of batch or channels');
  const own = pairs.filter((_, axis) => axis !== 0 && axis !== channels);
  return { before: own.map(([before]) => before), after: own.map(([, after]) => after) };
}
