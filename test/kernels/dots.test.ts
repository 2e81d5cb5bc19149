import fc from 'fast-check';
import { describe, test } from 'vitest';
import { referenceGemm } from '../../src/kernels/reference/gemm.ts';
import { scalarDots } from '../../src/kernels/scalar/dots.ts';
import {
  bound,
  constantRows,
  dots,
  type Layer,
  layers,
  orderSensitive,
  pieces,
  simd,
  tables,
} from '../support/dots.ts';
import { expectSame, expectWithin, RUNS, randomFloats, randomFloatsWithSpecials } from './harness.ts';

const nan = Number.NaN;

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
