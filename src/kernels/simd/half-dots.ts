/**
 * Dot products with half-precision weights in emitted WebAssembly: the loops of dots.ts, with steps of eight columns and
 * the arithmetic of half-arithmetic.ts. Weights that a plan has laid out in panels have loops of their own.
 */

import type { HalfForm } from '../../maths/half.ts';
import {
  type FunctionBuilder,
  type FunctionReference,
  f32x4,
  i16x8,
  i32,
  type Local,
  type Module,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import { emitDotsOf, type WeightFormat } from './dots.ts';
import type { MultiplyAdd } from './gemm-micro.ts';
import { halfArithmetic } from './half-arithmetic.ts';
import { emitHalfPanels } from './half-panels.ts';
import { lanesBefore } from './runs.ts';

/** `dots_binary16__simd` and `dots_alternative__simd`, and those of panels. */
export function emitHalfDots(module: Module, multiplyAdd: MultiplyAdd) {
  const stage = emitStage(module);
  return (['binary16', 'alternative'] as const).flatMap((form) => {
    const rows = emitDotsOf(module, {
      name: `dots_${form}`,
      columns: 8,
      weightBytes: 2,
      stage,
      block: (f) => halfBlock(f, form, multiplyAdd),
    });
    return [rows, emitHalfPanels(module, form, multiplyAdd, stage)];
  });
}

function halfBlock(f: FunctionBuilder, form: HalfForm, multiplyAdd: MultiplyAdd): ReturnType<WeightFormat['block']> {
  const { add, finish } = halfArithmetic(f, form, multiplyAdd);
  return {
    step(ws, x, sums, left) {
      const even = f.let(v128.load(x));
      const odd = f.let(v128.load(x, { offset: 16 }));
      ws.forEach((w, i) => {
        const codes = f.let(v128.load(w));
        if (left !== null) {
          f.set(codes, v128.and(codes, i16x8.narrow_i32x4_s(lanesBefore(left, 0), lanesBefore(left, 4))));
        }
        add(sums[i], codes, even, odd);
      });
    },
    finish,
  };
}

/** Eight elements of x, or those that are left and zeros: the even ones and then the odd ones, times 2^112. */
function emitStage(module: Module): FunctionReference<never> {
  return module.function('dots_stage__simd', { n: 'i32', x: 'i32', to: 'i32' }, [], (f, { n, x, to }) => {
    const scale = f.let(f32x4.splat(2 ** 112));
    const store = (low: Local<'v128'>, high: Local<'v128'>): void => {
      f.emit(v128.store(to, f32x4.mul(shuffle32(low, high, [0, 2, 4, 6]), scale)));
      f.emit(v128.store(to, f32x4.mul(shuffle32(low, high, [1, 3, 5, 7]), scale), { offset: 16 }));
    };
    f.loop(i32.ge_u(n, 8), () => {
      store(f.let(v128.load(x)), f.let(v128.load(x, { offset: 16 })));
      f.add(x, 32);
      f.add(to, 32);
      f.add(n, -8);
    });
    f.if(n, () => {
      const low = f.let(v128.and(v128.load(x), lanesBefore(n, 0)));
      store(low, f.let(v128.and(v128.load(x, { offset: 16 }), lanesBefore(n, 4))));
    });
  });
}
