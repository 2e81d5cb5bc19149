import { expectOneOf } from '../../check/options.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';

import { type DoubleTensor, DTYPES, type Dtype, isFloat } from '../values.ts';
import { present } from './double.ts';
import { ONE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/**
 * The same numbers in another type. Between floating-point types they are rounded to the nearest. Whole numbers are
 * what is before the point, held to the least and greatest of their type, and NaN is 0; other whole numbers keep their
 * lowest bits. What is not 0 is true.
 */
export interface ConversionAttributes {
  readonly dtype: Dtype;
}

export const conversion: Operation<ConversionAttributes> = {
  inputs: ONE,
  fields: { dtype: true },
  check: (who, { dtype }) => ({ dtype: expectOneOf(who, 'dtype', dtype, DTYPES, 'invalid-tensor-type') }),
  infer: ({ attributes: { dtype } }, [x]) => [{ dtype, shape: x?.shape ?? [] }],
  lower({ outputs: [shape], context }) {
    const size = sizeOf(shape);
    // The run rounds what is written.
    return withoutWeights(([x], [y]) => {
      if (x !== y) context.kernels.copyRows(1, size, x, size, 1, y, size);
    });
  },
  reference: ({ attributes: { dtype } }, [x]) => [converted(present(x), dtype)],
  slicing: () => PIXELWISE,
  inPlace: 1,
  isElementwise: true,
  specialise({ attributes, inputs }, [x]) {
    return x?.dtype === attributes.dtype ? { op: 'identity', inputs, attributes: {} } : null;
  },
  gradient: null,
};

/** The least and greatest numbers of the types of whole numbers; those of 64 bits are held as they are rounded. */
const RANGES: Partial<Record<Dtype, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
};

/** Numbers of one type as those of another, before they are rounded to it. */
export function converted(x: DoubleTensor, dtype: Dtype): DoubleTensor {
  const range = RANGES[dtype];
  if (range === undefined || !isFloat(x.dtype ?? 'float32')) return { ...x, dtype };
  const data = x.data.map((v) => (Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), range[0]), range[1])));
  return { shape: x.shape, data, dtype };
}
