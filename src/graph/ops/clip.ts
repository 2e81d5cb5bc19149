import { NnpackError } from '../../errors.ts';
import { type KnownType, whoIs } from '../node.ts';
import { type Dtype, shapeText } from '../values.ts';
import { mapped, present } from './double.ts';
import { onOneType } from './inputs.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** The greatest numbers of the floating-point types. */
const GREATEST: Partial<Record<Dtype, number>> = {
  float64: Number.MAX_VALUE,
  float32: 2 ** 127 * (2 - 2 ** -23),
  float16: 65504,
  bfloat16: 2 ** 127 * (2 - 2 ** -7),
};

/**
 * min(max(x₀, x₁), x₂) for bounds of one element each: what is left out is the type's least or greatest number, which
 * infinities are beyond.
 */
export const clip: Operation<NoAttributes> = {
  inputs: { least: 1, most: 3 },
  fields: {},
  check: () => ({}),
  infer: onOneType((node, [x, ...bounds]) => {
    for (const shape of bounds) {
      if (shape === null || shape.every((size) => size === 1 || typeof size === 'string')) continue;
      const text = `a bound is ${shapeText(shape)}, expected one element`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
    }
    return [x ?? []];
  }),
  reference(_node, [input, low, high]) {
    const x = present(input);
    const greatest = greatestOf(x.dtype);
    const [min, max] = [low?.data[0] ?? -greatest, high?.data[0] ?? greatest];
    return [mapped(x, (v) => Math.min(Math.max(v, min), max))];
  },
  slicing: () => PIXELWISE,
  specialise({ inputs: [x] }, [type, low, high]) {
    if (GREATEST[type?.dtype ?? 'float32'] === undefined) return null;
    const greatest = greatestOf(type?.dtype);
    const [min, max] = [boundOf(low, -greatest), boundOf(high, greatest)];
    return min !== undefined && max !== undefined && min <= max
      ? { op: 'clamp', inputs: [x], attributes: { min, max } }
      : null;
  },
  gradient: null,
};

/** Whole numbers have no infinities: nothing is beyond them. */
function greatestOf(dtype: Dtype = 'float32'): number {
  return GREATEST[dtype] ?? Number.POSITIVE_INFINITY;
}

/** undefined where the bound is not known yet. */
function boundOf(type: KnownType | null | undefined, absent: number): number | undefined {
  return type ? type.elements?.().data[0] : absent;
}
