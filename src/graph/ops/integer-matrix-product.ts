import { present } from './double.ts';
import { integerProduct, integerProductShape } from './integer-products.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { alongFirst, expectBytes, lessZeroPoint } from './zero-points.ts';

/** (a − zero point) · (b − zero point), in 32 bits. Reads a, b and their zero points: one, or those of rows and of columns. */
export const integerMatrixProduct: Operation<NoAttributes> = {
  inputs: { least: 2, most: 4 },
  fields: {},
  check: () => ({}),
  infer(node, inputs) {
    expectBytes(node, inputs, [0, 1]);
    return [{ dtype: 'int32', shape: integerProductShape(node, inputs[0]?.shape ?? [], inputs[1]?.shape ?? []) }];
  },
  reference(node, [left, right, leftZero, rightZero]) {
    const own = leftZero && alongFirst(leftZero, 2);
    return [integerProduct(node, lessZeroPoint(present(left), own), lessZeroPoint(present(right), rightZero))];
  },
  slicing: () => 'its output is no picture',
  terms: (_node, [a]) => a?.at(-1) ?? 1,
  gradient: null,
};
