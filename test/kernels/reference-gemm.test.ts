import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceGemm } from '../../src/kernels/reference/gemm.ts';
import { expectSame, generator, poisonedMemory, RUNS } from './harness.ts';

/**
 * The reference multiplication is what others are checked against, so it is checked against arithmetic itself: on small
 * integers every product and sum is exact, in any order and any precision.
 */
const shapes = fc.record({
  m: fc.integer({ min: 0, max: 6 }),
  n: fc.integer({ min: 0, max: 6 }),
  k: fc.integer({ min: 0, max: 6 }),
  gaps: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
  update: fc.constantFrom(0, 1),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

function integers(next: () => number, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => Math.floor(201 * next()) - 100);
}

/** C + A · B as a sum of k outer products of columns of A and rows of B. */
function outerProducts(m: number, n: number, columns: number[][], rows: number[][], c: number[][]): number[][] {
  const sum = Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => c[i][j]));
  columns.forEach((column, l) => {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) sum[i][j] += column[i] * rows[l][j];
    }
  });
  return sum;
}

test('sgemm is the sum of outer products, between the gaps of C', () => {
  const property = fc.property(shapes, ({ m, n, k, gaps, update, seed }) => {
    const [lda, ldb, ldc] = [k + gaps[0], n + gaps[1], n + gaps[2]];
    const next = generator(seed);
    const [a, b, c] = [integers(next, m * lda), integers(next, k * ldb), integers(next, m * ldc)];
    const { memory, place, placeInOut, output, read, untouched, checkGuards } = poisonedMemory(4096);
    const [atA, atB] = [place(a), place(b)];
    const atC = update === 1 ? placeInOut(c) : output(m * ldc);

    referenceGemm(memory).sgemm(m, n, k, atA, lda, atB, ldb, atC, ldc, update);

    checkGuards();
    const columns = Array.from({ length: k }, (_, l) => Array.from({ length: m }, (_, i) => a[i * lda + l]));
    const rows = Array.from({ length: k }, (_, l) => Array.from(b.subarray(l * ldb, l * ldb + n)));
    const before = Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => update * c[i * ldc + j]));
    const expected = outerProducts(m, n, columns, rows, before);
    for (let i = 0; i < m; i++) {
      expect(read(atC + i * ldc, n)).toEqual(expected[i].map((value) => value + 0));
      for (let j = n; j < ldc; j++) {
        const at = atC + i * ldc + j;
        expect(update === 1 ? memory.f32[at] === c[i * ldc + j] : untouched(at)).toBe(true);
      }
    }
  });
  fc.assert(property, { numRuns: RUNS });
});

test('sgemmIndirect reads the rows of B where the table says, also overlapping ones', () => {
  const property = fc.property(shapes, ({ m, n, k, gaps, seed }) => {
    const [lda, ldc] = [k + gaps[0], n + gaps[2]];
    const next = generator(seed);
    const [a, b, c] = [integers(next, m * lda), integers(next, n + 20), integers(next, m * ldc)];
    const starts = Array.from({ length: k }, () => Math.floor(21 * next()) - 10);
    const { memory, place, placeIntegers, placeInOut, read, checkGuards } = poisonedMemory(4096);
    const [atA, atB, atRows, atC] = [place(a), place(b) + 10, placeIntegers(starts), placeInOut(c)];

    referenceGemm(memory).sgemmIndirect(m, n, k, atA, lda, atRows, atB, atC, ldc);

    checkGuards();
    const columns = starts.map((_, l) => Array.from({ length: m }, (_, i) => a[i * lda + l]));
    const rows = starts.map((start) => Array.from(b.subarray(start + 10, start + 10 + n)));
    const before = Array.from({ length: m }, (_, i) => Array.from(c.subarray(i * ldc, i * ldc + n)));
    const expected = outerProducts(m, n, columns, rows, before);
    for (let i = 0; i < m; i++) {
      expect(read(atC + i * ldc, n)).toEqual(expected[i]);
      expect(read(atC + i * ldc + n, ldc - n)).toEqual(Array.from(c.subarray(i * ldc + n, (i + 1) * ldc)));
    }
  });
  fc.assert(property, { numRuns: RUNS });
});

describe('the reference sums', () => {
  test('are kept in double and rounded once', () => {
    const { memory, place, placeInOut, placeIntegers, output, read } = poisonedMemory(4096);
    const kernels = referenceGemm(memory);
    // In float32, 1e8 + 1 is 1e8, and 1 + 2^(−24) is 1.
    const [ones, w] = [place([1, 1, 1]), place([1e8, 1, -1e8])];
    const c = output(1);
    kernels.sgemm(1, 1, 3, w, 3, ones, 1, c, 1, 0);
    expectSame(read(c, 1), [1]);
    const d = placeInOut([2 ** -24]);
    kernels.sgemm(1, 1, 3, w, 3, ones, 1, d, 1, 1);
    kernels.sgemmIndirect(1, 1, 3, w, 3, placeIntegers([0, 1, 2]), ones, d, 1);
    expectSame(read(d, 1), [2]);
    const y = output(1);
    kernels.dots(1, 3, w, 3, ones, y);
    expectSame(read(y, 1), [1]);
  });

  test('of nothing are zero, or what was there', () => {
    const { memory, output, placeInOut, read } = poisonedMemory(4096);
    const [c, d] = [output(2), placeInOut([5, Number.NaN])];
    referenceGemm(memory).sgemm(1, 2, 0, 0, 0, 0, 0, c, 2, 0);
    referenceGemm(memory).sgemm(1, 2, 0, 0, 0, 0, 0, d, 2, 1);
    expectSame(read(c, 2), [0, 0]);
    expectSame(read(d, 2), [5, Number.NaN]);
  });
});
