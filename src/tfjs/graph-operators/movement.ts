/** Operators that move elements: other orders of axes, copies, and elements around. */
import { show } from '../../errors.ts';
import type { Attributes } from '../../graph/ops/table.ts';
import type { Size } from '../../graph/values.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { knownSize, plainSize } from '../open-sizes.ts';
import { inOrder, plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';
import { reshaped } from './reshaping.ts';
import { orderOf, planesOf } from './windows.ts';

export const MOVEMENT: Converters = {
  Transpose(node, builder) {
    const x = node.input(0);
    const permutation = node.numbers(1).map((axis) => node.axisAmong(axis, x.rank));
    if (new Set(permutation).size !== x.rank)
      node.invalid(`permutation is ${show(permutation)}, expected each axis once`);
    return builder.transpose(x, permutation);
  },
  Tile: tile,
  Pad: (node, builder) => builder.pad(node.input(0), sidesOf(node), { mode: 'constant' }, node.name),
  PadV2: (node, builder) =>
    builder.pad(node.input(0), sidesOf(node), { mode: 'constant', fill: node.scalar(2) }, node.name),
  MirrorPad(node, builder) {
    const mode = node.string('mode');
    if (mode === 'REFLECT') return builder.pad(node.input(0), sidesOf(node), { mode: 'reflect' }, node.name);
    if (mode !== 'SYMMETRIC') return node.invalid(`mode is ${show(mode)}, expected 'REFLECT' or 'SYMMETRIC'`);
    return sidesOf(node).reduce((value, sides, axis) => mirrored(node, builder, value, axis, sides), node.input(0));
  },
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  DepthToSpace: blocks('depth-to-space'),
  SpaceToDepth: blocks('space-to-depth'),
};

/** Two numbers for each axis, or for each of some. */
function pairsOf(node: NodeReader, input: number, count: number): readonly (readonly [number, number])[] {
  const numbers = node.numbers(input);
  if (numbers.length !== 2 * count) node.invalid(`input ${input} has ${numbers.length} numbers, expected ${2 * count}`);
  return Array.from({ length: count }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]] as const);
}

function sidesOf(node: NodeReader) {
  const sides = pairsOf(node, 1, node.input(0).rank);
  return sides.every(([before, after]) => before >= 0 && after >= 0) ? sides : node.invalid('padding is negative');
}

/** An axis with its first elements before it and its last behind it, the outermost among them. */
function mirrored(
  node: NodeReader,
  builder: LayoutBuilder,
  value: Value,
  axis: number,
  [before, after]: readonly [number, number],
): Value {
  if (before === 0 && after === 0) return value;
  const hint = `${node.name}/mirrored${axis}`;
  const [first, last] = [
    { axis, start: before - 1, end: -(2 ** 31), step: -1 },
    { axis, start: -1, end: -1 - after, step: -1 },
  ];
  const parts = [
    ...(before > 0 ? [builder.slice(value, [first], `${hint}/before`)] : []),
    value,
    ...(after > 0 ? [builder.slice(value, [last], `${hint}/after`)] : []),
  ];
  return builder.concatenation(parts, axis, hint);
}

function tile(node: NodeReader, builder: LayoutBuilder): Value {
  const x = node.input(0);
  const times = node.numbersIfKnown(1);
  if (times === undefined) {
    const shape = x.shape.map(() => null);
    const names = [builder.nameOf(x), builder.nameOf(node.input(1))];
    const [made] = builder.emit('tile', names, {}, node.name, 1, { dtype: x.dtype, shape });
    return builder.made(made, plainOrder(x.rank));
  }
  const list = builder.list(`${node.name}/times`, inOrder(times, x.order));
  return builder.made(builder.emit('tile', [builder.nameOf(x, x.order), list], {}, node.name)[0], x.order);
}

function blocks(op: 'depth-to-space' | 'space-to-depth') {
  return (node: NodeReader, builder: LayoutBuilder): Value => {
    const x = node.input(0);
    const attributes: Attributes[typeof op] = { blockSize: node.int('block_size'), order: 'block-first' };
    return builder.made(builder.emit(op, [planesOf(node, builder, x)], attributes, node.name)[0], orderOf(node, x));
  };
}

function blockOf(node: NodeReader, { rank }: Value): readonly number[] {
  const block = node.numbers(1);
  const isValid = block.length < rank && block.every((size) => Number.isInteger(size) && size >= 1);
  return isValid
    ? block
    : node.invalid(`block is ${show(block)}, expected whole numbers of at least 1 for axes of the input`);
}

/** [N, H, …] → [b · N, H / b, …], b for each axis behind the batch that has one, of what is padded before. */
function spaceToBatch(node: NodeReader, builder: LayoutBuilder): Value {
  const x = node.input(0);
  const block = blockOf(node, x);
  const count = block.length;
  const sides = [[0, 0] as const, ...pairsOf(node, 2, count)];
  const all = plainOrder(x.rank).map((axis) => sides[axis] ?? ([0, 0] as const));
  const padded = builder.pad(x, all, { mode: 'constant' }, `${node.name}/padded`);
  const parts = block.map((size, i) => dividedBy(node, padded.shape[i + 1], size));
  const rest = padded.shape.slice(count + 1).map(knownSize);
  const split = [knownSize(padded.shape[0]), ...block.flatMap((size, i) => [parts[i], size]), ...rest];
  const cut = reshaped(node, builder, padded, split, `${node.name}/blocks`);
  const inner = block.map((_, i) => 2 * i + 2);
  const outer = block.map((_, i) => 2 * i + 1);
  const turned = builder.transpose(cut, [...inner, 0, ...outer, ...rest.map((_, i) => 2 * count + 1 + i)]);
  const batch = padded.shape[0];
  const made = typeof batch === 'number' ? batch * product(block) : null;
  return reshaped(node, builder, turned, [made, ...parts, ...rest], node.name);
}

/** [b · N, H, …] → [N, b · H, …], of which the ends are cut off. */
function batchToSpace(node: NodeReader, builder: LayoutBuilder): Value {
  const x = node.input(0);
  const block = blockOf(node, x);
  const count = block.length;
  const [batch, ...sizes] = x.shape;
  const made = dividedBy(node, batch, product(block));
  const cut = reshaped(node, builder, x, [...block, made, ...sizes.map(knownSize)], `${node.name}/blocks`);
  const axes = block.flatMap((_, i) => [count + 1 + i, i]);
  const turned = builder.transpose(cut, [count, ...axes, ...sizes.slice(count).map((_, i) => 2 * count + 1 + i)]);
  const whole = sizes.map((size, i) =>
    i >= count ? knownSize(size) : typeof size === 'number' ? size * block[i] : null,
  );
  const joined = reshaped(node, builder, turned, [made ?? knownSize(turned.shape[0]), ...whole], `${node.name}/joined`);
  const crops = pairsOf(node, 2, count);
  const ranges = crops.map(([before, after], i) => {
    return { axis: i + 1, start: before, end: after === 0 ? 2 ** 31 - 1 : -after, step: 1 };
  });
  return builder.slice(joined, ranges, node.name);
}

function dividedBy(node: NodeReader, size: Size, by: number): number | null {
  if (plainSize(knownSize(size)) === null || typeof size === 'string') return null;
  return size % by === 0 ? size / by : node.invalid(`${size} elements are no multiple of ${by}`);
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all * number, 1);
}
