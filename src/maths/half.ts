import { isFloat32Array, isUint16Array } from '../check/arrays.ts';
import { allocated } from '../check/memory.ts';
import { expectOneOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';

/**
 * Half precision: a sign, a 5-bit exponent e and a 10-bit fraction m.
 *
 *     0 < e    ± 2^(e − 15) · (1 + m / 1024)  =  ± (1024 + m) · 2^(e − 25)
 *     e = 0    ± 2^(−14) · m / 1024           =  ± m · 2^(−24)
 *
 * The two forms differ in exponent 31 alone. IEEE 754 binary16 keeps it for ±∞ (m = 0) and NaN, so that its largest
 * number is 65,504. ARM's alternative half, the form of weights in NNPACK's fully-connected inference, has neither: 31
 * is an exponent like the others, and the largest number is 131,008.
 *
 * Encoding rounds to nearest, ties to even, once: a double is not rounded to float32 on its way.
 *
 * Source: Arm Architecture Reference Manual, "Half-precision floating-point formats"; IEEE 754-2019, §3.4.
 */
export type HalfForm = (typeof HALF_FORMS)[number];

export const HALF_FORMS = ['binary16', 'alternative'] as const;

/** The distance of neighbours at exponent e; the subnormals of e = 0 are as far apart as the numbers of e = 1. */
const STEP = Float64Array.from({ length: 32 }, (_, e) => 2 ** (Math.max(e, 1) - 25));
const double = new DataView(new ArrayBuffer(8));

/**
 * The code nearest to x. Numbers out of range become ±∞ in the IEEE form, and ±131,008 in the alternative one, as its
 * ±∞ do. NaN is 0x7e00 in the IEEE form; the alternative one has no code for it, and throws `invalid-argument`.
 *
 * @example
 * encodeHalf(1, 'binary16'); // 0x3c00
 */
export function encodeHalf(x: number, form: HalfForm): number {
  if (Number.isNaN(x)) {
    if (form === 'binary16') return 0x7e00;
    throw noNaN('encodeHalf', 'x');
  }
  double.setFloat64(0, x);
  const high = double.getUint16(0);
  const sign = high & 0x8000;
  const magnitude = Math.abs(x);
  // Half a step beyond the largest number rounds away from it.
  if (form === 'binary16' && magnitude >= 65520) return sign | 0x7c00;
  if (form === 'alternative' && magnitude >= 131008) return sign | 0x7fff;
  const e = Math.max(1, ((high >> 4) & 2047) - 1023 + 15);
  // ± (1024 + m) · 2^(e − 25): a fraction that rounds up to 2048 carries into the exponent by itself.
  return sign | (((e - 1) << 10) + roundToEven(magnitude / STEP[e]));
}

/**
 * The number of a code; exact.
 *
 * @example
 * decodeHalf(0x7c00, 'binary16'); // Infinity
 * decodeHalf(0x7c00, 'alternative'); // 65536
 */
export function decodeHalf(code: number, form: HalfForm): number {
  const e = (code >> 10) & 31;
  const m = code & 1023;
  const sign = code & 0x8000 ? -1 : 1;
  if (e === 31 && form === 'binary16') return m === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (e === 0 ? m : 1024 + m) * STEP[e];
}

function noNaN(who: string, what: string): NnpackError {
  const text = `${who}: ${what} is NaN, expected a number (form 'alternative' has no NaN)`;
  return new NnpackError('invalid-argument', text);
}

/**
 * Numbers as codes of half precision, rounded to nearest, ties to even.
 *
 * @throws NnpackError `invalid-argument` for another form, or a NaN that the form has no code for; `invalid-tensor-type`
 *   for anything but a Float32Array
 * @example
 * const kernel = { data: encodeHalves(weights, 'binary16'), shape: [K, C], format: 'binary16' };
 */
export function encodeHalves(x: Float32Array, form: HalfForm): Uint16Array {
  const who = 'encodeHalves';
  if (!isFloat32Array(x)) {
    throw new NnpackError('invalid-tensor-type', `${who}: x is ${show(x)}, expected a Float32Array`);
  }
  expectOneOf(who, 'form', form, HALF_FORMS, 'invalid-argument');
  const codes = allocated(who, 'the codes', () => new Uint16Array(x.length));
  for (let i = 0; i < x.length; i++) {
    if (form === 'alternative' && Number.isNaN(x[i])) throw noNaN(who, `x[${i}]`);
    codes[i] = encodeHalf(x[i], form);
  }
  return codes;
}

/**
 * The numbers that codes of half precision stand for, each exactly.
 *
 * @throws NnpackError `invalid-argument` for another form, `invalid-tensor-type` for anything but a Uint16Array
 * @example
 * const weights = decodeHalves(kernel.data, 'binary16');
 */
export function decodeHalves(codes: Uint16Array, form: HalfForm): Float32Array {
  const who = 'decodeHalves';
  if (!isUint16Array(codes)) {
    throw new NnpackError('invalid-tensor-type', `${who}: codes are ${show(codes)}, expected a Uint16Array`);
  }
  expectOneOf(who, 'form', form, HALF_FORMS, 'invalid-argument');
  const x = allocated(who, 'the numbers', () => new Float32Array(codes.length));
  for (let i = 0; i < codes.length; i++) x[i] = decodeHalf(codes[i], form);
  return x;
}

/** Whether one of the first `count` codes has exponent 31, the only one that the forms read differently. */
export function hasExponent31(codes: Uint16Array, count: number): boolean {
  let carries = 0;
  for (let i = 0; i < count; i++) carries |= (codes[i] & 0x7c00) + 0x0400;
  return (carries & 0x8000) !== 0;
}

/** For 0 ≤ x ≤ 2^51: at 2^52 doubles are one apart, so that the addition itself rounds to nearest, ties to even. */
function roundToEven(x: number): number {
  return x + 2 ** 52 - 2 ** 52;
}
