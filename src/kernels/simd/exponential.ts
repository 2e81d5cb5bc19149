/**
 * The exponential of d ≤ 0 in double, two lanes at a time:
 *
 *   n = round(d · log2 e),  r = d − n · ln 2
 *   e^d = 2^n · (1 + r + r²/2! + … + r⁹/9!)
 *
 * With |r| ≤ ln 2 / 2 the terms left out are less than 1.1 · r¹⁰/10! < 2^(−36) of e^r: far below a rounding to float32.
 */
import { type Expression, type FunctionBuilder, f64x2, i32x4, type Local, shuffle32, v128 } from '../../wasm/index.ts';
import { doubles } from './doubles.ts';

type V128 = Expression<'v128'>;

/** 1 / k! for k ≤ 9. */
const COEFFICIENTS = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880].map((factorial) => 1 / factorial);
/** 1.5 · 2^52: numbers beside it are one apart, and end in their distance from it as an integer. */
const ROUNDER = 1.5 * 2 ** 52;

/** e^max(d, least) in two lanes of double, for d ≤ 0 or NaN; least ≥ −700. */
export function exponential(f: FunctionBuilder, difference: V128, least: number): V128 {
  // pmax(NaN, least) is NaN.
  const d = f.let(f64x2.pmax(difference, doubles(least)));
  const shifted = f.let(f64x2.add(f64x2.mul(d, doubles(Math.LOG2E)), doubles(ROUNDER)));
  const n = f64x2.sub(shifted, doubles(ROUNDER));
  const r = f.let(f64x2.sub(d, f64x2.mul(n, doubles(Math.LN2))));
  return f64x2.mul(polynomial(f, r), powerOfTwo(shifted));
}

/** Σ r^k / k! in pairs, (c₀ + c₁ r) + (c₂ + c₃ r) r² …, and pairs of these: four dependent steps, not nine. */
function polynomial(f: FunctionBuilder, r: Local<'v128'>): V128 {
  let terms: V128[] = COEFFICIENTS.map(doubles);
  let power = r;
  while (terms.length > 1) {
    const pairs: V128[] = [];
    for (let i = 0; i < terms.length; i += 2) {
      pairs.push(i + 1 < terms.length ? f.let(f64x2.add(f64x2.mul(terms[i + 1], power), terms[i])) : terms[i]);
    }
    terms = pairs;
    power = f.let(f64x2.mul(power, power));
  }
  return terms[0];
}

/** 2^n of the integer n in the low bits of each lane: n + 1023 where a double has its exponent. */
function powerOfTwo(shifted: Local<'v128'>): V128 {
  const zero = v128.const('i32x4', 0, 0, 0, 0);
  const integers = shuffle32(zero, shifted, [0, 4, 0, 6]);
  return i32x4.shl(i32x4.add(integers, v128.const('i32x4', 0, 1023, 0, 1023)), 20);
}
