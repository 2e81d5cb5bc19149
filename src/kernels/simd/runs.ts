/**
 * Passes over contiguous runs of float32, y[0 … n) = value, four elements at a time and without a tail:
 *
 *   last ← the value of elements n − 4 … n − 1     first of all, because y may be an input
 *   for all fours before them                      y ← value
 *   y[n − 4 …] ← last                              overlaps the four before it
 *
 * Runs of fewer than four elements store that many lanes of one vector, whose other lanes were read beyond the run.
 */
import { type Expression, type FunctionBuilder, i32, i32x4, type Local, v128 } from '../../wasm/index.ts';
import { storeLanes } from './gemm-micro.ts';

type I32 = Local<'i32'>;

/** A byte j of runs, and the address that it has in one of them: the same for all vectors that follow from there. */
export interface RunPlace {
  readonly j: Expression<'i32'>;
  readonly of: (run: I32) => Expression<'i32'>;
}

/**
 * The four elements at byte j + 16k of the run. `k` is a number, so that it can be the offset of a load: it goes up to the
 * number of vectors between two steps of the loop.
 */
export type RunValue = (place: RunPlace, k: number) => Expression<'v128'>;

function placeAt(f: FunctionBuilder, j: Expression<'i32'>): RunPlace {
  const addresses = new Map<I32, I32>();
  const of = (run: I32): I32 => {
    const address = addresses.get(run) ?? f.let(i32.add(run, j));
    addresses.set(run, address);
    return address;
  };
  return { j, of };
}

/** Vectors between two steps of a loop, whose counting costs as much as one vector. */
const UNROLLED = 4;

/** y[0 … n) = value; y may be what `value` reads, or be apart from it. */
export function emitRun(f: FunctionBuilder, n: I32, y: I32, value: RunValue): void {
  f.if(
    i32.lt_u(n, 4),
    () => f.if(n, () => storeLanes(f, y, f.let(value(placeAt(f, i32.const(0)), 0)), n, 0)),
    () => {
      const end = f.let(i32.shl(i32.sub(n, 4), 2));
      const last = f.let(value(placeAt(f, end), 0));
      const j = f.let(i32.const(0));
      const vectors = f.let(i32.shr_u(i32.sub(n, 1), 2));
      const step = (count: number): void => {
        // One address for all, and nothing is read between the stores: so an engine packs pairs of them.
        const place = placeAt(f, j);
        const values = Array.from({ length: count }, (_, k) => f.let(value(place, k)));
        const to = place.of(y);
        for (const [k, vector] of values.entries()) f.emit(v128.store(to, vector, { offset: 16 * k }));
        f.add(j, 16 * count);
        f.set(vectors, i32.sub(vectors, count));
      };
      f.loop(i32.ge_u(vectors, UNROLLED), () => step(UNROLLED));
      f.loop(vectors, () => step(1));
      f.emit(v128.store(i32.add(y, end), last));
    },
  );
}

/** The four elements of a run 16k bytes from a place. */
export function four(run: I32, place: RunPlace, k: number): Expression<'v128'> {
  return v128.load(place.of(run), { offset: 16 * k });
}

/** −1 in the lanes first, first + 1, … before `end`, 0 in the others. */
export function lanesBefore(end: I32, first: number): Expression<'v128'> {
  return i32x4.lt_s(v128.const('i32x4', first, first + 1, first + 2, first + 3), i32x4.splat(end));
}

/**
 * `body` for every four elements of a run that is not written where it is read; the last four overlap those before
 * them. j is the byte at which they begin, and `lanes` is how many there are: 4, or n if that is less.
 */
export function emitFours(f: FunctionBuilder, n: I32, body: (j: I32, lanes: I32) => void): void {
  f.if(n, () => {
    const lanes = f.let(i32.const(4));
    f.if(i32.lt_u(n, 4), () => f.set(lanes, n));
    const end = f.let(i32.shl(i32.sub(n, lanes), 2));
    const j = f.let(i32.const(0));
    const isLast = f.local('i32');
    f.do(() => {
      body(j, lanes);
      f.set(isLast, i32.eq(j, end));
      f.add(j, 16);
      f.if(i32.gt_u(j, end), () => f.set(j, end));
    }, i32.eqz(isLast));
  });
}
