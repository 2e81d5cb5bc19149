/**
 * Maxima of the windows of one plane in emitted WebAssembly: columns first, then rows, which is pool + pool comparisons a
 * window for pool · pool, and needs no window clipped at the left or right.
 *
 *   for every row of outputs, over the rows of the plane that its windows cover
 *     m[c] = max_r x[r][c]                   into a row in scratch, between margins of −∞ for the padding
 *     y[j] = max_s m[j · stride + s]         four windows at a time
 *
 * The maximum is `pmax`, one instruction, where `max` is nine: pmax(a, b) = a < b ? b : a, which passes over a NaN in b. So
 * the first pass also adds up all that it reads, and the kernel returns whether a sum was NaN: because of a NaN, or of +∞
 * and −∞, which does no harm. The plane is then done again by a kernel that tests every element.
 *
 * If the greatest are zeros of both signs, the result is one of them.
 */
import {
  call,
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  f32x4,
  i32,
  type Local,
  type Module,
  select,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import { storeLanes } from './gemm-micro.ts';
import { emitFours, emitRun, four } from './runs.ts';

type I32 = Local<'i32'>;
type V128 = Expression<'v128'>;

/**
 * Parameters of every pooling. `reach` is the number of elements of the row in scratch; height, width and pools are at least
 * 1, width at least 4.
 */
export const POOL = {
  height: 'i32',
  width: 'i32',
  x: 'i32',
  outputHeight: 'i32',
  outputWidth: 'i32',
  y: 'i32',
  poolHeight: 'i32',
  poolWidth: 'i32',
  strideHeight: 'i32',
  strideWidth: 'i32',
  paddingTop: 'i32',
  paddingLeft: 'i32',
  scratch: 'i32',
  reach: 'i32',
} as const;

/** `max_pool__simd`, which returns whether the plane may hold a NaN. */
export function emitMaxPooling(module: Module) {
  const fill = minusInfinities(module);
  const columns = columnMaxima(module);
  const [by1, by2, bySteps] = [1, 2, 0].map((stride) => rowMaxima(module, stride));
  const maxPool = module.function(
    'max_pool__simd',
    POOL,
    ['i32'],
    (f, p) => {
      const sum = f.local('v128');
      const row = f.let(i32.add(p.scratch, i32.shl(p.paddingLeft, 2)));
      f.call(fill, p.reach, p.scratch);
      const pitch = f.let(i32.shl(p.width, 2));
      const start = f.let(i32.sub(0, p.paddingTop));
      f.loop(p.outputHeight, () => {
        const { first, rows } = rowsInside(f, start, p.poolHeight, p.height);
        f.if(
          i32.gt_s(rows, 0),
          () => {
            const from = f.let(i32.add(p.x, i32.mul(first, pitch)));
            f.set(sum, f32x4.add(sum, columns(f, p.width, from, pitch, rows, row)));
            const { outputWidth, scratch, y, strideWidth, poolWidth } = p;
            const pass = (callee: FunctionReference<never>) =>
              f.call(callee, outputWidth, scratch, y, strideWidth, poolWidth);
            f.if(i32.eq(strideWidth, 1), () => pass(by1));
            f.if(i32.eq(strideWidth, 2), () => pass(by2));
            f.if(i32.gt_u(strideWidth, 2), () => pass(bySteps));
          },
          () => f.call(fill, p.outputWidth, p.y),
        );
        f.add(start, p.strideHeight);
        f.add(p.y, i32.shl(p.outputWidth, 2));
        f.add(p.outputHeight, -1);
      });
      f.return(v128.any_true(f32x4.ne(sum, sum)));
    },
    { export: true },
  );
  return [maxPool];
}

/** The first row of a plane that the windows from row `start` on cover, and how many there are: 0 or less for none. */
export function rowsInside(f: FunctionBuilder, start: I32, poolHeight: I32, height: I32): { first: I32; rows: I32 } {
  const end = f.let(i32.add(start, poolHeight));
  f.if(i32.gt_s(end, height), () => f.set(end, height));
  const first = f.let(select(i32.const(0), start, i32.lt_s(start, 0)));
  return { first, rows: f.let(i32.sub(end, first)) };
}

function minusInfinities(module: Module): FunctionReference<never> {
  return module.function('max_pool_padding__simd', { n: 'i32', y: 'i32' }, [], (f, { n, y }) => {
    const values = f.let(v128.const('f32x4', -Infinity, -Infinity, -Infinity, -Infinity));
    emitRun(f, n, y, () => values);
  });
}

/** Emits m[c] = max_r x[r][c] over rows of n columns, `pitch` apart from `from` on, into `row`; gives their sums. */
type ColumnMaxima = (f: FunctionBuilder, n: I32, from: I32, pitch: I32, rows: I32, row: I32) => V128;

function columnMaxima(module: Module): ColumnMaxima {
  const [of2, of3] = [2, 3].map((rows) => maximaOfRows(module, rows));
  return (f, n, from, pitch, rows, row) => {
    const sum = f.local('v128');
    const second = f.let(select(i32.add(from, pitch), from, i32.gt_s(rows, 1)));
    f.if(
      i32.lt_s(rows, 3),
      () => f.set(sum, call(of2, n, from, second, second, row)),
      () => {
        f.set(sum, call(of3, n, from, second, i32.add(second, pitch), row));
        const left = f.let(i32.sub(rows, 3));
        const next = f.let(i32.add(from, i32.mul(pitch, 3)));
        f.loop(i32.gt_s(left, 0), () => {
          const after = f.let(select(i32.add(next, pitch), next, i32.gt_s(left, 1)));
          f.set(sum, f32x4.add(sum, call(of3, n, row, next, after, row)));
          f.add(next, i32.shl(pitch, 1));
          f.add(left, -2);
        });
      },
    );
    return sum;
  };
}

/** y = max(a, b) or max(a, b, c), and the sum of them all in four lanes. */
function maximaOfRows(module: Module, rows: number): FunctionReference<'v128'> {
  const parameters = { n: 'i32', a: 'i32', b: 'i32', c: 'i32', y: 'i32' } as const;
  return module.function(`max_of_${rows}_rows__simd`, parameters, ['v128'], (f, { n, a, b, c, y }) => {
    // Four sums, so that none waits for the one before.
    const sums = [0, 1, 2, 3].map(() => f.local('v128'));
    emitRun(f, n, y, (place, k) => {
      const values: V128[] = [a, b, c].slice(0, rows).map((row) => f.let(four(row, place, k)));
      f.set(
        sums[k],
        f32x4.add(
          sums[k],
          values.reduce((total, value) => f32x4.add(total, value)),
        ),
      );
      return values.reduce((maximum, value) => f32x4.pmax(maximum, value));
    });
    f.return(f32x4.add(f32x4.add(sums[0], sums[1]), f32x4.add(sums[2], sums[3])));
  });
}

/** y[j] = max_s x[j · stride + s]; stride 0 means the parameter's. */
function rowMaxima(module: Module, stride: number): FunctionReference<never> {
  const parameters = { n: 'i32', x: 'i32', y: 'i32', stride: 'i32', pool: 'i32' } as const;
  return module.function(`max_of_columns_by_${stride || 'steps'}__simd`, parameters, [], (f, p) => {
    const step = stride || p.stride;
    const lanesApart = f.let(i32.shl(step, 2));
    emitFours(f, p.n, (j, lanes) => {
      const from = f.let(i32.add(p.x, i32.mul(j, step)));
      const load = () => strided(from, stride, lanesApart);
      const maxima = f.let(load());
      const left = f.let(i32.sub(p.pool, 1));
      f.loop(left, () => {
        f.add(from, 4);
        f.set(maxima, f32x4.pmax(maxima, load()));
        f.add(left, -1);
      });
      storeLanes(f, f.let(i32.add(p.y, j)), maxima, lanes, 0);
    });
  });
}

/** Four elements that are 1, 2 or (stride 0) any number of places apart. */
function strided(from: I32, stride: number, lanesApart: I32): V128 {
  if (stride === 1) return v128.load(from);
  if (stride === 2) return shuffle32(v128.load(from), v128.load(from, { offset: 16 }), [0, 2, 4, 6]);
  const two = v128.load32_lane(i32.add(from, lanesApart), v128.load32_zero(from), 1);
  const three = v128.load32_lane(i32.add(from, i32.shl(lanesApart, 1)), two, 2);
  return v128.load32_lane(i32.add(from, i32.mul(lanesApart, 3)), three, 3);
}
