/**
 * Softmax in emitted WebAssembly, in the three passes of ../scalar/softmax.ts: the maximum M, e_i = exp(x_i − M) and
 * its sum, and y_i = e_i / Σ e_j. Four elements at a time; they may be any distance apart, so each is loaded into its
 * lane.
 *
 * The exponentials of d ≤ 0 are computed in double (exponential.ts). So y has the two roundings to float32 of the scalar
 * kernel, of e_i and of the quotient: it is within 2.001 · 2^(−24) · y_i of the formula, or within 2^(−149) where e_i or
 * y_i is subnormal.
 */
import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  f64,
  f64x2,
  i32,
  type Local,
  type Module,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import type { PointwiseKernels } from '../table.ts';
import { rounded, upper } from './doubles.ts';
import { exponential } from './exponential.ts';
import type { Load } from './exports.ts';

type I32 = Local<'i32'>;
type V128 = Expression<'v128'>;

export function simdSoftmax(load: Load<typeof emitSoftmax>): Pick<PointwiseKernels, 'softmax'> {
  return { softmax: (n, step, x, y) => load().softmax__simd(n, step << 2, x << 2, y << 2) };
}

export function emitSoftmax(module: Module) {
  const parameters = { n: 'i32', step: 'i32', x: 'i32', y: 'i32' } as const;
  const softmax = module.function(
    'softmax__simd',
    parameters,
    [],
    (f, { n, step, x, y }) => {
      const maximum = greatest(f, n, step, x);
      // e_i = exp(x_i − M); what is beyond the last element is −∞, and adds less than 2^(−150) to a sum of 1 or more
      const [sums, moreSums] = [f.local('v128'), f.local('v128')];
      forFours(f, n, step, [x, y], (lanes, [from, to]) => {
        const v = f.let(loadFour(f, from, step, lanes));
        const low = f.let(exponential(f, f64x2.sub(f64x2.promote_low_f32x4(v), maximum), LEAST_POWER));
        const high = f.let(exponential(f, f64x2.sub(f64x2.promote_low_f32x4(upper(v)), maximum), LEAST_POWER));
        f.set(sums, f64x2.add(sums, low));
        f.set(moreSums, f64x2.add(moreSums, high));
        storeFour(f, to, step, lanes, f.let(rounded(low, high)));
      });
      // y_i = e_i / Σ e_j
      f.set(sums, f64x2.add(sums, moreSums));
      const sum = f64.add(f64x2.extract_lane(sums, 0), f64x2.extract_lane(sums, 1));
      const scale = f.let(f64x2.splat(f64.div(1, sum)));
      forFours(f, n, step, [y], (lanes, [at]) => {
        const v = f.let(loadFour(f, at, step, lanes));
        const low = f64x2.mul(f64x2.promote_low_f32x4(v), scale);
        const high = f64x2.mul(f64x2.promote_low_f32x4(upper(v)), scale);
        storeFour(f, at, step, lanes, f.let(rounded(low, high)));
      });
    },
    { export: true },
  );
  return [softmax];
}

/** e^(−105) < 2^(−150) rounds to 0, as does whatever is less. */
const LEAST_POWER = -105;

/** max x_i in both lanes, in double. pmax(m, NaN) is m: a NaN is passed over here, and spreads through the sum. */
function greatest(f: FunctionBuilder, n: I32, step: I32, x: I32): Local<'v128'> {
  const maxima = f.let(v128.const('f32x4', -Infinity, -Infinity, -Infinity, -Infinity));
  forFours(f, n, step, [x], (lanes, [from]) => {
    f.set(maxima, f32x4.pmax(maxima, loadFour(f, from, step, lanes)));
  });
  f.set(maxima, f32x4.pmax(maxima, upper(maxima)));
  f.set(maxima, f32x4.pmax(maxima, shuffle32(maxima, maxima, [1, 0, 1, 0])));
  return f.let(f64x2.promote_low_f32x4(maxima));
}

/** The body for every four elements `step` bytes apart, at pointers that move on; `lanes` is 4, or fewer at the end. */
function forFours(
  f: FunctionBuilder,
  n: I32,
  step: I32,
  pointers: readonly I32[],
  body: (lanes: I32, at: readonly I32[]) => void,
): void {
  const left = f.let(n);
  const at = pointers.map((pointer) => f.let(pointer));
  f.loop(i32.gt_s(left, 0), () => {
    body(left, at);
    for (const pointer of at) f.add(pointer, i32.shl(step, 2));
    f.add(left, -4);
  });
}

/** Elements `step` bytes apart in the lanes, −∞ in those beyond the last. */
function loadFour(f: FunctionBuilder, from: I32, step: I32, lanes: I32): V128 {
  const v = f.let(v128.const('f32x4', -Infinity, -Infinity, -Infinity, -Infinity));
  const at = f.let(from);
  f.set(v, v128.load32_lane(at, v, 0));
  for (let lane = 1; lane < 4; lane++) {
    f.if(i32.gt_s(lanes, lane), () => {
      f.add(at, step);
      f.set(v, v128.load32_lane(at, v, lane));
    });
  }
  return v;
}

function storeFour(f: FunctionBuilder, to: I32, step: I32, lanes: I32, v: Local<'v128'>): void {
  const at = f.let(to);
  f.emit(v128.store32_lane(at, v, 0));
  for (let lane = 1; lane < 4; lane++) {
    f.if(i32.gt_s(lanes, lane), () => {
      f.add(at, step);
      f.emit(v128.store32_lane(at, v, lane));
    });
  }
}
