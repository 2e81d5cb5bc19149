/**
 * Gates in emitted WebAssembly: four elements at a time, in double, two lanes each.
 *
 *   e = e^(−|s x|)           1 / (1 + e^(−s x))  =  (s x < 0 ? e : 1) / (1 + e)
 *
 * e has no end above, and tells small results apart. Below e^(−700) it is 0, as a product with any float32 rounds to 0.
 * All of it is within 1.001 roundings of the formula: what e lacks is far less than one.
 */
import { type Expression, type FunctionBuilder, f64x2, type Local, type Module, v128 } from '../../wasm/index.ts';
import type { GateKernels } from '../table.ts';
import { doubles, rounded, upper } from './doubles.ts';
import { exponential } from './exponential.ts';
import type { Load } from './exports.ts';
import { emitRun, four } from './runs.ts';

/** In units of a rounding to float32. */
export const GATE_ROUNDINGS = 1.001;

/** e^(−700) · 2^128 < 2^(−150), and a double holds it. */
const LEAST_POWER = -700;

type V128 = Expression<'v128'>;
/** What it makes of two elements in double. */
type OfTwo = (f: FunctionBuilder, x: Local<'v128'>, slope: Local<'v128'>, offset: Local<'v128'>) => V128;

export function simdGates(load: Load<typeof emitGates>): GateKernels {
  return {
    sigmoid: (n, x, y, slope, offset) => load().sigmoid__simd(n, x << 2, y << 2, slope, offset),
    swish: (n, x, y, slope, offset) => load().swish__simd(n, x << 2, y << 2, slope, offset),
    hardSigmoid: (n, x, y, slope, offset) => load().hard_sigmoid__simd(n, x << 2, y << 2, slope, offset),
    hardSwish: (n, x, y, slope, offset) => load().hard_swish__simd(n, x << 2, y << 2, slope, offset),
  };
}

export function emitGates(module: Module) {
  return [
    emitGate(module, 'sigmoid', sigmoid),
    emitGate(module, 'swish', (f, x, slope) => f64x2.mul(x, sigmoid(f, x, slope))),
    emitGate(module, 'hard_sigmoid', hardSigmoid),
    emitGate(module, 'hard_swish', (f, x, ...rest) => f64x2.mul(x, hardSigmoid(f, x, ...rest))),
  ];
}

function emitGate<Name extends string>(module: Module, name: Name, ofTwo: OfTwo) {
  return module.function(
    `${name}__simd` as const,
    { n: 'i32', x: 'i32', y: 'i32', slope: 'f64', offset: 'f64' },
    [],
    (f, { n, x, y, slope, offset }) => {
      const [slopes, offsets] = [f.let(f64x2.splat(slope)), f.let(f64x2.splat(offset))];
      emitRun(f, n, y, (place, k) => {
        const v = f.let(four(x, place, k));
        const [low, high] = [v, upper(v)].map((two) => {
          return f.let(ofTwo(f, f.let(f64x2.promote_low_f32x4(two)), slopes, offsets));
        });
        return rounded(low, high);
      });
    },
    { export: true },
  );
}

function sigmoid(f: FunctionBuilder, x: Local<'v128'>, slope: Local<'v128'>): V128 {
  const sx = f.let(f64x2.mul(x, slope));
  const d = f.let(f64x2.neg(f64x2.abs(sx)));
  const power = exponential(f, d, LEAST_POWER);
  // What is far below is 0, so that −∞ times it is no number.
  const e = f.let(v128.andnot(power, f64x2.lt(d, doubles(LEAST_POWER))));
  const dividend = v128.bitselect(e, doubles(1), f64x2.lt(sx, doubles(0)));
  return f64x2.div(dividend, f64x2.add(e, doubles(1)));
}

/** pmax and pmin keep a NaN that is their first. */
function hardSigmoid(_f: FunctionBuilder, x: Local<'v128'>, slope: Local<'v128'>, offset: Local<'v128'>): V128 {
  return f64x2.pmin(f64x2.pmax(f64x2.add(f64x2.mul(x, slope), offset), doubles(0)), doubles(1));
}
