import type { DoubleTensor } from '../values.ts';
import { present } from './double.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { roundHalfEven, saturated } from './ranges.ts';
import { expectType } from './scales.ts';

/**
 * Bytes without a sign, with the scale and the zero point that the numbers themselves ask for, 0 among them:
 *
 *     scale = (max(x, 0) − min(x, 0)) / 255     zero point = round(−min(x, 0) / scale)
 *
 * All zeros have the scale 0, as the formula says, and the zero point 0.
 */
export const dynamicQuantisation: Operation<NoAttributes> = {
  inputs: ONE,
  outputs: { least: 1, most: 3 },
  fields: {},
  check: () => ({}),
  infer(node, [x]) {
    if (!x) return node.outputs.map(() => null);
    expectType(node, 'input', x.dtype, (type) => type === 'float32');
    const one = { shape: [] } as const;
    const made = [
      { dtype: 'uint8', shape: x.shape },
      { dtype: 'float32', ...one },
      { dtype: 'uint8', ...one },
    ] as const;
    return made.slice(0, node.outputs.length);
  },
  reference(node, [input]) {
    const x = present(input);
    const [least, most] = x.data.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0]);
    const scale = Math.fround(Math.fround(most - least) / 255);
    const quotient = (v: number) => (scale === 0 ? 0 : roundHalfEven(Math.fround(v / scale)));
    const zeroPoint = saturated(quotient(-least), 'uint8');
    const data = x.data.map((v) => saturated(quotient(v) + zeroPoint, 'uint8'));
    const one = (v: number): DoubleTensor => ({ shape: [], data: Float64Array.of(v) });
    return [{ shape: x.shape, data }, one(scale), one(zeroPoint)].slice(0, node.outputs.length);
  },
  slicing: () => 'its scale depends on the whole picture',
  gradient: null,
};
