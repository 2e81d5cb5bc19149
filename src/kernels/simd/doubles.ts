/** Four elements of float32 as twice two of double, and back. */
import { type Expression, f32x4, type Local, shuffle32, v128 } from '../../wasm/index.ts';

type V128 = Expression<'v128'>;

/** The upper two elements in the place of the lower, where they are promoted from. */
export const upper = (v: Local<'v128'>): V128 => shuffle32(v, v, [2, 3, 2, 3]);

export const rounded = (low: V128, high: V128): V128 =>
  shuffle32(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), [0, 1, 4, 5]);

export const doubles = (value: number): V128 => v128.const('f64x2', value, value);
