/**
 * Averages of the windows of one plane in emitted WebAssembly: columns first, then rows, as in max-pooling.ts.
 *
 *   for every row of outputs, over the rows of the plane that its windows cover
 *     m[c] = Σ_r x[r][c]                            into a row in scratch, between margins of 0 for the padding
 *     y[j] = Σ_s m[j · stride + s] / (rows · columns[j])
 *
 * All sums are in double, so that y is rounded once, and does not overflow on the way. columns[j] counts the columns of
 * window j that lie in the plane, or with the padding all of them; for an empty window it is 1, which makes it 0 / 1.
 */
import {
  type Expression,
  type FunctionReference,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  type Local,
  type Module,
  memory,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import { storeLanes } from './gemm-micro.ts';
import { POOL, rowsInside } from './max-pooling.ts';
import { emitFours } from './runs.ts';

type I32 = Local<'i32'>;
type V128 = Expression<'v128'>;

/** `average_pool__simd`, with parameters as those of `max_pool__simd`, and `average_run__simd`. */
export function emitAveragePooling(module: Module) {
  const count = columnCounts(module);
  const columns = columnSums(module);
  const [by1, bySteps] = [1, 0].map((stride) => rowAverages(module, stride));
  const averagePool = module.function(
    'average_pool__simd',
    { ...POOL, countPadding: 'i32' },
    [],
    (f, p) => {
      const row = f.let(i32.add(p.scratch, i32.shl(p.paddingLeft, 3)));
      const counts = f.let(i32.add(p.scratch, i32.shl(p.reach, 3)));
      f.emit(memory.fill(p.scratch, 0, i32.shl(p.reach, 3)));
      f.call(count, p.outputWidth, counts, p.strideWidth, p.paddingLeft, p.poolWidth, p.width, p.countPadding);
      const pitch = f.let(i32.shl(p.width, 2));
      const start = f.let(i32.sub(0, p.paddingTop));
      f.loop(p.outputHeight, () => {
        const { first, rows } = rowsInside(f, start, p.poolHeight, p.height);
        f.if(i32.lt_s(rows, 0), () => f.set(rows, 0));
        f.call(columns, p.width, i32.add(p.x, i32.mul(first, pitch)), pitch, rows, row);
        f.if(p.countPadding, () => f.set(rows, p.poolHeight));
        f.if(i32.eqz(rows), () => f.set(rows, 1));
        const height = f.let(f64.convert_i32_s(rows));
        const { outputWidth, scratch, y, strideWidth, poolWidth } = p;
        const pass = (callee: FunctionReference<never>) =>
          f.call(callee, outputWidth, scratch, y, strideWidth, poolWidth, counts, height);
        f.if(
          i32.eq(strideWidth, 1),
          () => pass(by1),
          () => pass(bySteps),
        );
        f.add(start, p.strideHeight);
        f.add(p.y, i32.shl(p.outputWidth, 2));
        f.add(p.outputHeight, -1);
      });
    },
    { export: true },
  );
  return [averagePool, emitAverageRun(module)];
}

/** Divisors of a row of windows, in double: the columns of each that lie in the plane, or all when padding counts. */
function columnCounts(module: Module): FunctionReference<never> {
  const parameters = {
    n: 'i32',
    to: 'i32',
    stride: 'i32',
    padding: 'i32',
    pool: 'i32',
    width: 'i32',
    countPadding: 'i32',
  } as const;
  return module.function('columns_of_windows__simd', parameters, [], (f, p) => {
    const start = f.let(i32.sub(0, p.padding));
    const count = f.local('i32');
    f.loop(p.n, () => {
      f.set(count, p.pool);
      f.if(i32.eqz(p.countPadding), () => {
        f.set(count, columnsInside(f, start, p.pool, p.width).rows);
        f.if(i32.le_s(count, 0), () => f.set(count, 1));
      });
      f.emit(f64.store(p.to, f64.convert_i32_s(count)));
      f.add(start, p.stride);
      f.add(p.to, 8);
      f.add(p.n, -1);
    });
  });
}

/** Rows and columns are cut alike. */
const columnsInside = rowsInside;

/** Σ_r x[r][c] over rows of n columns, as doubles. */
function columnSums(module: Module): FunctionReference<never> {
  const parameters = { n: 'i32', x: 'i32', pitch: 'i32', rows: 'i32', to: 'i32' } as const;
  return module.function('sums_of_rows__simd', parameters, [], (f, { n, x, pitch, rows, to }) => {
    emitFours(f, n, (j) => {
      const sums = f.let(v128.const('f64x2', 0, 0));
      const moreSums = f.let(v128.const('f64x2', 0, 0));
      const from = f.let(i32.add(x, j));
      const left = f.let(rows);
      f.loop(left, () => {
        f.set(sums, f64x2.add(sums, doubles(from, 0)));
        f.set(moreSums, f64x2.add(moreSums, doubles(from, 8)));
        f.add(from, pitch);
        f.add(left, -1);
      });
      const at = f.let(i32.add(to, i32.shl(j, 1)));
      f.emit(v128.store(at, sums));
      f.emit(v128.store(at, moreSums, { offset: 16 }));
    });
  });
}

/** Two float32 numbers as doubles. */
const doubles = (at: Expression<'i32'>, offset: number): V128 =>
  f64x2.promote_low_f32x4(v128.load64_zero(at, { offset }));

/** y[j] = Σ_s x[j · stride + s] / (height · counts[j]), x and counts in double; stride 0 means the parameter's. */
function rowAverages(module: Module, stride: number): FunctionReference<never> {
  const parameters = {
    n: 'i32',
    x: 'i32',
    y: 'i32',
    stride: 'i32',
    pool: 'i32',
    counts: 'i32',
    height: 'f64',
  } as const;
  return module.function(`average_of_columns_by_${stride || 'steps'}__simd`, parameters, [], (f, p) => {
    const lanesApart = f.let(i32.shl(p.stride, 3));
    const heights = f.let(f64x2.splat(p.height));
    const two = (at: I32): V128 =>
      stride === 1 ? v128.load(at) : v128.load64_lane(i32.add(at, lanesApart), v128.load64_zero(at), 1);
    emitFours(f, p.n, (j, lanes) => {
      const from = f.let(i32.add(p.x, i32.mul(i32.shl(j, 1), p.stride)));
      const next = f.let(i32.add(from, i32.shl(lanesApart, 1)));
      const sums = f.let(two(from));
      const moreSums = f.let(two(next));
      const left = f.let(i32.sub(p.pool, 1));
      f.loop(left, () => {
        f.add(from, 8);
        f.add(next, 8);
        f.set(sums, f64x2.add(sums, two(from)));
        f.set(moreSums, f64x2.add(moreSums, two(next)));
        f.add(left, -1);
      });
      const counts = f.let(i32.add(p.counts, i32.shl(j, 1)));
      const quotients = (numerators: V128, offset: number): V128 =>
        f32x4.demote_f64x2_zero(f64x2.div(numerators, f64x2.mul(heights, v128.load(counts, { offset }))));
      const averages = shuffle32(quotients(sums, 0), quotients(moreSums, 16), [0, 1, 4, 5]);
      storeLanes(f, f.let(i32.add(p.y, j)), f.let(averages), lanes, 0);
    });
  });
}

/** The average of n contiguous elements: a window that covers its plane. */
function emitAverageRun(module: Module) {
  const parameters = { n: 'i32', x: 'i32', y: 'i32', divisor: 'f64' } as const;
  return module.function(
    'average_run__simd',
    parameters,
    [],
    (f, { n, x, y, divisor }) => {
      const [sums, moreSums] = [f.local('v128'), f.local('v128')];
      const total = f.local('f64');
      f.loop(i32.ge_u(n, 4), () => {
        f.set(sums, f64x2.add(sums, doubles(x, 0)));
        f.set(moreSums, f64x2.add(moreSums, doubles(x, 8)));
        f.add(x, 16);
        f.add(n, -4);
      });
      f.set(sums, f64x2.add(sums, moreSums));
      f.set(total, f64.add(f64x2.extract_lane(sums, 0), f64x2.extract_lane(sums, 1)));
      f.loop(n, () => {
        f.set(total, f64.add(total, f64.promote_f32(f32.load(x))));
        f.add(x, 4);
        f.add(n, -1);
      });
      f.emit(f32.store(y, f32.demote_f64(f64.div(total, divisor))));
    },
    { export: true },
  );
}
