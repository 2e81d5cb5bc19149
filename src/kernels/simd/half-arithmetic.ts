/**
 * Eight half-precision weights times eight elements of x.
 *
 * A vector of eight weights is four words of two. Shifted right by three, with the sign drawn along, the upper weight's
 * sign, exponent and fraction lie where float32 has them, and a mask takes away what is between and below:
 *
 *   word       seee eemm mmmm mmmm tttt tttt tttt tttt     t: the lower weight
 *   shifted    ssss eeee emmm mmmm mmmt tttt tttt tttt
 *   mask       1000 1111 1111 1111 1110 0000 0000 0000
 *
 * The lower weight gets to the same place by a multiplication with 2^13, as the dot product of the word's halves with
 * (2^13, 0), which is one instruction instead of two shifts. A weight w, even a subnormal one, becomes w · 2^(−112),
 * because the exponents are counted from −14 and from −126. So x is multiplied by 2^112, once for all rows,
 * and the products are those of w and x. Its even and odd columns are parted at the same time. An x of 2^16 or more
 * thereby becomes infinite, and the results are then not finite: they are left to the scalar kernel, as dots.ts says.
 *
 * The two products of a word are added before they are added to the sum: 16 steps are 128 columns, and a term has
 * 1 + 1 + 15 + 1 roundings.
 *
 * Exponent 31 is treated like the others here, as in ARM's alternative form. In the IEEE form it means ∞ or NaN, which
 * weights hardly ever are: if the greatest code without its sign is one of those, a total becomes NaN.
 */

import type { HalfForm } from '../../maths/half.ts';
import { type FunctionBuilder, f32x4, i16x8, i32x4, type Local, v128 } from '../../wasm/index.ts';
import type { MultiplyAdd } from './gemm-micro.ts';

type V128 = Local<'v128'>;

export interface HalfArithmetic {
  /** sum += the products of eight codes and the even and the odd columns of x, as the stage leaves them. */
  add(sum: V128, codes: V128, even: V128, odd: V128): void;
  /** Emits what comes after the last step: the first total becomes NaN if a weight of any row was ∞ or NaN. */
  finish(totals: Local<'i32'>): void;
}

/** For a function that sums blocks of columns of some rows. */
export function halfArithmetic(f: FunctionBuilder, form: HalfForm, multiplyAdd: MultiplyAdd): HalfArithmetic {
  const mask = f.let(v128.const('i32x4', ...new Array<number>(4).fill(0x8fffe000 | 0)));
  const timesStep = f.let(v128.const('i16x8', 8192, 0, 8192, 0, 8192, 0, 8192, 0));
  const greatest = f.local('v128');
  return {
    add(sum, codes, even, odd) {
      if (form === 'binary16') f.set(greatest, i16x8.max_u(greatest, i16x8.shl(codes, 1)));
      const lower = v128.and(i32x4.dot_i16x8_s(codes, timesStep), mask);
      const upper = v128.and(i32x4.shr_s(codes, 3), mask);
      f.set(sum, f32x4.add(sum, multiplyAdd(upper, odd, f32x4.mul(lower, even))));
    },
    finish(totals) {
      if (form === 'alternative') return;
      // The first total stands for all rows: one result that is not finite leaves every row to the scalar kernel.
      // 0xf800 + 0x0800 carries out of sixteen bits: into the sign, once both are halved.
      const carries = i16x8.add(i16x8.shr_u(greatest, 1), i16x8.splat(0x400));
      const isExponent31 = v128.any_true(v128.and(carries, i16x8.splat(0x8000)));
      f.if(isExponent31, () => f.emit(v128.store(totals, v128.const('f64x2', Number.NaN, Number.NaN))));
    },
  };
}
