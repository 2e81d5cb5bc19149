/**
 * Depthwise kernels that loop over their taps, for any kernel, stride and dilation, and for blocks of four rows of outputs or
 * of one:
 *
 *   for every r, for every s
 *     sums[i] += w[r, s] · x[i · stride + r · dilation, s · dilation …]      one weight for all rows
 */
import { type FunctionBuilder, i32, type Local, type Module, v128 } from '../../wasm/index.ts';
import { emitBlocks, gatherFour, loadFours, OUTPUTS, ROWS, type Sums } from './depthwise-blocks.ts';
import type { MultiplyAdd } from './gemm-micro.ts';

type I32 = Local<'i32'>;

/** `dense` for stride 1 and no dilation, two taps a turn of the loop; the others for any dilation, by the columns' stride. */
export const TAP_FORMS = ['dense', 'by_1', 'by_2', 'by_steps'] as const;

type Form = (typeof TAP_FORMS)[number];

/** @param module s is in bytes, and so are the steps from an output, and from a tap, to the one below and the one beside */
export function emitTaps(module: Module, form: Form, multiplyAdd: MultiplyAdd) {
  return module.function(
    `depthwise_taps_${form}__simd` as const,
    { ...OUTPUTS, r: 'i32', s: 'i32', below: 'i32', beside: 'i32', tapBelow: 'i32', tapBeside: 'i32' },
    [],
    (f, { r, s, below, beside, tapBelow, tapBeside, ...p }) => {
      const addTap = (rows: readonly I32[], weight: I32, offset: number, sums: Sums): void => {
        const w = f.let(v128.load32_splat(weight, { offset }));
        sums.forEach((rowOfSums, i) => {
          const v = loadsOf(f, form, rows[i], offset, beside, rowOfSums.length);
          rowOfSums.forEach((sum, j) => {
            f.set(sum, multiplyAdd(w, v[j], sum));
          });
        });
      };
      const addRow = (rows: readonly I32[], weight: I32, end: I32, sums: Sums): void => {
        const last = f.let(i32.sub(end, 4));
        const isDense = form === 'dense';
        f.do(
          () => {
            addTap(rows, weight, 0, sums);
            // The branch keeps two taps apart: an old compiler would move the loads of both before the arithmetic.
            if (isDense) f.if(i32.ne(weight, last), () => addTap(rows, weight, 4, sums));
            f.add(weight, isDense ? 8 : 4);
            for (const row of rows) f.add(row, isDense ? 8 : tapBeside);
          },
          i32.lt_u(weight, end),
        );
      };
      const walk = (blockRows: number): void =>
        emitBlocks(f, p, blockRows, below, beside, (from, sums) => {
          const weight = f.let(p.w);
          const left = f.let(r);
          f.do(() => {
            const end = f.let(i32.add(weight, s));
            addRow(rowsFrom(f, from, below, blockRows), weight, end, sums);
            f.set(weight, end);
            f.add(from, tapBelow);
            f.add(left, -1);
          }, left);
        });
      f.if(
        i32.lt_u(p.rows, ROWS),
        () => walk(1),
        () => walk(ROWS),
      );
    },
    { export: true },
  );
}

/** The addresses of so many rows, each in a local of its own. */
function rowsFrom(f: FunctionBuilder, first: I32, step: I32, count: number): readonly I32[] {
  const rows = [f.let(first)];
  while (rows.length < count) rows.push(f.let(i32.add(rows[rows.length - 1], step)));
  return rows;
}

/** What a tap sees of a row, under so many vectors of outputs. */
function loadsOf(
  f: FunctionBuilder,
  form: Form,
  row: I32,
  offset: number,
  beside: I32,
  vectors: number,
): readonly Local<'v128'>[] {
  const at = f.let(row);
  return Array.from({ length: vectors }, (_, j) => {
    if (form === 'by_2') return loadFours(f, row, 32 * j, 2, false)[0];
    if (form !== 'by_steps') return loadFours(f, row, offset + 16 * j, 1, false)[0];
    if (j > 0) f.add(at, i32.shl(beside, 2));
    return f.let(gatherFour(f, at, beside));
  });
}
