/** What a matrix makes of rows, and another of columns: samples and means that no operation has a word for. */
import { NnpackError } from '../errors.ts';
import type { Name } from '../graph/values.ts';
import type { Layer } from './layer.ts';
import type { LayoutBuilder } from './layout-builder.ts';
import type { Order } from './orders.ts';
import type { Value } from './value.ts';

/** A matrix of which each row is filled in turn: for each element that is made, the weights of all that there are. */
export function rowsOf(length: number, size: number, fill: (row: Float64Array, i: number) => void): Float64Array {
  const rows = new Float64Array(length * size);
  for (let i = 0; i < length; i++) fill(rows.subarray(i * size, (i + 1) * size), i);
  return rows;
}

/** Elements of a matrix. */
const MOST_WEIGHTS = 2 ** 22;

/**
 * y = A · x · Bᵀ for each plane, A of rows and B of columns; an axis whose length stays is left alone.
 *
 * @param order in which x has its planes
 */
export function alongAxes(
  { config }: Pick<Layer, 'config'>,
  builder: LayoutBuilder,
  x: Value,
  order: Order,
  lengths: readonly number[],
  name: Name,
  weightsOf: (size: number, length: number) => Float64Array,
): Value {
  const sizes = order.slice(2).map((axis) => x.shape[axis]);
  const matrix = (axis: 0 | 1): Name | null => {
    const size = sizes[axis];
    if (typeof size !== 'number') {
      throw new NnpackError('unsupported-layer', `${config.who}: expected rows and columns of known sizes`);
    }
    const length = lengths[axis];
    if (length === size) return null;
    if (length * size > MOST_WEIGHTS) {
      throw new NnpackError('unsupported-layer', `${config.who}: makes ${length} of ${size} elements, expected fewer`);
    }
    return builder.nameOf(builder.numbers(`${name}/weights`, x.dtype, [length, size], weightsOf(size, length)));
  };
  const [rows, columns] = [matrix(0), matrix(1)];
  let made = builder.nameOf(x, order);
  if (rows !== null)
    [made] = builder.emit('matrix-product', [rows, made], {}, columns === null ? name : `${name}/rows`);
  if (columns !== null) [made] = builder.emit('matrix-product', [made, columns], { transposeB: true }, name);
  if (rows === null && columns === null) [made] = builder.emit('identity', [made], {}, name);
  return builder.made(made, order);
}
