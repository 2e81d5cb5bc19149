/**
 * Matrix multiplication in emitted WebAssembly: C[m×n] (+)= A[m×k] · B[k×n], row-major.
 *
 *   for each MC rows of A
 *     for each panel of nv vectors of columns of B
 *       for each block of KC of k                      KC rows of the panel stay in the first cache
 *         for each mr rows of A                        A streams by, row after row
 *           micro-kernel: mr × nv vectors of C in registers, over the block
 *
 * The micro-kernel broadcasts elements of A and reads vectors of B:
 *
 *   c_ij += splat(a_i[p]) · b_j[p]       i < mr,   j < nv
 *
 * A is not packed: its rows stream by as they are, and where they are more than the first cache holds and serve several
 * panels, they are touched before. A panel of B is packed into the scratch first, unless there are too
 * few rows of A to be worth the copy. A panel whose rows follow one another is as good as packed, and is only touched,
 * which brings it into the cache at the speed of the memory. The last panel has its own micro-kernels, of nv − 1, …, 1
 * vectors, and stores as many lanes of its last vector as there are columns; it may read a few elements beyond a row of
 * B, which are never used.
 *
 * mr and nv are the engine's (see engine.ts): a compiler that moves all loads before the arithmetic must find registers for
 * mr·nv sums, nv vectors and mr broadcasts at once.
 */
import { type FunctionReference, i32, type Module, select, v128 } from '../../wasm/index.ts';
import type { DotsKernels, GemmKernels, GemmNumbers, GemmUnits } from '../table.ts';
import type { Load } from './exports.ts';
import { directKernel, indirectKernel, MICRO, type Micro, type MicroTiles, TERMS } from './gemm-micro.ts';
import { once } from './once.ts';

/** Rows of a panel that are multiplied at a time, and stay in the first cache meanwhile: parts of TERMS of them. */
export const KC = 4 * TERMS;

/**
 * Rows of A that pass under all panels of B, which are then packed again for the next ones: KC columns of them stay in the
 * second cache. A multiple of every micro-tile's rows.
 */
export const MC = 252;

/** `sgemm`, with its micro-kernels. */
export function emitGemm(module: Module, micro: Micro) {
  const direct = directKernels(module, micro);
  return [emitDriver(module, micro, 'sgemm', direct, direct)];
}

/** `sgemmIndirect`, with its micro-kernels, and those of `sgemm` for the panels that it packs. */
export function emitIndirectGemm(module: Module, micro: Micro) {
  const indirect: MicroKernels = (rows, vectors) => indirectKernel(module, rows, vectors, micro);
  return [emitDriver(module, micro, 'sgemmIndirect', indirect, directKernels(module, micro))];
}

const DRIVER = {
  m: 'i32',
  n: 'i32',
  k: 'i32',
  a: 'i32',
  lda: 'i32',
  b: 'i32',
  ldb: 'i32',
  c: 'i32',
  ldc: 'i32',
  update: 'i32',
  scratch: 'i32',
} as const;

/** The least number of rows of A for which a panel of B is packed. */
const PACKING_ROWS = 16;

/** Elements of A that the first cache holds, 32 KiB: of more, the first panel would wait for each line. */
const CACHE_FLOATS = 8192;

/** Makes a micro-kernel with so many rows and vectors. */
type MicroKernels = (rows: number, vectors: number) => FunctionReference<never>;

/** Each shape once in a module, because both products use the same kernels. */
function directKernels(module: Module, micro: Micro): MicroKernels {
  const made = once(module, shapesOf);
  return (rows, vectors) => {
    const key = `${rows}x${vectors}`;
    const known = made.get(key) ?? directKernel(module, rows, vectors, micro);
    made.set(key, known);
    return known;
  };
}

const shapesOf = (_module: Module) => new Map<string, FunctionReference<never>>();

/**
 * The loops around the micro-kernels: `inPlace` ones read B where it is, `packed` ones from the scratch. Pitches are in
 * bytes; for an indirect product b is its table, ldb its base.
 */
function emitDriver(
  module: Module,
  { tiles, abreast = 1 }: Micro,
  name: 'sgemm' | 'sgemmIndirect',
  inPlace: MicroKernels,
  packed: MicroKernels,
) {
  const touch = once(module, touchRows);
  const isIndirect = name === 'sgemmIndirect';
  const nv = tiles.length;
  const panels = new Map(
    tiles.flatMap((mr, j) => {
      const vectors = j + 1;
      if (vectors % abreast !== 0) return [];
      return [[vectors, panel(module, mr, vectors, name, inPlace, packed, touch)] as const];
    }),
  );
  return module.function(
    `${name}__simd`,
    DRIVER,
    [],
    (f, { m, n, k, a, lda, b, ldb, c, ldc, update, scratch }) => {
      const width = 16 * nv;
      const left = f.let(n);
      f.if(i32.and(i32.gt_s(n, 4 * nv), i32.gt_s(i32.mul(m, k), CACHE_FLOATS)), () => {
        const depth = select(k, i32.const(KC), i32.lt_s(k, KC));
        f.call(touch, m, i32.shl(depth, 2), a, lda, scratch);
      });
      f.loop(i32.ge_s(left, 4 * nv), () => {
        f.call(panels.get(nv)!, m, k, a, lda, b, ldb, c, ldc, 4 * abreast, update, scratch);
        f.add(isIndirect ? ldb : b, width);
        f.add(c, width);
        f.set(left, i32.sub(left, 4 * nv));
      });
      // 1 … 4·nv − 1 columns: ⌈left / 4⌉ vectors, the last of which has 1 … 4 lanes; and so for those that are abreast.
      f.if(i32.gt_s(left, 0), () => {
        const vectors = f.let(i32.mul(i32.div_u(i32.add(left, 4 * abreast - 1), 4 * abreast), abreast));
        const lanes = f.let(i32.sub(left, i32.shl(i32.sub(vectors, abreast), 2)));
        for (const [count, callee] of panels) {
          f.if(i32.eq(vectors, count), () => f.call(callee, m, k, a, lda, b, ldb, c, ldc, lanes, update, scratch));
        }
      });
    },
    { export: true },
  );
}

/** One panel of B under all rows of A, a block of k after the other. */
function panel(
  module: Module,
  mr: number,
  vectors: number,
  name: 'sgemm' | 'sgemmIndirect',
  inPlace: MicroKernels,
  packed: MicroKernels,
  touch: FunctionReference<never>,
): FunctionReference<never> {
  const isIndirect = name === 'sgemmIndirect';
  const inPlaceRows = underRows(module, mr, `${name}_rows_${4 * vectors}`, (rows) => inPlace(rows, vectors));
  const packedRows = underRows(module, mr, `${name}_packed_rows_${4 * vectors}`, (rows) => packed(rows, vectors));
  const pack = packRows(module, vectors, `${name}_pack_${4 * vectors}`, isIndirect);
  const { m, k, a, lda, b, ldb, c, ldc, update, scratch } = DRIVER;
  const signature = { m, k, a, lda, b, ldb, c, ldc, lanes: 'i32', update, scratch } as const;
  return module.function(`${name}_panel_${4 * vectors}`, signature, [], (f, given) => {
    const { m, k, a, lda, b, ldb, c, ldc, lanes, update, scratch } = given;
    f.loop(i32.gt_s(k, 0), () => {
      const depth = f.let(i32.const(KC));
      f.if(i32.lt_s(k, KC), () => f.set(depth, k));
      const isApart = isIndirect ? i32.const(1) : i32.ne(ldb, 16 * vectors);
      f.if(
        i32.and(i32.ge_s(m, PACKING_ROWS), isApart),
        () => {
          f.call(pack, depth, b, ldb, scratch);
          f.call(packedRows, m, depth, a, lda, scratch, 16 * vectors, c, ldc, lanes, update);
        },
        () => {
          if (!isIndirect) f.if(i32.eqz(isApart), () => f.call(touch, 1, i32.mul(depth, 16 * vectors), b, 0, scratch));
          f.call(inPlaceRows, m, depth, a, lda, b, ldb, c, ldc, lanes, update);
        },
      );
      f.add(a, 4 * KC);
      f.add(b, isIndirect ? i32.const(4 * KC) : i32.mul(ldb, KC));
      f.set(k, i32.sub(k, KC));
      f.set(update, 1);
    });
  });
}

/** One block of a panel under all rows of A: mr rows at a time, then those that are left. */
function underRows(
  module: Module,
  mr: number,
  name: string,
  kernelOf: (rows: number) => FunctionReference<never>,
): FunctionReference<never> {
  const kernels = Array.from({ length: mr }, (_, i) => kernelOf(i + 1));
  const signature = { m: 'i32', ...MICRO } as const;
  return module.function(name, signature, [], (f, { m, k, a, lda, b, ldb, c, ldc, lanes, update }) => {
    f.loop(i32.ge_s(m, mr), () => {
      f.call(kernels[mr - 1], k, a, lda, b, ldb, c, ldc, lanes, update);
      f.add(a, i32.mul(lda, mr));
      f.add(c, i32.mul(ldc, mr));
      f.set(m, i32.sub(m, mr));
    });
    for (let i = 1; i < mr; i++) {
      f.if(i32.eq(m, i), () => f.call(kernels[i - 1], k, a, lda, b, ldb, c, ldc, lanes, update));
    }
  });
}

/**
 * Reads one element of each cache line of some rows, many at once, so that the memory fetches lines together for which the
 * micro-kernel would wait one after the other. The sum is stored, so that the compiler does not leave the reads out.
 */
function touchRows(module: Module): FunctionReference<never> {
  const signature = { rows: 'i32', bytes: 'i32', at: 'i32', pitch: 'i32', scratch: 'i32' } as const;
  return module.function('sgemm_touch__simd', signature, [], (f, { rows, bytes, at, pitch, scratch }) => {
    const sum = f.let(i32.const(0));
    f.loop(i32.gt_s(rows, 0), () => {
      const line = f.let(at);
      const end = f.let(i32.add(at, bytes));
      f.loop(i32.lt_u(line, end), () => {
        f.set(sum, i32.or(sum, i32.load(line)));
        f.add(line, 64);
      });
      f.add(at, pitch);
      f.add(rows, -1);
    });
    f.emit(i32.store(scratch, sum));
  });
}

/** Packs k rows of a panel, one after another. */
function packRows(module: Module, vectors: number, name: string, isIndirect: boolean): FunctionReference<never> {
  const signature = { k: 'i32', b: 'i32', ldb: 'i32', to: 'i32' } as const;
  return module.function(name, signature, [], (f, { k, b, ldb, to }) => {
    const row = f.let(b);
    f.do(() => {
      if (isIndirect) f.set(row, i32.add(ldb, i32.shl(i32.load(b), 2)));
      const values = Array.from({ length: vectors }, (_, j) => f.let(v128.load(row, { offset: 16 * j })));
      for (const [j, value] of values.entries()) f.emit(v128.store(to, value, { offset: 16 * j }));
      f.add(isIndirect ? b : row, isIndirect ? i32.const(4) : ldb);
      f.add(to, 16 * vectors);
      f.add(k, -1);
    }, k);
  });
}

/** Vectors of the full panel, or of the widest one whose micro-kernel takes all m rows at once. */
function panelVectors(tiles: MicroTiles, m: number): number {
  const index = tiles.findLastIndex((rows, j) => j > 0 && rows >= m);
  return (index < 0 ? tiles.length - 1 : index) + 1;
}

type Products = Omit<GemmKernels, keyof DotsKernels>;

/** The micro-tiles that suit an engine, and what a table says of itself on any engine. */
interface ProductVariant {
  readonly tiles: MicroTiles;
  readonly panels: MicroTiles;
  readonly units: GemmUnits;
}

export function simdGemmNumbers({ tiles, panels, units }: ProductVariant): GemmNumbers {
  return {
    gemmUnits: units,
    gemmBlocks: { mr: tiles[tiles.length - 1], nc: 4 * tiles.length, kc: KC },
    gemmPanel: (m) => 4 * panelVectors(panels, m),
    // One for each term of a part, one for each part, one to spare.
    gemmRoundings: (k) => Math.min(k, TERMS) + Math.ceil(k / TERMS) + 1,
  };
}

/** The products of the table; k = 0 has no terms, and is left to the loops of the scalar one. */
export function simdGemm(
  load: Load<typeof emitGemm>,
  loadIndirect: Load<typeof emitIndirectGemm>,
  scratch: number,
  variant: ProductVariant,
  scalar: GemmKernels,
): Products {
  return {
    ...simdGemmNumbers(variant),
    sgemm(m, n, k, a, lda, b, ldb, c, ldc, update) {
      if (k === 0) return scalar.sgemm(m, n, k, a, lda, b, ldb, c, ldc, update);
      const { sgemm__simd: sgemm } = load();
      eachPart(m, (i, rows) => {
        const [at, to] = [(a + i * lda) << 2, (c + i * ldc) << 2];
        sgemm(rows, n, k, at, lda << 2, b << 2, ldb << 2, to, ldc << 2, update, scratch);
      });
    },
    sgemmIndirect(m, n, k, a, lda, table, b, c, ldc) {
      if (k === 0) return;
      eachPart(m, (i, rows) => {
        const [at, to] = [(a + i * lda) << 2, (c + i * ldc) << 2];
        loadIndirect().sgemmIndirect__simd(rows, n, k, at, lda << 2, table << 2, b << 2, to, ldc << 2, 1, scratch);
      });
    },
  };
}

/** MC rows of A at a time; the last ones with those that are too few to pack a panel for. */
function eachPart(m: number, body: (first: number, rows: number) => void): void {
  for (let i = 0; i < m; ) {
    const rows = m - i < MC + PACKING_ROWS ? m - i : MC;
    body(i, rows);
    i += rows;
  }
}
