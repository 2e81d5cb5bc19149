/**
 * The micro-kernels of the matrix product: mr rows of A meet a panel of nv vectors of B, and the sums stay in registers.
 *
 *   c_ij += splat(a_i[p]) · b_j[p]       i < mr,   j < nv,   p < k
 */
import {
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  f32x4,
  i32,
  type Local,
  type Module,
  v128,
} from '../../wasm/index.ts';

/** An engine's micro-kernels: rows of A beside a panel of 1, 2, … vectors; the last is the full panel. */
export type MicroTiles = readonly number[];

export type MultiplyAdd = (a: Expression<'v128'>, b: Expression<'v128'>, sum: Expression<'v128'>) => Expression<'v128'>;

/** a · b + sum, rounded twice: the same bits on every machine. */
export const mulAdd: MultiplyAdd = (a, b, sum) => f32x4.add(sum, f32x4.mul(a, b));

type I32 = Local<'i32'>;

/** A micro-kernel's parameters; `b` is the panel's first row, or the table of its rows' places. */
export const MICRO = {
  k: 'i32',
  a: 'i32',
  lda: 'i32',
  b: 'i32',
  ldb: 'i32',
  c: 'i32',
  ldc: 'i32',
  lanes: 'i32',
  update: 'i32',
} as const;

export function directKernel(
  module: Module,
  mr: number,
  nv: number,
  multiplyAdd: MultiplyAdd,
): FunctionReference<never> {
  return module.function(
    `sgemm_${mr}x${4 * nv}__simd`,
    MICRO,
    [],
    (f, { k, a, lda, b, ldb, c, ldc, lanes, update }) => {
      const sums = sumsOf(f, mr, nv);
      const rows = rowPointers(f, a, lda, mr);
      const end = f.let(i32.add(a, i32.shl(k, 2)));
      const last = f.let(i32.sub(end, 4));
      f.do(
        () => {
          accumulate(f, sums, rows, nv, b, multiplyAdd);
          f.add(b, ldb);
          // The branch keeps two steps apart: an old compiler would move the loads of both before the arithmetic.
          f.if(i32.ne(rows[0], last), () => {
            accumulate(f, sums, rows, nv, b, multiplyAdd, 4);
            f.add(b, ldb);
          });
          for (const row of rows) f.add(row, 8);
        },
        i32.lt_u(rows[0], end),
      );
      store(f, sums, nv, c, ldc, lanes, update);
    },
  );
}

/** Row p of B is at ldb + i32[b + 4p]: ldb takes the place of a base address. */
export function indirectKernel(
  module: Module,
  mr: number,
  nv: number,
  multiplyAdd: MultiplyAdd,
): FunctionReference<never> {
  const name = `sgemm_indirect_${mr}x${4 * nv}__simd`;
  return module.function(name, MICRO, [], (f, { k, a, lda, b, ldb, c, ldc, lanes, update }) => {
    const sums = sumsOf(f, mr, nv);
    const rows = rowPointers(f, a, lda, mr);
    const end = f.let(i32.add(a, i32.shl(k, 2)));
    const row = f.local('i32');
    f.do(
      () => {
        f.set(row, i32.add(ldb, i32.shl(i32.load(b), 2)));
        accumulate(f, sums, rows, nv, row, multiplyAdd);
        f.add(b, 4);
        for (const pointer of rows) f.add(pointer, 4);
      },
      i32.lt_u(rows[0], end),
    );
    store(f, sums, nv, c, ldc, lanes, update);
  });
}

function sumsOf(f: FunctionBuilder, mr: number, nv: number): Local<'v128'>[][] {
  return Array.from({ length: mr }, () => Array.from({ length: nv }, () => f.local('v128')));
}

/** a, a + lda, …, each in a local of its own. */
function rowPointers(f: FunctionBuilder, a: I32, lda: I32, mr: number): I32[] {
  const rows = [a];
  while (rows.length < mr) rows.push(f.let(i32.add(rows[rows.length - 1], lda)));
  return rows;
}

/** c_ij += splat(a_i) · b_j, with the elements of A `offset` bytes behind their pointers. */
function accumulate(
  f: FunctionBuilder,
  sums: readonly (readonly Local<'v128'>[])[],
  rows: readonly I32[],
  nv: number,
  b: I32,
  multiplyAdd: MultiplyAdd,
  offset = 0,
): void {
  const bs = Array.from({ length: nv }, (_, j) => f.let(v128.load(b, { offset: 16 * j })));
  sums.forEach((row, i) => {
    const ai = f.let(v128.load32_splat(rows[i], { offset }));
    row.forEach((sum, j) => {
      f.set(sum, multiplyAdd(ai, bs[j], sum));
    });
  });
}

/** C (+)= the sums, with only the first `lanes` of the last vector. */
function store(
  f: FunctionBuilder,
  sums: readonly (readonly Local<'v128'>[])[],
  nv: number,
  c: I32,
  ldc: I32,
  lanes: I32,
  update: I32,
): void {
  f.if(update, () => {
    const at = f.let(c);
    for (const row of sums) {
      row.forEach((sum, j) => {
        f.set(sum, f32x4.add(sum, v128.load(at, { offset: 16 * j })));
      });
      f.add(at, ldc);
    }
  });
  for (const row of sums) {
    for (let j = 0; j < nv - 1; j++) f.emit(v128.store(c, row[j], { offset: 16 * j }));
    storeLanes(f, c, row[nv - 1], lanes, 16 * (nv - 1));
    f.add(c, ldc);
  }
}

/** Stores the first 1 to 4 lanes of a vector. */
export function storeLanes(f: FunctionBuilder, at: I32, vector: Expression<'v128'>, lanes: I32, offset: number): void {
  f.if(
    i32.eq(lanes, 4),
    () => f.emit(v128.store(at, vector, { offset })),
    () => {
      f.emit(v128.store32_lane(at, vector, 0, { offset }));
      f.if(i32.gt_u(lanes, 1), () => f.emit(v128.store32_lane(at, vector, 1, { offset: offset + 4 })));
      f.if(i32.gt_u(lanes, 2), () => f.emit(v128.store32_lane(at, vector, 2, { offset: offset + 8 })));
    },
  );
}
