import { present } from './double.ts';
import {
  INTEGER_WINDOW_FIELDS,
  type IntegerWindowAttributes,
  integerMultiplyAdds,
  integerSums,
  integerWindowsShape,
  parseIntegerWindows,
} from './integer-windows.ts';
import type { Operation } from './operation.ts';
import { alongFirst, expectBytes, lessZeroPoint } from './zero-points.ts';

/** (x − zero point) ∗ (w − zero point), in 32 bits. Reads x, w and their zero points, that of w one or one for each output. */
export const integerConvolution: Operation<IntegerWindowAttributes> = {
  inputs: { least: 2, most: 4 },
  fields: INTEGER_WINDOW_FIELDS,
  check: parseIntegerWindows,
  infer(node, inputs) {
    expectBytes(node, inputs, [0, 1]);
    return [{ dtype: 'int32', shape: integerWindowsShape(node, inputs[0]?.shape ?? [], inputs[1]?.shape ?? []) }];
  },
  reference(node, [input, kernel, inputZero, kernelZero]) {
    const [x, w] = [present(input), present(kernel)];
    const own = kernelZero && alongFirst(kernelZero, w.shape.length);
    return [integerSums(node, lessZeroPoint(x, inputZero), lessZeroPoint(w, own))];
  },
  slicing: () => 'its output is no picture',
  multiplyAdds: ([, kernel], outputs) => integerMultiplyAdds(kernel, outputs),
  gradient: null,
};
