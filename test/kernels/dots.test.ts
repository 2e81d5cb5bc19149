import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import {
  decodeHalf,
  decodeHalves,
  encodeHalf,
  encodeHalves,
  type HalfForm,
  hasExponent31,
} from '../../src/kernels/half.ts';
import { PANEL_ROWS, packPanels, panelCodes, panelPitch, panelPlace } from '../../src/kernels/half-panels.ts';
import { referenceGemm } from '../../src/kernels/reference/gemm.ts';
import { scalarDots } from '../../src/kernels/scalar/dots.ts';
import { DOTS_ROUNDINGS, emitDots, simdDots } from '../../src/kernels/simd/dots.ts';
import { mulAdd } from '../../src/kernels/simd/gemm.ts';
import { emitHalfDots } from '../../src/kernels/simd/half-dots.ts';
import type { DotsKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted, SCRATCH } from './emitted.ts';
import {
  DOUBLE_SLACK,
  EPSILON,
  expectSame,
  expectWithin,
  generator,
  poisonedMemory,
  RUNS,
  randomFloats,
  randomFloatsWithSpecials,
  TINY,
} from './harness.ts';

type Factory = (memory: Memory) => DotsKernels;

const exports = emitted((module) => {
  emitDots(module, mulAdd);
  emitHalfDots(module, mulAdd);
});
const simd: Factory = (memory) => simdDots(exports, SCRATCH, scalarDots(memory));

/** With the float32 roundings of each. */
const tables: readonly (readonly [string, Factory, number])[] = [
  ['scalar', scalarDots, 1],
  ['simd', simd, DOTS_ROUNDINGS],
];

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
const forms: readonly HalfForm[] = ['binary16', 'alternative'];
const CODES = Uint16Array.from({ length: 65536 }, (_, code) => code);

/** w is (rows, ldw), of which n columns count; done in pieces of `piece` rows. */
function dots(factory: Factory, w: Float32Array, ldw: number, x: Float32Array, piece = w.length) {
  const rows = ldw === 0 ? 0 : w.length / ldw;
  const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (w.length + x.length + rows) + 512);
  const [weights, input, y] = [place(w), place(x), output(rows)];
  const kernels = factory(memory);
  for (let i = 0; i < rows; i += piece) {
    kernels.dots(Math.min(piece, rows - i), x.length, weights + i * ldw, ldw, input, y + i);
  }
  checkGuards();
  return read(y, rows);
}

function dotsHalf(factory: Factory, w: Uint16Array, ldw: number, x: Float32Array, form: HalfForm, piece = w.length) {
  const rows = ldw === 0 ? 0 : w.length / ldw;
  const bytes = 2 * w.length + 4 * (x.length + rows) + 512;
  const { memory, place, placeHalves, output, read, checkGuards } = poisonedMemory(bytes);
  const [weights, input, y] = [placeHalves(w), place(x), output(rows)];
  const kernels = factory(memory);
  for (let i = 0; i < rows; i += piece) {
    const count = Math.min(piece, rows - i);
    kernels.dotsHalf(count, x.length, weights + i * ldw, ldw, input, y + i, form === 'alternative' ? 1 : 0);
  }
  checkGuards();
  return read(y, rows);
}

/** The same with the weights in panels; `piece` is a multiple of their rows. */
function dotsHalfPanels(
  factory: Factory,
  w: Uint16Array,
  ldw: number,
  x: Float32Array,
  form: HalfForm,
  piece = PANEL_ROWS * w.length,
) {
  const [rows, n] = [ldw === 0 ? 0 : w.length / ldw, x.length];
  const panels = panelsOf(
    w.filter((_, i) => i % ldw < n),
    rows,
    n,
  );
  const bytes = 2 * panels.length + 4 * (n + rows) + 512;
  const { memory, place, placeHalves, output, read, checkGuards } = poisonedMemory(bytes);
  const [weights, input, y] = [placeHalves(panels), place(x), output(rows)];
  const kernels = factory(memory);
  for (let i = 0; i < rows; i += piece) {
    const count = Math.min(piece, rows - i);
    kernels.dotsHalfPanels(count, n, weights + i * panelPitch(n), input, y + i, form === 'alternative' ? 1 : 0);
  }
  checkGuards();
  return read(y, rows);
}

/** Packed to where there was NaN before. */
function panelsOf(codes: Uint16Array, rows: number, n: number): Uint16Array {
  const panels = new Uint16Array(panelCodes(rows, n)).fill(0x7fff);
  packPanels(codes, rows, n, panels, 0);
  return panels;
}

/**
 * The reference, a sum of n exact products in double rounded once to float32, and another with so many roundings; every
 * product and sum may be subnormal.
 */
function bound(n: number, y: number, absolute: number, roundings: number): number {
  const relative =
    roundings === 1 ? 2 * EPSILON * Math.abs(y) : (roundings + 1) * EPSILON * DOUBLE_SLACK * 1.0001 * absolute;
  return relative + 2 * n * 2 ** -53 * absolute + (1 + (roundings > 1 ? n : 0)) * TINY;
}

interface Layer {
  readonly rows: number;
  readonly n: number;
  readonly gap: number;
  readonly seed: number;
  readonly specials: boolean;
}

const layers: fc.Arbitrary<Layer> = fc.record({
  rows: fc.integer({ min: 0, max: 13 }),
  n: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1100 })),
  gap: fc.integer({ min: 0, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
  specials: fc.boolean(),
});

const pieces = fc.integer({ min: 1, max: 7 });

/** Small numbers and ±2^54, whose sum in double depends on the order of the additions: 2^54 + 1 is 2^54. */
function orderSensitive(seed: number, n: number): Float32Array {
  const x = randomFloats(seed, n).map((value) => Math.round(3 * value));
  const next = generator(seed + 1);
  if (n > 1) {
    const place = Math.floor(next() * n);
    x[place] = 2 ** 54;
    x[(place + 1 + Math.floor(next() * (n - 1))) % n] = -(2 ** 54);
  }
  return x;
}

/** Rows of the weight 1, 2, 3, …: a multiple of the same sum each. */
function constantRows(rows: number, n: number): Float32Array {
  return Float32Array.from({ length: rows * n }, (_, i) => 1 + Math.floor(i / n));
}

/** Weights with NaN between the rows, where nothing may be read. */
function drawn({ rows, n, gap, seed, specials }: Layer) {
  const ldw = n + gap;
  const values = specials ? randomFloatsWithSpecials(seed, rows * ldw, 40) : randomFloats(seed, rows * ldw);
  return { w: values.map((value, i) => (i % ldw < n ? value : nan)), ldw, x: randomFloats(seed + 9, n) };
}

describe.each(tables)('%s dots', (_, factory, roundings) => {
  test('equals reference within the roundings of two sums', () => {
    const property = fc.property(layers, (layer) => {
      const { w, ldw, x } = drawn(layer);
      const expected = dots(referenceGemm, w, ldw, x);
      const absolute = dots(referenceGemm, w.map(Math.abs), ldw, x.map(Math.abs));
      const boundOf = (i: number) => bound(layer.n, expected[i], absolute[i], roundings);
      expectWithin(dots(factory, w, ldw, x), expected, boundOf);
    });
    fc.assert(property, { numRuns: 2 * RUNS });
  });

  test('a row gives the same bits whatever rows it is computed with', () => {
    const property = fc.property(layers, pieces, ({ rows, n, seed }, piece) => {
      const [w, x] = [constantRows(rows, n), orderSensitive(seed, n)];
      expectSame(dots(factory, w, n, x, piece), dots(factory, w, n, x));
    });
    fc.assert(property, { numRuns: 4 * RUNS });
  });

  test('no columns give zeros', () => {
    expectSame(dots(factory, new Float32Array(6).fill(nan), 1, new Float32Array(0)), new Array(6).fill(0));
  });
});

test('scalar dots sums in double: what cancels leaves what is left', () => {
  const w = new Float32Array(5 * 7).map((_, i) => [1e8, 1, 0, 0, -1e8, 2 ** -20, 0][i % 7]);
  expectSame(dots(scalarDots, w, 7, new Float32Array(7).fill(1)), new Float32Array(5).fill(1 + 2 ** -20));
});

test('simd dots: products and sums beyond float32 are as good as others where the result is not', () => {
  const w = Float32Array.of(3e38, 3e38, -3e38, -3e38, 1, 3e38, -3e38, 2);
  const x = Float32Array.of(3e38, 1, 3e38, 1, 7, 2, 2, 1);
  expectSame(dots(simd, w, 8, x), dots(referenceGemm, w, 8, x));
});

/** Panels also of more rows than are kept together. */
const layouts = [
  { kernel: 'dotsHalf', run: dotsHalf, layers, pieces },
  {
    kernel: 'dotsHalfPanels',
    run: dotsHalfPanels,
    layers: fc
      .tuple(layers, fc.constantFrom(0, 0, 30, 60))
      .map(([layer, more]) => ({ ...layer, rows: layer.rows + more })),
    pieces: fc.constantFrom(PANEL_ROWS, 2 * PANEL_ROWS),
  },
];

const cases = tables.flatMap(([name, factory, roundings]) =>
  forms.flatMap((form) => layouts.map((layout) => ({ name, factory, roundings, form, ...layout }))),
);

describe.each(cases)('$name $kernel, $form', ({ form, factory, roundings, run, layers, pieces }) => {
  test('every code counts as its number', () => {
    for (const one of [1, 2 ** -30, 2 ** 20]) {
      const x = Float32Array.of(one);
      expectSame(run(factory, CODES, 1, x, form), dotsHalf(referenceGemm, CODES, 1, x, form));
    }
  });

  test('every code counts as its number in every lane', () => {
    // Eight columns of which one counts; the others' weights are finite in both forms.
    for (let lane = 0; lane < 8; lane++) {
      const codes = Uint16Array.from({ length: 8 * 65536 }, (_, i) => (i % 8 === lane ? i >> 3 : (i >> 3) & 0xbbff));
      const x = new Float32Array(8);
      x[lane] = 1;
      expectSame(run(factory, codes, 8, x, form), dotsHalf(referenceGemm, CODES, 1, Float32Array.of(1), form));
    }
  });

  test('equals reference within the roundings of two sums', () => {
    const property = fc.property(layers, ({ rows, n, gap, seed, specials }) => {
      const ldw = n + gap;
      // All codes, or those below 2 in magnitude; and between the rows NaN, in the form that has it.
      const next = generator(seed);
      const codes = Uint16Array.from({ length: rows * ldw }, (_, i) => {
        if (i % ldw >= n) return 0x7fff;
        return specials ? Math.floor(next() * 65536) : Math.floor(next() * 0x4000) + (next() < 0.5 ? 0x8000 : 0);
      });
      const x = randomFloats(seed + 9, n);
      const expected = dotsHalf(referenceGemm, codes, ldw, x, form);
      const positive = codes.map((code) => code & 0x7fff);
      const absolute = dotsHalf(referenceGemm, positive, ldw, x.map(Math.abs), form);
      const actual = run(factory, codes, ldw, x, form);
      expectWithin(actual, expected, (i) => bound(n, expected[i], absolute[i], roundings));
    });
    fc.assert(property, { numRuns: 2 * RUNS });
  });

  test('a row gives the same bits whatever rows it is computed with', () => {
    const property = fc.property(layers, pieces, ({ rows, n, seed }, piece) => {
      const [codes, x] = [encodeHalves(constantRows(rows, n), form), orderSensitive(seed, n)];
      expectSame(run(factory, codes, n, x, form, piece), run(factory, codes, n, x, form));
    });
    fc.assert(property, { numRuns: 4 * RUNS });
  });
});

describe.each(tables)('%s: panels', (_, factory) => {
  test('have the bits of rows', () => {
    const property = fc.property(layers, fc.constantFrom(...forms), ({ rows, n, seed }, form) => {
      const [codes, x] = [encodeHalves(randomFloats(seed, rows * n), form), randomFloats(seed + 9, n)];
      expectSame(dotsHalfPanels(factory, codes, n, x, form), dotsHalf(factory, codes, n, x, form));
    });
    fc.assert(property, { numRuns: 2 * RUNS });
  });
});

describe('panels', () => {
  const sizes = fc.tuple(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 1100 }));

  test('every code is where panelPlace says, and zeros are between', () => {
    const property = fc.property(sizes, ([rows, n]) => {
      const codes = Uint16Array.from({ length: rows * n }, (_, i) => 1 + (i % 65535));
      const expected = new Uint16Array(panelCodes(rows, n));
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < n; j++) expected[panelPlace(rows, n, i, j)] = codes[i * n + j];
      }
      expectSame(panelsOf(codes, rows, n), expected);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test('32 rows more are 32 times the pitch further on', () => {
    expect(panelPlace(50, 600, 32 + 7, 555)).toBe(32 * panelPitch(600) + panelPlace(18, 600, 7, 555));
  });
});

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
