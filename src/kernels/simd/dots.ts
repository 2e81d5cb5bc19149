/**
 * The dot products of a fully-connected layer at batch 1, y_i = Σ_j w_ij · x_j, in emitted WebAssembly.
 *
 * Every weight is used once, so the work is reading them, and nothing else should be read beside them: 512 columns of
 * x, 2 KiB, serve many rows before the next. (With whole rows, x comes from the second-level cache again for every four
 * of them, and takes a fifth of the rate at which the first level is filled.)
 *
 *   for every 512 columns
 *     for every four rows, then for the rows that are left, one by one
 *       for every 16 steps of four columns
 *         s_i += w_i,j … j+3 · x_j … j+3          four lanes of float32
 *       t_i += s_i, s_i ← 0                       two lanes of double
 *   y_i = t_i                                     rounded once
 *
 * A term is rounded in its product, in at most 15 additions of its lane (the first is to zero) and in y: see
 * {@link DOTS_ROUNDINGS}. The order of the additions in a row does not depend on the rows beside it, so that a result is
 * the same, bit for bit, however the rows are divided among threads.
 *
 * The kernels return whether a result is not finite. The cause may be 16 steps that went beyond float32, though their
 * sum with others does not; so the scalar kernel then does it all again.
 */
import {
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  f32,
  f64,
  f64x2,
  i32,
  type Local,
  type Module,
  select,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import { PANEL_COLUMNS } from '../half-panels.ts';
import type { MultiplyAdd } from './gemm-micro.ts';
import { lanesBefore } from './runs.ts';

/** |y − ŷ| ≤ 18 · 2^(−24) · Σ |w · x|, with weights of any format: half-precision ones add two products before a sum. */
export const DOTS_ROUNDINGS = 18;

/** Steps whose products are summed in float32. */
export const STEPS = 16;
/** Rows whose sums are kept together. */
const ROWS = 8;

type I32 = Local<'i32'>;
type V128 = Expression<'v128'>;

export function emitDots(module: Module, multiplyAdd: MultiplyAdd) {
  const dots = emitDotsOf(module, {
    name: 'dots',
    columns: 4,
    weightBytes: 4,
    block: (f) => ({
      step(ws, x, sums, left) {
        const mask = left === null ? null : f.let(lanesBefore(left, 0));
        const load = (at: I32): V128 => (mask === null ? v128.load(at) : v128.and(v128.load(at), mask));
        const xs = f.let(load(x));
        ws.forEach((w, i) => {
          f.set(sums[i], multiplyAdd(load(w), xs, sums[i]));
        });
      },
      finish: () => {},
    }),
  });
  return [dots];
}

/** What differs between formats of weights. */
export interface WeightFormat<Name extends string = string> {
  readonly name: Name;
  /** Columns of a step. */
  readonly columns: number;
  readonly weightBytes: number;
  /** Copies n elements from x to where a step reads them, if that is not x itself. */
  readonly stage?: FunctionReference<never>;
  /** For a function that sums blocks of columns of some rows. */
  block(f: FunctionBuilder): {
    /**
     * Emits sums_i += w_i · x over the columns of a step, or only the first `left` of them at the end of a row, where
     * elements that are read beyond must have no effect.
     */
    step(ws: readonly I32[], x: I32, sums: readonly Local<'v128'>[], left: I32 | null): void;
    /** Emits what comes after the last step. */
    finish(totals: I32): void;
  };
}

/** `name__simd`. */
export function emitDotsOf<const Name extends string>(module: Module, format: WeightFormat<Name>) {
  const { stage } = format;
  const [four, one] = [4, 1].map((rows) => blockOf(module, rows, format));
  const parameters = { rows: 'i32', n: 'i32', w: 'i32', ldw: 'i32', x: 'i32', y: 'i32', scratch: 'i32' } as const;
  return module.function(
    `${format.name}__simd`,
    parameters,
    ['i32'],
    (f, { rows, n, w, ldw, x, y, scratch }) => {
      const isNotFinite = f.let(i32.const(0));
      const staged = f.let(i32.add(scratch, 16 * ROWS));
      f.loop(rows, () => {
        const together = f.let(smaller(rows, ROWS));
        for (let i = 0; i < ROWS; i++) f.emit(v128.store(scratch, v128.const('f64x2', 0, 0), { offset: 16 * i }));
        const [wj, xj, left] = [f.let(w), f.let(x), f.let(n)];
        f.loop(left, () => {
          // Parts are those of panels, so that a row gets the same bits in both orders.
          const columns = f.let(smaller(left, PANEL_COLUMNS));
          if (stage !== undefined) f.call(stage, columns, xj, staged);
          const from = stage === undefined ? xj : staged;
          const [wi, totals, rowsLeft] = [f.let(wj), f.let(scratch), f.let(together)];
          const next = (count: number): void => {
            f.call(count === 4 ? four : one, columns, wi, ldw, from, totals);
            f.add(wi, i32.mul(ldw, count));
            f.add(totals, 16 * count);
            f.add(rowsLeft, -count);
          };
          f.loop(i32.ge_u(rowsLeft, 4), () => next(4));
          f.loop(rowsLeft, () => next(1));
          f.add(wj, i32.mul(columns, format.weightBytes));
          f.add(xj, i32.shl(columns, 2));
          f.set(left, i32.sub(left, columns));
        });
        f.add(w, i32.mul(ldw, together));
        f.set(rows, i32.sub(rows, together));
        roundTotals(f, together, scratch, y, isNotFinite);
      });
      f.return(isNotFinite);
    },
    { export: true },
  );
}

export const smaller = (a: I32, b: number): Expression<'i32'> => select(a, i32.const(b), i32.lt_u(a, b));

/** A block of columns of so many rows: totals_i += Σ_j w_ij · x_j, each in two lanes of double. */
function blockOf(module: Module, rows: number, format: WeightFormat): FunctionReference<never> {
  const { name, columns, weightBytes } = format;
  const parameters = { n: 'i32', w: 'i32', ldw: 'i32', x: 'i32', totals: 'i32' } as const;
  return module.function(`${name}_${rows}x${columns}__simd`, parameters, [], (f, { n, w, ldw, x, totals }) => {
    const ws = [w];
    while (ws.length < rows) ws.push(f.let(i32.add(ws[ws.length - 1], ldw)));
    const { step, finish } = format.block(f);
    const sums = ws.map(() => f.local('v128'));
    const steps = f.let(i32.shr_u(n, Math.log2(columns)));
    f.loop(steps, () => {
      const left = f.let(smaller(steps, STEPS));
      f.set(steps, i32.sub(steps, left));
      f.do(() => {
        step(ws, x, sums, null);
        for (const row of ws) f.add(row, columns * weightBytes);
        f.add(x, 4 * columns);
        f.add(left, -1);
      }, left);
      addToTotals(f, sums, totals);
    });
    const left = f.let(i32.and(n, columns - 1));
    f.if(left, () => {
      step(ws, x, sums, left);
      addToTotals(f, sums, totals);
    });
    finish(totals);
  });
}

/** totals_i += s_i, s_i ← 0. */
export function addToTotals(f: FunctionBuilder, sums: readonly Local<'v128'>[], totals: I32): void {
  sums.forEach((sum, i) => {
    const high = f64x2.promote_low_f32x4(shuffle32(sum, sum, [2, 3, 2, 3]));
    const both = f64x2.add(f64x2.promote_low_f32x4(sum), high);
    f.emit(v128.store(totals, f64x2.add(v128.load(totals, { offset: 16 * i }), both), { offset: 16 * i }));
    f.set(sum, v128.const('f32x4', 0, 0, 0, 0));
  });
}

/** y_i = totals_i; sets `isNotFinite` if one is not finite, and moves y on. */
export function roundTotals(f: FunctionBuilder, rows: I32, totals: I32, y: I32, isNotFinite: I32): void {
  const from = f.let(totals);
  f.loop(rows, () => {
    const total = f.let(v128.load(from));
    const value = f.let(f32.demote_f64(f64.add(f64x2.extract_lane(total, 0), f64x2.extract_lane(total, 1))));
    f.emit(f32.store(y, value));
    f.set(isNotFinite, i32.or(isNotFinite, f32.ne(f32.sub(value, value), 0)));
    f.add(from, 16);
    f.add(y, 4);
    f.add(rows, -1);
  });
}
