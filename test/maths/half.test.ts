/** Half precision: codes, their numbers, and rounding to them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { referenceGemm } from '../../src/kernels/reference/gemm.ts';
import { decodeHalf, decodeHalves, encodeHalf, encodeHalves, hasExponent31 } from '../../src/maths/half.ts';
import { expectSame, RUNS, TINY } from '../kernels/harness.ts';
import { CODES, dotsHalf, forms } from '../support/dots.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
/** Codes whose number is the same in both forms. */
const IN_BOTH_FORMS = {
  1: 2 ** -24,
  1023: 1023 * 2 ** -24,
  1024: 2 ** -14,
  13653: 0.333251953125,
  15360: 1,
  49152: -2,
  31743: 65504,
};

describe('half precision', () => {
  test.each(forms)('%s: decoding is the formula that the reference kernel computes', (form) => {
    const expected = dotsHalf(referenceGemm, CODES, 1, Float32Array.of(1), form);
    // The kernel's sum, 0 + −0, is 0.
    expected[0x8000] = -0;
    expectSame(decodeHalves(CODES, form), expected);
  });

  test.each(forms)('%s: all 65,536 codes come back', (form) => {
    const back = encodeHalves(decodeHalves(CODES, form), form);
    const isNan = (code: number) => form === 'binary16' && (code & 0x7fff) > 0x7c00;
    expectSame(
      back,
      CODES.map((code) => (isNan(code) ? 0x7e00 : code)),
    );
  });

  test('the numbers of the standards', () => {
    const both = Object.entries(IN_BOTH_FORMS).map(([code, number]) => [Number(code), number]);
    for (const form of forms) {
      for (const [code, number] of both) {
        expect(decodeHalf(code, form)).toBe(number);
        expect(encodeHalf(number, form)).toBe(code);
      }
    }
    const exponent31 = Uint16Array.of(0x7c00, 0xfc00, 0x7c01, 0xffff);
    expectSame(decodeHalves(exponent31, 'binary16'), [inf, -inf, nan, nan]);
    expectSame(decodeHalves(exponent31, 'alternative'), [65536, -65536, 65600, -131008]);
  });

  test.each(forms)('%s: encoding takes the nearest code, and of two the even one', (form) => {
    const largest = form === 'binary16' ? 0x7bff : 0x7fff;
    const property = fc.property(
      fc.integer({ min: 0, max: largest - 1 }),
      fc.integer({ min: 0, max: 2 ** 20 }),
      (code, part) => {
        const [low, high] = [decodeHalf(code, form), decodeHalf(code + 1, form)];
        for (const x of [low + (part / 2 ** 20) * (high - low), (low + high) / 2]) {
          const even = code + (code & 1);
          const expected = x - low < high - x ? code : x - low > high - x ? code + 1 : even;
          expect(encodeHalf(x, form)).toBe(expected);
          expect(encodeHalf(-x, form)).toBe(expected | 0x8000);
        }
      },
    );
    fc.assert(property, { numRuns: 5 * RUNS });
  });

  test('hasExponent31 finds each of its codes, and no other', () => {
    const found = CODES.filter((code) => hasExponent31(Uint16Array.of(1, code), 2));
    expectSame(
      found,
      CODES.filter((code) => (code & 0x7c00) === 0x7c00),
    );
    expect(hasExponent31(Uint16Array.of(1, 0x7c00), 1)).toBe(false);
  });

  test('a double is rounded once', () => {
    // Rounded to float32 first, this would be the tie 1 + 2^(−11), and go down to 1.
    expect(encodeHalf(1 + 2 ** -11 + 2 ** -40, 'binary16')).toBe(0x3c01);
  });

  test('out of range: ±∞ in the IEEE form, the largest number in the alternative one', () => {
    const ieee = (x: number) => encodeHalf(x, 'binary16');
    const alternative = (x: number) => encodeHalf(x, 'alternative');
    expect([65519, 65520, -65520, 1e30].map(ieee)).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00]);
    expect([inf, -inf].map(ieee)).toEqual([0x7c00, 0xfc00]);
    expect([65520, 131008, 131072, -1e30].map(alternative)).toEqual([0x7c00, 0x7fff, 0x7fff, 0xffff]);
    expect([inf, -inf].map(alternative)).toEqual([0x7fff, 0xffff]);
    expect([2 ** -25, 2 ** -25 + 2 ** -60, -TINY].map(ieee)).toEqual([0, 1, 0x8000]);
  });

  test('the alternative form refuses NaN', () => {
    expect(encodeHalf(nan, 'binary16')).toBe(0x7e00);
    expect(() => encodeHalves(Float32Array.of(1, nan), 'alternative')).toThrow(NnpackError);
    const message = "encodeHalf: x is NaN, expected a number (form 'alternative' has no NaN)";
    expect(() => encodeHalf(nan, 'alternative')).toThrow(message);
  });
});
