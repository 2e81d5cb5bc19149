/**
 * Depthwise kernels whose taps are written out, for a block of four rows of outputs:
 *
 *   for every row q of x under the block, for every s
 *     v ← x[q, s …]                            loaded once for all rows of outputs that it counts for
 *     sums[i] += w[q − i · stride, s] · v
 *
 * For 3×3 that is one load for each multiply-add of four, 7×7 takes three for four; the weights share a load for two vectors.
 * At stride 2 the even columns of eight make one vector, and the odd ones the next tap's.
 */
import { type FunctionBuilder, i32, type Local, type Module, v128 } from '../../wasm/index.ts';
import { emitBlocks, loadFours, OUTPUTS, ROWS, type Sums } from './depthwise-blocks.ts';
import type { MultiplyAdd } from './gemm-micro.ts';

export const SIZES = [3, 5, 7] as const;
export const STRIDES = [1, 2] as const;

/** What is written out, and how. */
interface Written {
  readonly size: (typeof SIZES)[number];
  readonly stride: (typeof STRIDES)[number];
  readonly multiplyAdd: MultiplyAdd;
  /** Whether the compiler keeps loads where they are written. */
  readonly keepsOrder: boolean;
}

/** Columns of taps between branches: one that an old compiler's loads do not move across, so that they do not spill. */
const APART = 2;

/** The kernel of `size` × `size` at a stride, for at least four rows of outputs. */
export function emitWritten<const W extends Written>(module: Module, written: W) {
  const { size, stride } = written;
  return module.function(
    `depthwise_${size as W['size']}x${size as W['size']}_by_${stride as W['stride']}__simd` as const,
    OUTPUTS,
    [],
    (f, p) => {
      const below = f.let(i32.mul(p.xPitch, stride));
      emitBlocks(f, p, ROWS, below, 4 * stride, (from, sums) => {
        for (let q = 0; q < (ROWS - 1) * stride + size; q++) {
          if (q > 0) f.add(from, p.xPitch);
          for (let s = 0; s < size; s += APART) {
            const addTaps = (): void => addRowOfTaps(f, from, q, s, Math.min(size, s + APART), p.w, sums, written);
            if (written.keepsOrder) addTaps();
            else f.if(p.rows, addTaps);
          }
        }
      });
    },
    { export: true },
  );
}

/** Adds what row q of x under a block of outputs gives to each of them by columns s … of the taps; s is even. */
function addRowOfTaps(
  f: FunctionBuilder,
  row: Local<'i32'>,
  q: number,
  first: number,
  end: number,
  w: Local<'i32'>,
  sums: Sums,
  { size, stride, multiplyAdd }: Written,
): void {
  const addTap = (s: number, v: readonly Local<'v128'>[]): void => {
    sums.forEach((rowOfSums, i) => {
      const r = q - i * stride;
      if (r < 0 || r >= size) return;
      const weight = f.let(v128.load32_splat(w, { offset: 4 * (r * size + s) }));
      rowOfSums.forEach((sum, j) => {
        f.set(sum, multiplyAdd(weight, v[j], sum));
      });
    });
  };
  for (let s = first; s < end; s += stride) {
    const loaded = sums[0].map((_, j) => loadFours(f, row, 4 * s + 16 * stride * j, stride, s + 1 < end));
    for (let t = 0; t < stride && s + t < end; t++) {
      addTap(
        s + t,
        loaded.map((fours) => fours[t]),
      );
    }
  }
}
