/**
 * Arithmetic of two runs in emitted WebAssembly, four elements at a time. A number in the place of a run is loaded once,
 * into all lanes. All of it gives the bits of the reference: each result is rounded once.
 */
import { type Expression, f32x4, type Module, v128 } from '../../wasm/index.ts';
import type { ArithmeticKernels } from '../table.ts';
import type { Load } from './exports.ts';
import { emitRun, four } from './runs.ts';

type V128 = Expression<'v128'>;
type Runs = (n: number, a: number, b: number, y: number) => void;

export function simdArithmetic(load: Load<typeof emitArithmetic>): ArithmeticKernels {
  type Name = keyof ReturnType<typeof load>;
  /** @param byNumber b is a number; @param ofNumber a is one, or b where the two may change places */
  const kernel =
    (name: Name, byNumber: Name, ofNumber?: Name): ArithmeticKernels['add'] =>
    (n, a, aStep, b, bStep, y) => {
      const exports: Readonly<Record<Name, Runs>> = load();
      const [first, second, to] = [a << 2, b << 2, y << 2];
      if (aStep === bStep) exports[name](n, first, second, to);
      else if (bStep === 0) exports[byNumber](n, first, second, to);
      else if (ofNumber === undefined) exports[byNumber](n, second, first, to);
      else exports[ofNumber](n, first, second, to);
    };
  return {
    add: kernel('add__simd', 'add_number__simd'),
    subtract: kernel('subtract__simd', 'subtract_number__simd', 'number_subtract__simd'),
    multiply: kernel('multiply__simd', 'multiply_number__simd'),
    divide: kernel('divide__simd', 'divide_number__simd', 'number_divide__simd'),
    minimum: kernel('minimum__simd', 'minimum_number__simd'),
    maximum: kernel('maximum__simd', 'maximum_number__simd'),
  };
}

export function emitArithmetic(module: Module) {
  return [
    ...emitPair(module, 'add', f32x4.add),
    ...emitPair(module, 'subtract', f32x4.sub),
    ...emitPair(module, 'multiply', f32x4.mul),
    ...emitPair(module, 'divide', f32x4.div),
    ...emitPair(module, 'minimum', f32x4.min),
    ...emitPair(module, 'maximum', f32x4.max),
    emitOfNumber(module, 'subtract', f32x4.sub),
    emitOfNumber(module, 'divide', f32x4.div),
  ];
}

const PARAMETERS = { n: 'i32', a: 'i32', b: 'i32', y: 'i32' } as const;
const EXPORTED = { export: true };

/** Of two runs, and of a run and a number. */
function emitPair<Name extends string>(module: Module, name: Name, operation: (a: V128, b: V128) => V128) {
  const runs = module.function(
    `${name}__simd` as const,
    PARAMETERS,
    [],
    (f, { n, a, b, y }) => emitRun(f, n, y, (place, k) => operation(four(a, place, k), four(b, place, k))),
    EXPORTED,
  );
  const byNumber = module.function(
    `${name}_number__simd` as const,
    PARAMETERS,
    [],
    (f, { n, a, b, y }) => {
      const number = f.let(v128.load32_splat(b));
      emitRun(f, n, y, (place, k) => operation(four(a, place, k), number));
    },
    EXPORTED,
  );
  return [runs, byNumber];
}

/** Of a number and a run. */
function emitOfNumber<Name extends string>(module: Module, name: Name, operation: (a: V128, b: V128) => V128) {
  return module.function(
    `number_${name}__simd` as const,
    PARAMETERS,
    [],
    (f, { n, a, b, y }) => {
      const number = f.let(v128.load32_splat(a));
      emitRun(f, n, y, (place, k) => operation(number, four(b, place, k)));
    },
    EXPORTED,
  );
}
