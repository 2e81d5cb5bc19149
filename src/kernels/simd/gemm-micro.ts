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
  select,
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

/** What the micro-kernels of an engine are made of. */
export interface Micro {
  readonly tiles: MicroTiles;
  readonly multiplyAdd: MultiplyAdd;
  /** Whether the compiler keeps the order of the text, so that long straight lines do not spill. */
  readonly keepsOrder: boolean;
  /** Vectors side by side, which an engine may make one: panels of a wide table are so many vectors, or a multiple; 1 when absent. */
  readonly abreast?: number;
}

/** Steps over k in a turn of the loop; of a compiler that does not keep them in order, two that a branch keeps apart. */
const STEPS = 4;

/** Terms of a sum before it is added to C, so that rounding errors grow by parts. Even: a pair of steps ends with them. */
export const TERMS = 128;

export function directKernel(module: Module, mr: number, nv: number, micro: Micro): FunctionReference<never> {
  return module.function(
    `sgemm_${mr}x${4 * nv}__simd`,
    MICRO,
    [],
    (f, { k, a, lda, b, ldb, c, ldc, lanes, update }) => {
      const step = (sums: Sums, rows: readonly I32[], offset: number): void => {
        accumulate(f, sums, rows, nv, b, micro.multiplyAdd, offset);
        f.add(b, ldb);
      };
      inParts(f, mr, nv, micro, { k, a, lda, c, ldc, lanes, update }, (sums, rows, end) => {
        if (micro.keepsOrder) unrolled(f, rows, end, STEPS, (offset) => step(sums, rows, offset));
        else pairsApart(f, rows, end, (offset) => step(sums, rows, offset));
      });
    },
  );
}

/** Row p of B is at ldb + i32[b + 4p]: ldb takes the place of a base address. */
export function indirectKernel(module: Module, mr: number, nv: number, micro: Micro): FunctionReference<never> {
  const name = `sgemm_indirect_${mr}x${4 * nv}__simd`;
  return module.function(name, MICRO, [], (f, { k, a, lda, b, ldb, c, ldc, lanes, update }) => {
    const row = f.local('i32');
    inParts(f, mr, nv, micro, { k, a, lda, c, ldc, lanes, update }, (sums, rows, end) =>
      unrolled(f, rows, end, 1, () => {
        f.set(row, i32.add(ldb, i32.shl(i32.load(b), 2)));
        accumulate(f, sums, rows, nv, row, micro.multiplyAdd);
        f.add(b, 4);
      }),
    );
  });
}

type Sums = readonly (readonly Local<'v128'>[])[];

/** C (+)= A · B by sums of TERMS terms each; `multiply` adds those up to `end`, where the first row's pointer stops. */
function inParts(
  f: FunctionBuilder,
  mr: number,
  nv: number,
  { abreast = 1 }: Micro,
  { k, a, lda, c, ldc, lanes, update }: { readonly [Name in keyof typeof MICRO as Exclude<Name, 'b' | 'ldb'>]: I32 },
  multiply: (sums: Sums, rows: readonly I32[], end: I32) => void,
): void {
  const sums = sumsOf(f, mr, nv);
  const rows = rowPointers(f, a, lda, mr);
  const left = f.let(k);
  const end = f.let(a);
  f.do(
    () => {
      f.add(end, i32.shl(select(left, i32.const(TERMS), i32.lt_s(left, TERMS)), 2));
      for (const sum of sums.flat()) f.set(sum, v128.const('i32x4', 0, 0, 0, 0));
      multiply(sums, rows, end);
      store(f, sums, nv, abreast, f.let(c), ldc, lanes, update);
      f.set(update, 1);
      f.add(left, -TERMS);
    },
    i32.gt_s(left, 0),
  );
}

/** The step at offsets 0 and 4 of each pair of terms; the last may be without a second. */
function pairsApart(f: FunctionBuilder, rows: readonly I32[], end: I32, step: (offset: number) => void): void {
  const last = f.let(i32.sub(end, 4));
  f.do(
    () => {
      step(0);
      f.if(i32.ne(rows[0], last), () => step(4));
      for (const row of rows) f.add(row, 8);
    },
    i32.lt_u(rows[0], end),
  );
}

/** The step for `steps` terms in a block, and for those that are left one by one. */
function unrolled(
  f: FunctionBuilder,
  rows: readonly I32[],
  end: I32,
  steps: number,
  step: (offset: number) => void,
): void {
  const advance = (count: number): void => {
    for (let p = 0; p < count; p++) step(4 * p);
    for (const row of rows) f.add(row, 4 * count);
  };
  const whole = f.let(i32.sub(end, 4 * (steps - 1)));
  f.loop(i32.lt_u(rows[0], whole), () => advance(steps));
  if (steps > 1) f.loop(i32.lt_u(rows[0], end), () => advance(1));
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
  sums: Sums,
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

/**
 * C (+)= the sums, with only the first `lanes` elements of the last vectors, those that are abreast. Whole vectors have a block of
 * their own: an engine packs pairs of stores that no branch parts.
 */
function store(
  f: FunctionBuilder,
  sums: Sums,
  nv: number,
  abreast: number,
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
  const last = Math.min(nv, abreast);
  const eachRow = (storeLast: (vector: Local<'v128'>, offset: number, k: number) => void) => (): void => {
    for (const row of sums) {
      row.forEach((sum, j) => {
        if (j < nv - last) f.emit(v128.store(c, sum, { offset: 16 * j }));
        else storeLast(sum, 16 * j, j - nv + last);
      });
      f.add(c, ldc);
    }
  };
  f.if(
    i32.eq(lanes, 4 * last),
    eachRow((vector, offset) => f.emit(v128.store(c, vector, { offset }))),
    () => {
      // Those of each of the last vectors.
      const lanesOf = Array.from({ length: last }, (_, k) => f.let(i32.sub(lanes, 4 * k)));
      eachRow((vector, offset, k) => {
        const store = (): void => storeLanes(f, c, vector, lanesOf[k], offset);
        if (k === 0) store();
        else f.if(i32.gt_s(lanesOf[k], 0), store);
      })();
    },
  );
}

/** Stores the first 1 to 4 lanes of a vector; more than 4 count as 4. */
export function storeLanes(f: FunctionBuilder, at: I32, vector: Expression<'v128'>, lanes: I32, offset: number): void {
  f.if(
    i32.ge_u(lanes, 4),
    () => f.emit(v128.store(at, vector, { offset })),
    () => {
      f.emit(v128.store32_lane(at, vector, 0, { offset }));
      f.if(i32.gt_u(lanes, 1), () => f.emit(v128.store32_lane(at, vector, 1, { offset: offset + 4 })));
      f.if(i32.gt_u(lanes, 2), () => f.emit(v128.store32_lane(at, vector, 2, { offset: offset + 8 })));
    },
  );
}
