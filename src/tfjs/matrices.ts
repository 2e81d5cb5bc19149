/** What a matrix makes of rows, and another of columns: samples and means that no operation has a word for. */
import { NnpackError } from '../errors.ts';
import type { Name } from '../graph/values.ts';
import type { Layer } from './layer.ts';
import type { LayoutBuilder, Value } from './layout-builder.ts';
import type { Order } from './orders.ts';

/** For each element that is made, the weights of all that there are. */
export type Weights = readonly (readonly number[])[];

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
  weightsOf: (size: number, length: number) => Weights,
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
    const numbers = weightsOf(size, length).flat();
    return builder.nameOf(builder.numbers(`${name}/weights`, x.dtype, [length, size], numbers));
  };
  const [rows, columns] = [matrix(0), matrix(1)];
  let made = builder.nameOf(x, order);
  if (rows !== null)
    [made] = builder.emit('matrix-product', [rows, made], {}, columns === null ? name : `${name}/rows`);
  if (columns !== null) [made] = builder.emit('matrix-product', [made, columns], { transposeB: true }, name);
  if (rows === null && columns === null) [made] = builder.emit('identity', [made], {}, name);
  return builder.made(made, order);
}
