/** Options that several classes of layers have. What they say and we cannot do is refused before any weight is read. */
import type { Config } from './config.ts';
import type { Layer } from './layer.ts';
import { channelsFirst, type Order, plainOrder } from './orders.ts';
import type { Value } from './value.ts';

/** Whether the channels come right behind the batch. */
export function isChannelsFirst({ config }: Layer): boolean {
  const format = config.string('data_format', 'channels_last');
  if (format === 'channels_last' || format === 'channels_first') return format === 'channels_first';
  return config.fail('data_format', "'channels_last' or 'channels_first'");
}

/** The order in which layers over planes read a value. */
export function planesOrder(isFirst: boolean, rank: number): Order {
  return isFirst ? plainOrder(rank) : channelsFirst(rank);
}

/** The size of the channels' axis, null where it is not known. */
export function channelsOf(x: Value, isFirst: boolean): number | null {
  const size = x.shape[isFirst ? 1 : x.rank - 1];
  return typeof size === 'number' ? size : null;
}

/** A value of so many axes, batch and channels among them. */
export function expectRank({ config }: Layer, x: Value, rank: number): void {
  if (x.rank !== rank) config.invalid(`reads a value of ${x.rank} axes, expected ${rank}`);
}

/** An axis that may be counted from behind the last, from 0 on. */
export function axisFrom({ config }: Layer, axis: unknown, rank: number): number {
  if (Number.isInteger(axis) && (axis as number) >= -rank && (axis as number) < rank) {
    return (axis as number) < 0 ? (axis as number) + rank : (axis as number);
  }
  return config.fail('axis', `one of ${rank} axes`);
}

/** Axes of a field: one, a list, or what stands for none. */
export function axesFrom(layer: Layer, value: unknown, rank: number): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const axes = list.map((axis) => axisFrom(layer, axis, rank));
  if (new Set(axes).size < axes.length) layer.config.fail('axis', 'each axis once');
  return axes.sort((a, b) => a - b);
}

/** Numbers of at least 0 around each of some axes: n, [n, …] or [[before, after], …]. */
export function sidesFrom(config: Config, field: string, axes: number, absent: number): (readonly [number, number])[] {
  const value = config.value(field) ?? absent;
  const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31;
  const pairOf = (item: unknown): readonly [number, number] | null => {
    const [before, after, ...more]: unknown[] = Array.isArray(item) ? item : [item, item];
    return isCount(before) && isCount(after) && more.length === 0 ? [before, after] : null;
  };
  // along one axis two numbers are its own
  const list: readonly unknown[] = axes === 1 ? [value] : Array.isArray(value) ? value : [value, value];
  const pairs = list.map(pairOf);
  const expected = axes === 1 ? 'n or [before, after]' : 'n, [rows, columns] or [[top, bottom], [left, right]]';
  if (pairs.length !== axes) config.fail(field, expected);
  return pairs.map((pair) => pair ?? config.fail(field, expected));
}

/** The slope left of zero. */
export function slopeOf({ config }: Layer, field: string, absent: number): number {
  const slope = config.number(field, absent);
  return slope >= 0 ? slope : config.unsupported(field, 'a number of at least 0');
}
