/**
 * Reshape, whose sizes may be codes:
 *
 *      0   the size of this axis                    −2   all axes that are left
 *     −1   what is left over                        −3   this axis times the next one
 *     −4   this axis in two, of the two sizes that follow, one of which may be −1
 *
 * With `reverse` all of it is read from the right.
 */
import { boolean, tuple, whole } from '../attributes.ts';
import { copied, type Extent, exactly, reshaped } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axesFrom, type SymbolReader } from './converter.ts';

export function reshape(node: SymbolReader, builder: SymbolBuilder): void {
  const NONE: readonly number[] = [];
  const read = node.read({
    shape: tuple(whole({ least: -4 }), { absent: NONE }),
    reverse: boolean({ absent: false }),
    target_shape: tuple(whole({ least: 0 }), { absent: NONE }),
    keep_highest: boolean({ absent: false }),
  });
  const x = node.input(0);
  const rank = builder.shapeOf(x).length;
  // Before version 0.9 there was no more than one size left open, as 0.
  const isOld = read.shape.length === 0;
  const codes = isOld
    ? read.target_shape.map((size, i) => (size !== 0 ? size : i === 0 && read.keep_highest ? 0 : -1))
    : read.shape;
  if (codes.length === 0) node.invalid('shape is (), expected at least one size');
  if (codes.indexOf(-1) !== codes.lastIndexOf(-1) && !codes.includes(-4)) {
    node.invalid(`shape is (${codes}), expected at most one -1`);
  }
  if (read.reverse && codes.includes(-4)) node.unsupported('a -4 with reverse=True');
  const extents = read.reverse
    ? extentsOf(node, builder, [...codes].reverse(), axesFrom(0, rank).reverse()).reverse()
    : extentsOf(node, builder, codes, axesFrom(0, rank));
  reshaped(builder, x, extents, node.first);
}

/** @param axes of the data, in the order in which the codes read them */
function extentsOf(
  node: SymbolReader,
  builder: SymbolBuilder,
  codes: readonly number[],
  axes: readonly number[],
): Extent[] {
  const extents: Extent[] = [];
  let next = 0;
  const take = (): number => axes[next++] ?? node.invalid(`shape is (${codes}), expected one of ${axes.length} axes`);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) extents.push(copied(take()));
    else if (code === -2) while (next < axes.length) extents.push(copied(take()));
    else if (code === -3) extents.push({ axes: [take(), take()] });
    else if (code === -4) extents.push(...halves(node, builder, take(), codes[++i] ?? 0, codes[++i] ?? 0));
    else {
      extents.push(code === -1 ? 'rest' : exactly(code));
      next++;
    }
  }
  return extents;
}

/** An axis in two. */
function halves(node: SymbolReader, builder: SymbolBuilder, axis: number, a: number, b: number): Extent[] {
  const size = builder.shapeOf(node.input(0))[axis];
  const [told, other] = a === -1 ? [b, a] : [a, b];
  const isWrong = told < 1 || (other !== -1 && other < 1);
  const product = other === -1 ? told : told * other;
  if (isWrong || (typeof size === 'number' && (other === -1 ? size % told !== 0 : product !== size))) {
    node.invalid(`shape has -4, ${a}, ${b} for an axis of ${size}, expected two sizes that make it up`);
  }
  const left: Extent = { axes: [axis], divisor: told };
  if (other !== -1) return [exactly(a), exactly(b)];
  return a === -1 ? [left, exactly(b)] : [exactly(a), left];
}
