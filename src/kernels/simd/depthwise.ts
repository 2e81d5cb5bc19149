/**
 * Depthwise convolution in emitted WebAssembly: one channel makes one channel, y = b + Σ_rs w[r, s] · x[i + r, j + s].
 *
 * Kernels that networks have, 3×3, 5×5 and 7×7 at strides 1 and 2, are written out tap by tap (depthwise-written.ts). Any other
 * kernel, stride and dilation goes by a loop over its taps (depthwise-taps.ts), and so do outputs of less than four rows. All
 * add up the taps in the kernel's order, so that an output has the same bits in whichever way it is computed. Less than four
 * columns are done as four, whose other lanes are read beyond x; where those would be too far, columns go one by one.
 */
import { i32, type Module, v128 } from '../../wasm/index.ts';
import type { DepthwiseKernels, DepthwiseNumbers } from '../table.ts';
import { ROWS } from './depthwise-blocks.ts';
import { emitTaps, TAP_FORMS } from './depthwise-taps.ts';
import { emitWritten, SIZES, STRIDES } from './depthwise-written.ts';
import type { Load, SimdExports } from './exports.ts';
import type { MultiplyAdd } from './gemm-micro.ts';
import { emitRun, four } from './runs.ts';

/** The greatest stride at which the last of four lanes is read less than 60 bytes beyond the first. */
const MAX_STRIDE = 4;

/** Sums begin at the bias; a product is rounded before they are, unless multiply-adds are fused. */
export function simdDepthwiseNumbers(multiplyAdd: number): DepthwiseNumbers {
  return { depthwiseUnits: { multiplyAdd, call: 40 }, depthwiseRoundings: (taps) => taps };
}

export function simdDepthwise(load: Load<typeof emitDepthwise>, scalar: DepthwiseKernels): DepthwiseKernels {
  let loaded: { written: ReturnType<typeof writtenKernels>; byForm: ReturnType<typeof tapKernels> } | null = null;
  const kernels: DepthwiseKernels = {
    padRows(rows, columns, x, height, width, top, left, y) {
      const above = Math.max(0, -top);
      const before = Math.max(0, -left);
      const inside = Math.min(rows, height - top) - above;
      const copied = Math.min(columns, width - left) - before;
      if (inside <= 0 || copied < 4) {
        scalar.padRows(rows, columns, x, height, width, top, left, y);
        return;
      }
      const from = x + (top + above) * width + left + before;
      const gap = columns - copied;
      const below = (rows - above - inside) * columns + gap - before;
      load().pad_rows__simd(inside, copied, from << 2, width << 2, y << 2, above * columns + before, gap, below);
    },

    // Small planes make calls count: no lists are made here, and nothing is looked up by a text.
    depthwise(rows, columns, x, xPitch, w, r, s, strideY, strideX, dilationY, dilationX, bias, y, yPitch, low, high) {
      if (columns < 4 && strideX > MAX_STRIDE) {
        // At stride 0 all lanes read one element.
        const rest = [strideY, 0, dilationY, dilationX, bias] as const;
        for (let j = 0; j < columns; j++) {
          kernels.depthwise(rows, 1, x + j * strideX, xPitch, w, r, s, ...rest, y + j, yPitch, low, high);
        }
        return;
      }
      loaded ??= { written: writtenKernels(load()), byForm: tapKernels(load()) };
      const { written, byForm } = loaded;
      // −0 becomes +0 where `low` is +0 (pointwise.ts).
      const zero = Object.is(low, 0) ? 0 : -0;
      const isSquare = r === s && strideY === strideX && dilationY === 1 && dilationX === 1;
      const kernel = isSquare && rows >= ROWS ? written[r]?.[strideX] : undefined;
      const [from, to, xBytes, yBytes] = [x << 2, y << 2, xPitch << 2, yPitch << 2];
      if (kernel !== undefined) {
        kernel(rows, columns, from, xBytes, w << 2, to, yBytes, bias, low, high, zero);
        return;
      }
      byForm[formOf(strideX, dilationX)](
        rows,
        columns,
        from,
        xBytes,
        w << 2,
        to,
        yBytes,
        bias,
        low,
        high,
        zero,
        r,
        s << 2,
        strideY * xBytes,
        strideX << 2,
        dilationY * xBytes,
        dilationX << 2,
      );
    },
  };
  return kernels;
}

/** By size, then by stride. */
function writtenKernels(exports: SimdExports<typeof emitDepthwise>) {
  const kernels: (typeof exports)['depthwise_3x3_by_1__simd'][][] = [];
  for (const size of SIZES) {
    kernels[size] = [];
    for (const stride of STRIDES) kernels[size][stride] = exports[`depthwise_${size}x${size}_by_${stride}__simd`];
  }
  return kernels;
}

/** By their places in {@link TAP_FORMS}. */
function tapKernels(exports: SimdExports<typeof emitDepthwise>) {
  return TAP_FORMS.map((form) => exports[`depthwise_taps_${form}__simd`]);
}

function formOf(stride: number, dilation: number): number {
  if (stride === 1) return dilation === 1 ? 0 : 1;
  return stride === 2 ? 2 : 3;
}

/** @param keepsOrder whether the engine's compiler leaves loads where they are written */
export function emitDepthwise(module: Module, multiplyAdd: MultiplyAdd, keepsOrder: boolean) {
  return [
    emitPadRows(module),
    ...SIZES.flatMap((size) => STRIDES.map((stride) => emitWritten(module, { size, stride, multiplyAdd, keepsOrder }))),
    ...TAP_FORMS.map((form) => emitTaps(module, form, multiplyAdd)),
  ];
}

/**
 * Rows of a plane with zeros around them, in one pass: `above` zeros, then the rows with `gap` zeros between, then `below`
 * zeros. There are at least four columns. Zeros between rows go by vectors that reach into the next row, which is written
 * after.
 */
function emitPadRows(module: Module) {
  return module.function(
    'pad_rows__simd',
    { rows: 'i32', columns: 'i32', x: 'i32', xPitch: 'i32', y: 'i32', above: 'i32', gap: 'i32', below: 'i32' },
    [],
    (f, { rows, columns, x, xPitch, y, above, gap, below }) => {
      const zeros = f.let(v128.const('f32x4', 0, 0, 0, 0));
      const [bytes, gapBytes] = [f.let(i32.shl(columns, 2)), f.let(i32.shl(gap, 2))];
      const at = f.local('i32');
      emitRun(f, above, y, () => zeros);
      f.add(y, i32.shl(above, 2));
      f.do(() => {
        emitRun(f, columns, y, (place, k) => four(x, place, k));
        f.add(y, bytes);
        f.add(x, xPitch);
        f.add(rows, -1);
        f.if(rows, () => {
          f.set(at, y);
          f.add(y, gapBytes);
          f.loop(i32.lt_u(at, y), () => {
            f.emit(v128.store(at, zeros));
            f.add(at, 16);
          });
        });
      }, rows);
      emitRun(f, below, y, () => zeros);
    },
    { export: true },
  );
}
