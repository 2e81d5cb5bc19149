import { isFloat } from '../values.ts';
import { present } from './double.ts';
import type { Operation } from './operation.ts';
import { isByte } from './ranges.ts';
import {
  expectScales,
  expectType,
  parseScales,
  SCALES_FIELDS,
  type ScalesAttributes,
  scalePlaces,
  zeroPointsOf,
} from './scales.ts';

/** y = (x − zero point) · scale, of the scale's type if no other is told. */
export const dequantisation: Operation<ScalesAttributes> = {
  inputs: { least: 2, most: 3 },
  fields: SCALES_FIELDS,
  check: parseScales,
  infer(node, inputs) {
    const [x, scale] = inputs;
    if (!x || !scale) return [null];
    const dtype = node.attributes.to ?? scale.dtype;
    expectType(node, 'input', x.dtype, (type) => isByte(type) || type === 'int32');
    expectType(node, 'the scale', scale.dtype, isFloat);
    expectType(node, 'output', dtype, isFloat);
    expectScales(node, inputs);
    return [{ dtype, shape: x.shape }];
  },
  reference(node, [input, scales, zeroPoints]) {
    const [x, scale] = [present(input), present(scales)];
    const placeOf = scalePlaces(node, x.shape, scale.shape);
    const zeroOf = zeroPointsOf(node, x.shape, zeroPoints);
    const data = x.data.map((value, place) => {
      return (value - zeroOf(place)) * scale.data[placeOf(place)];
    });
    return [{ shape: x.shape, data }];
  },
  slicing: () => 'its input is no picture',
  gradient: null,
};
