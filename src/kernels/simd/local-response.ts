/**
 * Local response normalisation across channels in emitted WebAssembly, four pixels at a time,
 *
 *   y_c = x_c / t^β,   t = bias + α / size · Σ x_k²,   c − ⌊(size − 1) / 2⌋ ≤ k ≤ c + ⌊size / 2⌋
 *
 * for the β of the published networks, whose powers are square roots: t^(3/4) = √t · √√t, t^(1/2) = √t, t.
 *
 * In float32 each square, each addition, α / size, its product, and the sum with the bias are rounded: all terms are
 * positive, so t has size + 3 relative errors of 2^(−24). The power makes them β times as many; √t adds 1, √√t 1.5,
 * their product 1, and the quotient 1 ({@link localResponseRoundings}).
 *
 * The scalar kernel does what float32 cannot hold: a t of 2^120 or more, or NaN, which the emitted one reports; a bias
 * so small, or an α so large or small, that squares or products too small for float32 would matter; and every other β.
 */
import { f32x4, i32, type Module, select, v128 } from '../../wasm/index.ts';
import type { PointwiseKernels } from '../table.ts';
import type { Load } from './exports.ts';
import { type MultiplyAdd, storeLanes } from './gemm-micro.ts';
import { emitFours, lanesBefore } from './runs.ts';

/** The error of y is at most so many times 2^(−24) · |y|, for the β that are computed in float32; otherwise 1. */
export function localResponseRoundings(size: number, beta: number): number {
  return BETAS.includes(beta) ? beta * (size + 3) + 4.5 : 1;
}

const BETAS: readonly number[] = [0.5, 0.75, 1];

type LocalResponse = Pick<PointwiseKernels, 'localResponse'>;

export function simdLocalResponse(load: Load<typeof emitLocalResponse>, scalar: LocalResponse): LocalResponse {
  return {
    localResponse(channels, pixels, pitch, x, y, size, alpha, beta, bias) {
      const scale = alpha / size;
      const isPlain = BETAS.includes(beta) && bias >= 2 ** -40 && scale >= 2 ** -80 && scale <= 2 ** 40;
      // A window of 2 · channels reaches all channels from any one; a larger size may not fit 32 bits.
      const reach = Math.min(size, 2 * channels);
      const isForScalar =
        !isPlain ||
        load().local_response__simd(channels, pixels, pitch << 2, x << 2, y << 2, reach, scale, 4 * beta, bias) !== 0;
      if (isForScalar) scalar.localResponse(channels, pixels, pitch, x, y, size, alpha, beta, bias);
    },
  };
}

/** `quarters` is 4β. */
const LOCAL_RESPONSE = {
  channels: 'i32',
  pixels: 'i32',
  pitch: 'i32',
  x: 'i32',
  y: 'i32',
  size: 'i32',
  scale: 'f32',
  quarters: 'i32',
  bias: 'f32',
} as const;

export function emitLocalResponse(module: Module, multiplyAdd: MultiplyAdd) {
  const localResponse = module.function(
    'local_response__simd',
    LOCAL_RESPONSE,
    ['i32'],
    (f, { channels, pixels, pitch, x, y, size, scale, quarters, bias }) => {
      const scales = f.let(f32x4.splat(scale));
      const biases = f.let(f32x4.splat(bias));
      const isTooLarge = f.local('v128');
      const isPixel = f.let(lanesBefore(pixels, 0));
      const c = f.let(i32.const(0));
      f.loop(i32.lt_s(c, channels), () => {
        const before = f.let(i32.sub(c, i32.shr_u(i32.sub(size, 1), 1)));
        const first = f.let(select(i32.const(0), before, i32.lt_s(before, 0)));
        const after = f.let(i32.add(i32.add(c, i32.shr_u(size, 1)), 1));
        const count = f.let(i32.sub(select(channels, after, i32.gt_s(after, channels)), first));
        const row = f.let(i32.add(x, i32.mul(c, pitch)));
        emitFours(f, pixels, (j, lanes) => {
          // t = bias + α / size · Σ x_k²
          const squares = f.let(v128.const('f32x4', 0, 0, 0, 0));
          const from = f.let(i32.add(i32.add(x, i32.mul(first, pitch)), j));
          const left = f.let(count);
          f.do(() => {
            const v = f.let(v128.load(from));
            f.set(squares, multiplyAdd(v, v, squares));
            f.add(from, pitch);
            f.add(left, -1);
          }, left);
          const t = f.let(multiplyAdd(squares, scales, biases));
          const isSmall = f32x4.lt(t, f32x4.splat(2 ** 120));
          f.set(isTooLarge, v128.or(isTooLarge, v128.andnot(isPixel, isSmall)));
          // y_c = x_c / t^β
          f.if(i32.lt_u(quarters, 4), () => {
            const root = f.let(f32x4.sqrt(t));
            f.set(t, root);
            f.if(i32.eq(quarters, 3), () => f.set(t, f32x4.mul(root, f32x4.sqrt(root))));
          });
          const quotients = f.let(f32x4.div(v128.load(i32.add(row, j)), t));
          storeLanes(f, f.let(i32.add(y, j)), quotients, lanes, 0);
        });
        f.add(y, pitch);
        f.add(c, 1);
      });
      f.return(v128.any_true(isTooLarge));
    },
    { export: true },
  );
  return [localResponse];
}
