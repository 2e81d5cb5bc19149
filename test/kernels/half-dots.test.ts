/** Half-precision weights, as rows and in panels. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PANEL_ROWS, packPanels, panelCodes, panelPitch, panelPlace } from '../../src/kernels/half-panels.ts';
import { referenceGemm } from '../../src/kernels/reference/gemm.ts';
import { encodeHalves, type HalfForm } from '../../src/maths/half.ts';
import {
  bound,
  CODES,
  constantRows,
  dotsHalf,
  type Factory,
  forms,
  layers,
  orderSensitive,
  pieces,
  tables,
} from '../support/dots.ts';
import { expectSame, expectWithin, generator, poisonedMemory, RUNS, randomFloats } from './harness.ts';

const inf = Number.POSITIVE_INFINITY;

/** `dotsHalf` with the weights in panels; `piece` is a multiple of their rows. */
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

/** Makes a weight or an x special, if there is one to choose; `pick(n)` is a random whole number below n. */
type Special = (codes: Uint16Array, x: Float32Array, pick: (n: number) => number) => void;

const SPECIALS: readonly (readonly [string, Special])[] = [
  ['finite numbers', () => {}],
  [
    // The emitted kernels mark the total of the first row alone.
    'a code of exponent 31 in one of the last three of four rows',
    (codes, x, pick) => {
      const places = Array.from(codes.keys()).filter((place) => Math.floor(place / x.length) % 4 !== 0);
      if (places.length > 0) codes[places[pick(places.length)]] = [0x7c00, 0xfc00, 0x7c01, 0xffff][pick(4)];
    },
  ],
  [
    // The emitted kernels multiply it by 2^112.
    'an x of 2^16 or more',
    (_codes, x, pick) => {
      if (x.length > 0) x[pick(x.length)] = [1, -1][pick(2)] * 2 ** (16 + pick(112));
    },
  ],
  [
    'an infinite x in a last part of fewer than eight columns',
    (_codes, x, pick) => {
      const last = x.length % 8;
      if (last > 0) x[x.length - 1 - pick(last)] = [inf, -inf][pick(2)];
    },
  ],
];

describe.each(tables)('%s: panels have the bits of rows', (_, factory, roundings) => {
  test.each(SPECIALS)('with %s', (_, make) => {
    const property = fc.property(layers, fc.constantFrom(...forms), ({ rows, n, seed }, form) => {
      const [codes, x] = [encodeHalves(randomFloats(seed, rows * n), form), randomFloats(seed + 9, n)];
      const next = generator(seed + 10);
      make(codes, x, (count) => Math.floor(next() * count));
      const actual = dotsHalfPanels(factory, codes, n, x, form);
      expectSame(actual, dotsHalf(factory, codes, n, x, form));
      // Both might be wrong alike.
      const expected = dotsHalf(referenceGemm, codes, n, x, form);
      const positive = codes.map((code) => code & 0x7fff);
      const absolute = dotsHalf(referenceGemm, positive, n, x.map(Math.abs), form);
      expectWithin(actual, expected, (i) => bound(n, expected[i], absolute[i], roundings));
    });
    fc.assert(property, { numRuns: RUNS });
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
