import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateGemm } from '../../scripts/generate-gemm.ts';
import { scalarGemm } from '../../src/kernels/scalar/gemm.ts';
import { COLUMNS, ROWS } from '../../src/kernels/scalar/generated/gemm.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { SCRATCH_BYTES } from '../../src/kernels/simd/exports.ts';
import { emitGemm, emitIndirectGemm, KC, MC, simdGemm } from '../../src/kernels/simd/gemm.ts';
import { type Micro, mulAdd } from '../../src/kernels/simd/gemm-micro.ts';
import type { GemmKernels } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { f32x4, type Module } from '../../src/wasm/index.ts';
import { emitted, FAR, farMemory, SCRATCH } from './emitted.ts';
import {
  EPSILON,
  expectSame,
  expectWithin,
  generator,
  memoryOver,
  poisonedMemory,
  RUNS,
  randomFloats,
  TINY,
  testMemory,
} from './harness.ts';

type Products = Pick<GemmKernels, 'gemmBlocks' | 'gemmRoundings' | 'sgemm' | 'sgemmIndirect'>;

/** A table's products, over the memory of the tests or another; `scratch` is that of emitted kernels, in bytes. */
interface Table {
  readonly name: string;
  readonly kernels: (memory?: Memory, scratch?: number) => Products;
}

/** Emitted products of given micro-kernels; what they leave to the scalar ones is k = 0 alone. */
function emittedTable(name: string, micro: Micro): Table {
  const both = (module: Module) => [...emitGemm(module, micro), ...emitIndirectGemm(module, micro)];
  const emit = (memory: Memory) => emitted(both, memory);
  const usual = emit(testMemory);
  return {
    name,
    kernels(memory = testMemory, scratch = SCRATCH) {
      const scalar = scalarGemm(memory);
      const empty: GemmKernels['sgemm'] = (m, n, k, ...rest) =>
        k === 0 ? scalar.sgemm(m, n, k, ...rest) : expect.fail('left to the scalar kernel');
      const left = { sgemm: empty } as GemmKernels;
      const load = lazily(() => (memory === testMemory ? usual : emit(memory)));
      return simdGemm(load, load, scratch, { ...micro, panels: micro.tiles, units: left.gemmUnits }, left);
    },
  };
}

/** What is made when it is first asked for. */
function lazily<Made>(make: () => Made): () => Made {
  let made: Made | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

const scalarTable: Table = { name: 'scalar', kernels: (memory = testMemory) => scalarGemm(memory) as Products };
/** Micro-tiles of old engines, of new ones, and of fused multiply-add, with which they are measured. */
const emittedTables: readonly Table[] = [
  emittedTable('simd, 2×16', { tiles: [4, 4, 2, 2], multiplyAdd: mulAdd, keepsOrder: false }),
  emittedTable('simd of engines with relaxed SIMD, 2×16', {
    tiles: [6, 4, 3, 2],
    multiplyAdd: mulAdd,
    keepsOrder: true,
  }),
  emittedTable('simd, 6×8', { tiles: [6, 6], multiplyAdd: mulAdd, keepsOrder: false }),
  emittedTable('simd-wide, 6×16', { tiles: [6, 6, 6, 6], multiplyAdd: mulAdd, keepsOrder: true, abreast: 2 }),
  ...(refuseSimd('simd-relaxed') === null
    ? [emittedTable('simd-relaxed, 6×8', { tiles: [6, 6], multiplyAdd: f32x4.relaxed_madd, keepsOrder: true })]
    : []),
];
const tables = [scalarTable, ...emittedTables];

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly update: number;
  /** Rows of B found through a table, wherever they are; this always adds. */
  readonly indirect: boolean;
  /** What lies between the rows of A, B and C, in elements. */
  readonly gaps: readonly [number, number, number];
}

/** Dense operands: A is (m, k), B is (k, n), C is (m, n). */
interface Operands {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
}

function operands({ m, n, k }: Product, values: (count: number) => Float32Array): Operands {
  return { a: values(m * k), b: values(k * n), c: values(m * n) };
}

/** Seeds differ, so that no two operands are alike. */
function floats(seed: number): (count: number) => Float32Array {
  let next = seed;
  return (count) => randomFloats(next++, count);
}

/** Between −100 and 100: products and their sums are exact in any order, also in float32 up to 1600 of them. */
function integers(seed: number): (count: number) => Float32Array {
  const next = generator(seed);
  return (count) => Float32Array.from({ length: count }, () => Math.floor(201 * next()) - 100);
}

/** The definition, in double. */
function naive({ m, n, k, update, indirect }: Product, { a, b, c }: Operands): Float64Array {
  const sums = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = update === 1 || indirect ? c[i * n + j] : 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
      sums[i * n + j] = sum;
    }
  }
  return sums;
}

/** −0 as 0: the sign of a zero depends on the order of a sum. */
const withoutSign = (value: number) => value + 0;

/** Rows of `width` with NaN between them. */
function spread(rows: number, width: number, gap: number, values: Float32Array): Float32Array {
  const spreadOut = new Float32Array(rows * (width + gap)).fill(Number.NaN);
  for (let i = 0; i < rows; i++) spreadOut.set(values.subarray(i * width, (i + 1) * width), i * (width + gap));
  return spreadOut;
}

/** Where a test's data lies: in the memory of all tests, if not in one of its own. */
type Own = Parameters<typeof poisonedMemory>[1];

/** What the kernels make of it, among guards and NaN; checks that they wrote C and nothing else. */
function multiply(kernels: Products, product: Product, { a, b, c }: Operands, own?: Own): Float32Array {
  const { m, n, k, update, indirect, gaps } = product;
  const [lda, ldb, ldc] = [k + gaps[0], n + gaps[1], n + gaps[2]];
  const { memory, place, placeIntegers, output, untouched, checkGuards } = poisonedMemory(
    4 * (m * lda + k * ldb + m * ldc + k + 128),
    own,
  );
  const [atA, atB, atC] = [place(spread(m, k, gaps[0], a)), place(spread(k, n, gaps[1], b)), output(m * ldc)];
  const { f32 } = memory;
  if (update === 1 || indirect) for (let i = 0; i < m; i++) f32.set(c.subarray(i * n, (i + 1) * n), atC + i * ldc);

  if (indirect) {
    // Offsets are from the middle row, so that some are negative.
    const middle = Math.floor(k / 2) * ldb;
    const rows = placeIntegers(Array.from({ length: k }, (_, l) => l * ldb - middle));
    kernels.sgemmIndirect(m, n, k, atA, lda, rows, atB + middle, atC, ldc);
  } else {
    kernels.sgemm(m, n, k, atA, lda, atB, ldb, atC, ldc, update);
  }

  checkGuards();
  const result = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    result.set(f32.subarray(atC + i * ldc, atC + i * ldc + n), i * n);
    for (let j = n; j < ldc; j++) expect(untouched(atC + i * ldc + j)).toBe(true);
  }
  return result;
}

/**
 * With S = |C| + |A| · |B|: each rounding to float32 is of at most ε S, of which the table states how many there are, one to
 * spare; products too small for float32 are off by TINY; and the definition's sum of k + 1 terms in double, and that of a
 * table in double, by 2^(−53) S for each term.
 */
function expectWithinRounding(kernels: Products, product: Product, given: Operands, own?: Own): void {
  const magnitudes = { a: given.a.map(Math.abs), b: given.b.map(Math.abs), c: given.c.map(Math.abs) };
  const sums = naive(product, magnitudes);
  const { k } = product;
  const roundings = kernels.gemmRoundings(k) - 1;
  // Of second order: (1 + ε)^roundings − 1 < 1.001 roundings ε.
  const bound = (i: number) =>
    1.001 * Math.max(1, roundings) * EPSILON * sums[i] + (roundings + k) * TINY + 2 * (k + 1) * 2 ** -53 * sums[i];
  expectWithin(multiply(kernels, product, given, own), naive(product, given), bound);
}

const products = (largest: number) =>
  fc.record({
    m: fc.nat(largest),
    n: fc.nat(largest),
    k: fc.nat(largest),
    update: fc.constantFrom(0, 1),
    indirect: fc.boolean(),
    gaps: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
  });

/** Every mode in which a product is called. */
const MODES = [
  { update: 0, indirect: false },
  { update: 1, indirect: false },
  { update: 1, indirect: true },
] as const;

describe.each(tables)('the multiplication of $name', ({ kernels: make }) => {
  const kernels = make();
  const { kc } = kernels.gemmBlocks;

  test('is exact on integers at every two sizes from 1 to 40', () => {
    for (let m = 1; m <= 40; m++) {
      for (let n = 1; n <= 40; n++) {
        // 7 and 11 have no divisor in common with 40: every k meets every m, and every n.
        const k = 1 + ((7 * m + 11 * n) % 40);
        const product: Product = { m, n, k, ...MODES[(m + n + k) % 3], gaps: [m % 3, n % 3, k % 3] };
        const given = operands(product, integers(m * 41 + n));
        expectSame(multiply(kernels, product, given).map(withoutSign), naive(product, given).map(withoutSign));
      }
    }
  });

  test('is exact on integers at every size up to 9, also of nothing', () => {
    for (const mode of MODES) {
      for (let m = 0; m <= 9; m++) {
        for (let n = 0; n <= 9; n++) {
          for (let k = 0; k <= 9; k++) {
            const product: Product = { m, n, k, ...mode, gaps: [k % 3, m % 3, n % 3] };
            const given = operands(product, integers(m * 100 + n * 10 + k));
            expectSame(multiply(kernels, product, given).map(withoutSign), naive(product, given).map(withoutSign));
          }
        }
      }
    }
  });

  test('rounds no more often than it says, at any size and pitch', () => {
    const property = fc.property(products(70), fc.nat(1e6), (product, seed) => {
      expectWithinRounding(kernels, product, operands(product, floats(seed)));
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test.each([
    { m: 3, n: COLUMNS + 1, k: ROWS + 1 },
    { m: 33, n: 2 * COLUMNS, k: 2 },
    { m: 16, n: 5, k: 2 * ROWS },
    { m: 31, n: 3 * COLUMNS - 1, k: 64 },
    { m: 1, n: 1, k: 3 * ROWS + 2 },
    { m: 64, n: 128, k: 128 },
    { m: 17, n: 35, k: KC + 1 },
    { m: 5, n: 33, k: 2 * KC + 7 },
    { m: 16, n: 16, k: KC },
    { m: MC + 5, n: 19, k: KC + 1 },
    { m: 2 * MC + 1, n: 8, k: 5 },
  ])('is right across blocks: %o', (size) => {
    for (const [update, indirect] of [
      [0, false],
      [1, false],
      [1, true],
    ] as const) {
      for (const gaps of [
        [0, 0, 0],
        [16, 3, 1],
      ] as const) {
        const product: Product = { ...size, update, indirect, gaps };
        expectWithinRounding(kernels, product, operands(product, floats(7)));
      }
    }
  });

  test('passes on NaN and infinities where the definition does, and nowhere else', () => {
    const property = fc.property(products(40), fc.nat(1e6), (product, seed) => {
      const next = generator(seed);
      const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
      const given = operands(product, (count) =>
        integers(seed)(count).map((value) => (next() < 0.02 ? specials[Math.floor(4 * next())] : value)),
      );
      const expected = naive(product, given).map(withoutSign);
      expectSame(multiply(kernels, product, given).map(withoutSign), expected);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test('leaves nothing of one product to the next', () => {
    const mode = { update: 0, indirect: false, gaps: [0, 0, 0] } as const;
    for (const n of [1, 2, 3, 4, 5]) {
      const poison: Product = { m: 16, n, k: 3, ...mode };
      multiply(
        kernels,
        poison,
        operands(poison, (count) => new Float32Array(count).fill(Number.NaN)),
      );
      const clean: Product = { m: 16, n: 8, k: 3, ...mode };
      const given = operands(clean, integers(n));
      expectSame(multiply(kernels, clean, given), naive(clean, given));
    }
  });

  test('gives the same bits however C is divided', () => {
    const cut = fc.record({
      m: fc.nat(40),
      n: fc.nat(150),
      k: fc.constantFrom(1, 2, 29, kc + 10),
      seed: fc.nat(1e6),
      sixteenths: fc.nat(16),
    });
    const property = fc.property(cut, ({ m, n, k, seed, sixteenths }) => {
      const { a, b } = operands({ m, n, k } as Product, floats(seed));
      const { place, output, read, checkGuards } = poisonedMemory(4 * (m * k + k * n + 3 * m * n + 256));
      const { sgemm } = kernels;
      const [atA, atB] = [place(a), place(b)];
      const [whole, byRows, byColumns] = [output(m * n), output(m * n), output(m * n)];
      const [m1, n1] = [Math.floor((sixteenths * m) / 16), Math.floor((sixteenths * n) / 16)];

      sgemm(m, n, k, atA, k, atB, n, whole, n, 0);
      sgemm(m1, n, k, atA, k, atB, n, byRows, n, 0);
      sgemm(m - m1, n, k, atA + m1 * k, k, atB, n, byRows + m1 * n, n, 0);
      sgemm(m, n1, k, atA, k, atB, n, byColumns, n, 0);
      sgemm(m, n - n1, k, atA, k, atB + n1, n, byColumns + n1, n, 0);

      checkGuards();
      expectSame(read(byRows, m * n), read(whole, m * n));
      expectSame(read(byColumns, m * n), read(whole, m * n));
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test('reads overlapping rows of B, as the taps of a kernel are', () => {
    const [m, n, k] = [9, 30, 25];
    const { place, placeIntegers, placeInOut, read, checkGuards } = poisonedMemory(8192);
    const [a, image] = [integers(1)(m * k), integers(2)(400)];
    const starts = Array.from({ length: k }, (_, l) => 20 * Math.floor(l / 5) + (l % 5));
    const c = placeInOut(new Float32Array(m * n));

    kernels.sgemmIndirect(m, n, k, place(a), k, placeIntegers(starts), place(image), c, n);

    checkGuards();
    const b = Float32Array.from({ length: k * n }, (_, at) => image[starts[Math.floor(at / n)] + (at % n)]);
    const product: Product = { m, n, k, update: 0, indirect: false, gaps: [0, 0, 0] };
    expectSame(read(c, m * n), naive(product, { a, b, c: new Float32Array() }));
  });
});

describe.each(emittedTables)('the multiplication of $name', ({ kernels: make }) => {
  test('has the same bits wherever its memory, and its scratch, lie: beyond 2 GiB', () => {
    const far = { memory: farMemory, firstWord: FAR.firstWord };
    const [here, there] = [make(), make(farMemory, FAR.scratch)];
    for (const [m, n, k] of [
      [3, 37, 40],
      [16, 16, 5],
      [40, 33, KC + 3],
    ]) {
      for (const mode of MODES) {
        const product: Product = { m, n, k, ...mode, gaps: [1, 2, 3] };
        const given = operands(product, floats(m));
        expectSame(multiply(there, product, given, far), multiply(here, product, given));
      }
    }
  });

  test('reads no more than 60 bytes beyond A and B', () => {
    const memory = memoryOver(new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true }));
    const kernels = make(memory);
    const end = memory.f32.length - 15;
    const c = SCRATCH_BYTES / 4;
    for (let m = 1; m <= 20; m++) {
      for (let n = 1; n <= 40; n++) {
        const k = 1 + ((m * n) % 40);
        const rows = c + m * n;
        memory.i32.set(
          Array.from({ length: k }, (_, l) => l * n),
          rows,
        );
        // Traps if it reads beyond the memory.
        kernels.sgemm(m, n, k, rows, k, end - k * n, n, c, n, 0);
        kernels.sgemm(m, n, k, end - m * k, k, rows, n, c, n, 0);
        kernels.sgemmIndirect(m, n, k, rows, k, rows, end - k * n, c, n);
        kernels.sgemmIndirect(m, n, k, end - m * k, k, rows, rows, c, n);
      }
    }
  });
});

test('the scalar multiplication reads the view that the memory has at each call', () => {
  const first = new SharedArrayBuffer(64);
  const second = new SharedArrayBuffer(128);
  const view = (buffer: SharedArrayBuffer) => ({
    f32: new Float32Array(buffer),
    i32: new Int32Array(buffer),
    u16: new Uint16Array(buffer),
  });
  const memory = { ...view(first) };
  const { sgemm } = scalarGemm(memory);
  Object.assign(memory, view(second));
  memory.f32.set([2, 3]);
  sgemm(1, 1, 1, 0, 1, 1, 1, 31, 1, 0);
  expect(memory.f32[31]).toBe(6);
});

test('the generated micro-kernels are up to date', () => {
  for (const [path, text] of generateGemm()) expect(readFileSync(path, 'utf8')).toBe(text);
});
