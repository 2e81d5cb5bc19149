import type { FieldsOf } from '../../check/options.ts';
import { type Dtype, isFloat } from '../values.ts';
import { present } from './double.ts';
import type { Operation } from './operation.ts';
import { asFloat, isByte, roundHalfEven, saturated } from './ranges.ts';
import {
  expectScales,
  expectType,
  parseDtype,
  parseScales,
  SCALES_FIELDS,
  type ScalesAttributes,
  scalePlaces,
  zeroPointsOf,
} from './scales.ts';

/**
 * y = round(x / scale) + zero point, halves to even, and what the type does not have is the nearest that it has. The type
 * is that of the zero point, else the one told, else uint8.
 */
export interface QuantisationAttributes extends ScalesAttributes {
  /** What the quotient is rounded to; the scale's type when not told. */
  readonly precision?: Dtype;
}

const FIELDS: FieldsOf<QuantisationAttributes> = { ...SCALES_FIELDS, precision: true };

/** Reads the value, its scales, and its zero points, which are 0 where they are left out. */
export const quantisation: Operation<QuantisationAttributes> = {
  inputs: { least: 2, most: 3 },
  fields: FIELDS,
  check: (who, given) => ({ ...parseScales(who, given), precision: parseDtype(who, 'precision', given.precision) }),
  infer(node, inputs) {
    const [x, scale, zeroPoint] = inputs;
    if (!x || !scale) return [null];
    const dtype = zeroPoint?.dtype ?? node.attributes.to ?? 'uint8';
    expectType(node, 'input', x.dtype, (type) => isFloat(type) || type === 'int32');
    expectType(node, 'the scale', scale.dtype, isFloat);
    expectType(node, 'output', dtype, isByte);
    expectScales(node, inputs);
    return [{ dtype, shape: x.shape }];
  },
  reference(node, [input, scales, zeroPoints]) {
    const [x, scale] = [present(input), present(scales)];
    const { to = 'uint8', precision = scale.dtype ?? 'float32' } = node.attributes;
    const dtype = zeroPoints?.dtype ?? to;
    const placeOf = scalePlaces(node, x.shape, scale.shape);
    const zeroOf = zeroPointsOf(node, x.shape, zeroPoints);
    const data = x.data.map((value, place) => {
      const divisor = asFloat(scale.data[placeOf(place)], precision);
      const quotient = asFloat(asFloat(value, precision) / divisor, precision);
      return saturated(roundHalfEven(quotient) + zeroOf(place), dtype);
    });
    return [{ shape: x.shape, data }];
  },
  slicing: () => 'its output is no picture',
  gradient: null,
};
