/**
 * Dot products with half-precision weights in panels, in emitted WebAssembly. The weights lie in the order of these
 * loops (`../half-panels.ts`), so that one pointer moves through them, 64 bytes in a step:
 *
 *   for every 32 rows
 *     for every 512 columns               of x, staged as half-dots.ts does
 *       for every four rows
 *         for every 16 steps of eight columns
 *           s_i += w_i · x                four lanes of float32
 *         t_i += s_i, s_i ← 0             two lanes of double
 *   y_i = t_i                             rounded once
 *
 * Zeros fill up rows and columns, also of x, so that no step differs from the others. The last columns of a row, if
 * they are fewer than eight, are added to t_i by themselves as in dots.ts: the bits are those of rows that are not in
 * panels.
 */

import type { HalfForm } from '../../maths/half.ts';
import { type FunctionReference, i32, type Module, memory, v128 } from '../../wasm/index.ts';
import { PANEL_COLUMNS, PANEL_ROWS } from '../half-panels.ts';
import { addToTotals, roundTotals, STEPS, smaller } from './dots.ts';
import type { MultiplyAdd } from './gemm-micro.ts';
import { halfArithmetic } from './half-arithmetic.ts';

type Stage = FunctionReference<never>;

/** `dots_binary16_panels__simd` or `dots_alternative_panels__simd`; `stage` is that of half-dots.ts. */
export function emitHalfPanels(module: Module, form: HalfForm, multiplyAdd: MultiplyAdd, stage: Stage) {
  const panel = emitPanel(module, form, multiplyAdd);
  const parameters = { rows: 'i32', n: 'i32', w: 'i32', x: 'i32', y: 'i32', scratch: 'i32' } as const;
  return module.function(
    `dots_${form}_panels__simd`,
    parameters,
    ['i32'],
    (f, { rows, n, w, x, y, scratch }) => {
      const isNotFinite = f.let(i32.const(0));
      const staged = f.let(i32.add(scratch, 16 * PANEL_ROWS));
      f.loop(rows, () => {
        const together = f.let(smaller(rows, PANEL_ROWS));
        f.emit(memory.fill(scratch, 0, 16 * PANEL_ROWS));
        const [xj, left] = [f.let(x), f.let(n)];
        f.loop(left, () => {
          const columns = f.let(smaller(left, PANEL_COLUMNS));
          f.call(stage, columns, xj, staged);
          const [steps, last] = [f.let(i32.shr_u(columns, 3)), f.let(i32.and(columns, 7))];
          const [totals, rowsLeft] = [f.let(scratch), f.let(together)];
          f.loop(i32.gt_s(rowsLeft, 0), () => {
            f.call(panel, steps, w, staged, totals);
            f.add(w, i32.shl(steps, 6));
            f.if(last, () => {
              f.call(panel, 1, w, i32.add(staged, i32.shl(steps, 5)), totals);
              f.add(w, 64);
            });
            f.add(totals, 64);
            f.add(rowsLeft, -4);
          });
          f.add(xj, i32.shl(columns, 2));
          f.set(left, i32.sub(left, columns));
        });
        f.set(rows, i32.sub(rows, together));
        roundTotals(f, together, scratch, y, isNotFinite);
      });
      f.return(isNotFinite);
    },
    { export: true },
  );
}

/** totals_i += Σ_j w_ij · x_j over so many steps of four rows. */
function emitPanel(module: Module, form: HalfForm, multiplyAdd: MultiplyAdd): FunctionReference<never> {
  const parameters = { steps: 'i32', w: 'i32', x: 'i32', totals: 'i32' } as const;
  return module.function(`dots_${form}_panel_4x8__simd`, parameters, [], (f, { steps, w, x, totals }) => {
    const { add, finish } = halfArithmetic(f, form, multiplyAdd);
    const sums = Array.from({ length: 4 }, () => f.local('v128'));
    f.loop(steps, () => {
      const left = f.let(smaller(steps, STEPS));
      f.set(steps, i32.sub(steps, left));
      f.do(() => {
        const even = f.let(v128.load(x));
        const odd = f.let(v128.load(x, { offset: 16 }));
        sums.forEach((sum, i) => {
          add(sum, f.let(v128.load(w, { offset: 16 * i })), even, odd);
        });
        f.add(w, 64);
        f.add(x, 32);
        f.add(left, -1);
      }, left);
      addToTotals(f, sums, totals);
    });
    finish(totals);
  });
}
