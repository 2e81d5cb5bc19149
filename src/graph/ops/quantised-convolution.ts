import { mapStretched } from './broadcast.ts';
import { type DoubleTensor, present } from './double.ts';
import {
  INTEGER_WINDOW_FIELDS,
  type IntegerWindowAttributes,
  integerMultiplyAdds,
  integerSums,
  integerWindowsShape,
  parseIntegerWindows,
} from './integer-windows.ts';
import type { Operation } from './operation.ts';
import { roundHalfEven, saturated } from './ranges.ts';
import { alongFirst, expectBytes, lessZeroPoint } from './zero-points.ts';

/**
 * round(((x − x₀) ∗ (w − w₀) + b) · xs · ws / ys) + y₀, halves to even, in the range of y₀'s type; the sums are exact.
 * Reads x, xs, x₀, w, ws, w₀, ys, y₀ and b; ws and w₀ are one, or one for each output channel.
 */
export const quantisedConvolution: Operation<IntegerWindowAttributes> = {
  inputs: { least: 8, most: 9 },
  fields: INTEGER_WINDOW_FIELDS,
  check: parseIntegerWindows,
  infer(node, inputs) {
    expectBytes(node, inputs, [0, 2, 3, 5, 7]);
    const shape = integerWindowsShape(node, inputs[0]?.shape ?? [], inputs[3]?.shape ?? []);
    return [{ dtype: inputs[7]?.dtype ?? 'uint8', shape }];
  },
  reference(node, inputs) {
    const [x, xs, x0, w, ws, w0, ys, y0] = inputs.slice(0, 8).map(present);
    const rank = x.shape.length;
    const sums = integerSums(node, lessZeroPoint(x, x0), lessZeroPoint(w, alongFirst(w0, rank)));
    const bias: DoubleTensor = inputs[8] ?? { shape: [], data: Float64Array.of(0) };
    // One for each channel is stretched over the axes behind it.
    const [kernelScales, biases] = [ws, bias].map((each) => alongFirst(each, rank - 1));
    const scale = xs.data[0] / ys.data[0];
    const rounded = (sum: number, kernelScale: number, b: number) =>
      saturated(roundHalfEven((sum + b) * kernelScale * scale) + y0.data[0], y0.dtype ?? 'uint8');
    return [mapStretched([sums, kernelScales, biases], sums.shape, rounded)];
  },
  slicing: () => 'its output is no picture',
  multiplyAdds: (inputs, outputs) => integerMultiplyAdds(inputs[3], outputs),
  gradient: null,
};
