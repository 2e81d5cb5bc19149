/**
 * Passes over runs and rows of elements in emitted WebAssembly, four elements at a time.
 *
 * An activation is three choices between two numbers, without a branch:
 *
 *   v ← bitselect(v · slope, v, v < 0)       leaky ReLU: a NaN is not below zero
 *   v ← pmax(v, low)                         low where v < low, so that a NaN stays; one instruction, `max` is nine
 *   v ← pmin(v, high)                        high where high < v
 *   v ← v + zero
 *
 * pmax(−0, +0) is −0, where the clamp at +0 is +0. Adding +0 makes +0 of −0 and changes nothing else; where low is any
 * other number, −0 is added, which changes nothing at all.
 *
 * `slope`, `low`, `high`, `scale`, `shift` and the value of `fill` are rounded to float32. For numbers that are float32
 * already, all of these kernels give the bits of the reference, but `scaleShift`: it rounds its product
 * ({@link SCALE_SHIFT_ROUNDINGS}).
 */
import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  i32,
  type Local,
  type Module,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import type { PointwiseKernels } from '../table.ts';
import type { Load } from './exports.ts';
import type { MultiplyAdd } from './gemm-micro.ts';
import { emitRun, four, type RunValue } from './runs.ts';

/** The roundings of the product and of the sum: the error is at most 2 · 2^(−24) · (|x · scale| + |shift|). */
export const SCALE_SHIFT_ROUNDINGS = 2;

type SimdPointwise = Pick<PointwiseKernels, 'fill' | 'copyRows' | 'clamp' | 'leakyRelu' | 'clampRows' | 'scaleShift'>;

export function simdPointwise(load: Load<typeof emitPointwise>): SimdPointwise {
  return {
    fill: (n, y, value) => load().fill__simd(n, y << 2, value),
    copyRows(rows, columns, x, xPitch, xStep, y, yPitch) {
      if (xStep === 1 && xPitch === columns && yPitch === columns) {
        load().copy_rows__simd(1, rows * columns, x << 2, 0, y << 2, 0);
      } else if (xStep === 1) {
        load().copy_rows__simd(rows, columns, x << 2, xPitch << 2, y << 2, yPitch << 2);
      } else if (xStep === 2) {
        load().copy_rows_by_2__simd(rows, columns, x << 2, xPitch << 2, y << 2, yPitch << 2);
      } else {
        load().copy_rows_by_step__simd(rows, columns, x << 2, xPitch << 2, y << 2, yPitch << 2, xStep << 2);
      }
    },
    clamp: (n, x, y, low, high) => load().clamp_rows__simd(1, n, x << 2, 0, y << 2, 0, 1, low, high, zeroFor(low)),
    leakyRelu: (n, x, y, slope) =>
      load().leaky_clamp_rows__simd(1, n, x << 2, 0, y << 2, 0, slope, -Infinity, Infinity, -0),
    clampRows(rows, columns, x, xPitch, y, yPitch, yStep, slope, low, high) {
      const [from, pitch, to, toPitch, zero] = [x << 2, xPitch << 2, y << 2, yPitch << 2, zeroFor(low)];
      if (yStep === 1) {
        const kernel = slope === 1 ? load().clamp_rows__simd : load().leaky_clamp_rows__simd;
        kernel(rows, columns, from, pitch, to, toPitch, slope, low, high, zero);
      } else {
        const kernel = load().leaky_clamp_rows_to_step__simd;
        kernel(rows, columns, from, pitch, to, toPitch, slope, low, high, zero, yStep << 2);
      }
    },
    scaleShift: (n, x, y, scale, shift) => load().scale_shift__simd(n, x << 2, y << 2, scale, shift),
  };
}

/** What to add so that −0 becomes +0 where `low` is +0. */
const zeroFor = (low: number): number => (Object.is(low, 0) ? 0 : -0);

export function emitPointwise(module: Module, multiplyAdd: MultiplyAdd) {
  const exported = { export: true };
  const RUN = { n: 'i32', y: 'i32', value: 'f32' } as const;
  const fill = module.function(
    'fill__simd',
    RUN,
    [],
    (f, { n, y, value }) => {
      const values = f.let(f32x4.splat(value));
      emitRun(f, n, y, () => values);
    },
    exported,
  );
  const SCALE_SHIFT = { n: 'i32', x: 'i32', y: 'i32', scale: 'f32', shift: 'f32' } as const;
  const scaleShift = module.function(
    'scale_shift__simd',
    SCALE_SHIFT,
    [],
    (f, { n, x, y, scale, shift }) => {
      const [scales, shifts] = [f.let(f32x4.splat(scale)), f.let(f32x4.splat(shift))];
      emitRun(f, n, y, (place, k) => multiplyAdd(four(x, place, k), scales, shifts));
    },
    exported,
  );
  const clamp = emitClampRows(module, false);
  const leakyClamp = emitClampRows(module, true);
  return [fill, scaleShift, clamp, leakyClamp, emitClampRowsToStep(module), ...emitCopyRows(module)];
}

/** Pitches in bytes. */
const ROWS = { rows: 'i32', columns: 'i32', x: 'i32', xPitch: 'i32', y: 'i32', yPitch: 'i32' } as const;

type Rows = { readonly [Name in keyof typeof ROWS]: Local<'i32'> };

/** Writes each row of y as its own run; x is then at the row that it is made of. */
function emitRows(f: FunctionBuilder, { rows, columns, x, xPitch, y, yPitch }: Rows, value: RunValue): void {
  f.loop(rows, () => {
    emitRun(f, columns, y, value);
    f.add(x, xPitch);
    f.add(y, yPitch);
    f.add(rows, -1);
  });
}

const ACTIVATION = { slope: 'f32', low: 'f32', high: 'f32', zero: 'f32' } as const;

type ActivationNumbers = { readonly [Name in keyof typeof ACTIVATION]: Local<'f32'> };

/** What makes y of a vector of x. */
function emitActivation(f: FunctionBuilder, { slope, low, high, zero }: ActivationNumbers, isLeaky: boolean) {
  const [slopes, lows, highs, zeros] = [slope, low, high, zero].map((bound) => f.let(f32x4.splat(bound)));
  return (x: Expression<'v128'>): Expression<'v128'> => {
    const v = f.let(x);
    if (isLeaky) {
      const negative = f32x4.lt(v, v128.const('f32x4', 0, 0, 0, 0));
      f.set(v, v128.bitselect(f32x4.mul(v, slopes), v, negative));
    }
    return f32x4.add(f32x4.pmin(f32x4.pmax(v, lows), highs), zeros);
  };
}

function emitClampRows(module: Module, isLeaky: boolean) {
  return module.function(
    isLeaky ? 'leaky_clamp_rows__simd' : 'clamp_rows__simd',
    { ...ROWS, ...ACTIVATION },
    [],
    (f, { slope, low, high, zero, ...rows }) => {
      const activate = emitActivation(f, { slope, low, high, zero }, isLeaky);
      emitRows(f, rows, (place, k) => activate(four(rows.x, place, k)));
    },
    { export: true },
  );
}

/** Elements of a row of y are `step` bytes apart: four at a time are stored lane by lane, the last ones one by one. */
function emitClampRowsToStep(module: Module) {
  return module.function(
    'leaky_clamp_rows_to_step__simd',
    { ...ROWS, ...ACTIVATION, step: 'i32' },
    [],
    (f, { rows, columns, x, xPitch, y, yPitch, step, ...numbers }) => {
      const activate = emitActivation(f, numbers, true);
      f.loop(rows, () => {
        const [from, to, left] = [f.let(x), f.let(y), f.let(columns)];
        f.loop(i32.ge_u(left, 4), () => {
          const values = f.let(activate(v128.load(from)));
          for (const lane of [0, 1, 2, 3]) {
            f.emit(v128.store32_lane(to, values, lane));
            f.add(to, step);
          }
          f.add(from, 16);
          f.add(left, -4);
        });
        f.loop(left, () => {
          f.emit(v128.store32_lane(to, f.let(activate(v128.load32_zero(from))), 0));
          f.add(from, 4);
          f.add(to, step);
          f.add(left, -1);
        });
        f.add(x, xPitch);
        f.add(y, yPitch);
        f.add(rows, -1);
      });
    },
    { export: true },
  );
}

function emitCopyRows(module: Module) {
  const exported = { export: true };
  const copy = module.function(
    'copy_rows__simd',
    ROWS,
    [],
    (f, rows) => emitRows(f, rows, (place, k) => four(rows.x, place, k)),
    exported,
  );
  const copyBy2 = module.function(
    'copy_rows_by_2__simd',
    ROWS,
    [],
    (f, rows) => {
      emitRows(f, rows, (place, k) => {
        const at = i32.add(rows.x, i32.shl(place.j, 1));
        return shuffle32(v128.load(at, { offset: 32 * k }), v128.load(at, { offset: 32 * k + 16 }), [0, 2, 4, 6]);
      });
    },
    exported,
  );
  const rowsAndStep = { ...ROWS, step: 'i32' } as const;
  const copyByStep = module.function('copy_rows_by_step__simd', rowsAndStep, [], emitCopyRowsByStep, exported);
  return [copy, copyBy2, copyByStep];
}

/** Four loads of an element make a vector; the last elements of a row go one by one. */
function emitCopyRowsByStep(
  f: FunctionBuilder,
  { rows, columns, x, xPitch, y, yPitch, step }: Rows & { readonly step: Local<'i32'> },
): void {
  const step2 = f.let(i32.shl(step, 1));
  const step3 = f.let(i32.add(step2, step));
  f.loop(rows, () => {
    const [from, to, left] = [f.let(x), f.let(y), f.let(columns)];
    f.loop(i32.ge_u(left, 4), () => {
      const first = v128.load32_zero(from);
      const two = v128.load32_lane(i32.add(from, step), first, 1);
      const three = v128.load32_lane(i32.add(from, step2), two, 2);
      f.emit(v128.store(to, v128.load32_lane(i32.add(from, step3), three, 3)));
      f.add(from, i32.shl(step, 2));
      f.add(to, 16);
      f.add(left, -4);
    });
    f.loop(left, () => {
      f.emit(i32.store(to, i32.load(from)));
      f.add(from, step);
      f.add(to, 4);
      f.add(left, -1);
    });
    f.add(x, xPitch);
    f.add(y, yPitch);
    f.add(rows, -1);
  });
}
