/**
 * Dot products with half-precision weights in emitted WebAssembly: the loops of dots.ts, with steps of eight columns.
 *
 * A vector of eight weights is four words of two. Shifted right by three, with the sign drawn along, the upper weight's
 * sign, exponent and fraction lie where float32 has them, and a mask takes away what is between and below:
 *
 *   word       seee eemm mmmm mmmm tttt tttt tttt tttt     t: the lower weight
 *   shifted    ssss eeee emmm mmmm mmmt tttt tttt tttt
 *   mask       1000 1111 1111 1111 1110 0000 0000 0000
 *
 * The lower weight gets to the same place by a multiplication with 2^13, as the dot product of the word's halves with
 * (2^13, 0), which is one instruction where two shifts are two. That makes w · 2^(−112) of a weight w, of a subnormal one
 * too, because the exponents are counted from −14 and from −126. So x is multiplied by 2^112, once for all rows, and the
 * products are those of w and x. Its even and odd columns are parted at the same time. An x of 2^16 or more becomes
 * infinite thereby, and the results are then not finite: they are left to the scalar kernel, as dots.ts says.
 *
 * The two products of a word are added before they are added to the sum: 16 steps are 128 columns, and a term has
 * 1 + 1 + 15 + 1 roundings.
 *
 * Exponent 31 is here one like the others, as ARM's alternative form has it. In the IEEE form it means ∞ or NaN, which
 * weights are as good as never: if the greatest code without its sign is one of those, a total becomes NaN.
 */
import {
  type FunctionBuilder,
  type FunctionReference,
  f32x4,
  i16x8,
  i32,
  i32x4,
  type Local,
  type Module,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import type { HalfForm } from '../half.ts';
import { emitDotsOf, type WeightFormat } from './dots.ts';
import type { MultiplyAdd } from './gemm.ts';
import { lanesBefore } from './runs.ts';

/** `dots_binary16__simd` and `dots_alternative__simd`. */
export function emitHalfDots(module: Module, multiplyAdd: MultiplyAdd): void {
  const stage = emitStage(module);
  for (const form of ['binary16', 'alternative'] as const) {
    emitDotsOf(module, {
      name: `dots_${form}`,
      columns: 8,
      weightBytes: 2,
      stage,
      block: (f) => halfBlock(f, form, multiplyAdd),
    });
  }
}

function halfBlock(f: FunctionBuilder, form: HalfForm, multiplyAdd: MultiplyAdd): ReturnType<WeightFormat['block']> {
  const mask = f.let(v128.const('i32x4', ...new Array<number>(4).fill(0x8fffe000 | 0)));
  const timesStep = f.let(v128.const('i16x8', 8192, 0, 8192, 0, 8192, 0, 8192, 0));
  const greatest = f.local('v128');
  return {
    step(ws, x, sums, left) {
      const even = f.let(v128.load(x));
      const odd = f.let(v128.load(x, { offset: 16 }));
      ws.forEach((w, i) => {
        const codes = f.let(v128.load(w));
        if (left !== null) {
          f.set(codes, v128.and(codes, i16x8.narrow_i32x4_s(lanesBefore(left, 0), lanesBefore(left, 4))));
        }
        if (form === 'binary16') f.set(greatest, i16x8.max_u(greatest, i16x8.shl(codes, 1)));
        const lower = v128.and(i32x4.dot_i16x8_s(codes, timesStep), mask);
        const upper = v128.and(i32x4.shr_s(codes, 3), mask);
        f.set(sums[i], f32x4.add(sums[i], multiplyAdd(upper, odd, f32x4.mul(lower, even))));
      });
    },
    finish(totals) {
      if (form === 'alternative') return;
      // 0xf800 + 0x0800 carries out of sixteen bits: into the sign, once both are halved.
      const carries = i16x8.add(i16x8.shr_u(greatest, 1), i16x8.splat(0x400));
      const isExponent31 = v128.any_true(v128.and(carries, i16x8.splat(0x8000)));
      f.if(isExponent31, () => f.emit(v128.store(totals, v128.const('f64x2', Number.NaN, Number.NaN))));
    },
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
