import { mapStretched } from './broadcast.ts';
import { present } from './double.ts';
import { integerProduct, integerProductShape } from './integer-products.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { roundHalfEven, saturated } from './ranges.ts';
import { alongFirst, expectBytes, lessZeroPoint } from './zero-points.ts';

/**
 * round((a − a₀) · (b − b₀) · as · bs / ys) + y₀, halves to even, in the range of y₀'s type; the sums are exact. Reads a,
 * as, a₀, b, bs, b₀, ys and y₀; scales and zero points are one, or those of the rows of a and of the columns of b.
 */
export const quantisedMatrixProduct: Operation<NoAttributes> = {
  inputs: { least: 8, most: 8 },
  fields: {},
  check: () => ({}),
  infer(node, inputs) {
    expectBytes(node, inputs, [0, 2, 3, 5, 7]);
    const shape = integerProductShape(node, inputs[0]?.shape ?? [], inputs[3]?.shape ?? []);
    return [{ dtype: inputs[7]?.dtype ?? 'uint8', shape }];
  },
  reference(node, inputs) {
    const [a, as, a0, b, bs, b0, ys, y0] = inputs.map(present);
    const sums = integerProduct(node, lessZeroPoint(a, alongFirst(a0, 2)), lessZeroPoint(b, b0));
    const rounded = (sum: number, rowScale: number, columnScale: number) =>
      saturated(roundHalfEven((sum * rowScale * columnScale) / ys.data[0]) + y0.data[0], y0.dtype ?? 'uint8');
    return [mapStretched([sums, alongFirst(as, 2), bs], sums.shape, rounded)];
  },
  slicing: () => 'its output is no picture',
  terms: (_node, [a]) => a?.at(-1) ?? 1,
  gradient: null,
};
