/**
 * What depthwise kernels share: the walk over blocks of outputs whose sums stay in registers, and loads of every stride-th
 * element.
 *
 *   for every 4 rows of outputs, for every 8 columns        the last of both overlap those before
 *     sums ← b
 *     sums += taps                                          by the kernel
 *     y ← min(max(sums, low), high)
 */
import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  i32,
  type Local,
  shuffle32,
  type ValueType,
  v128,
} from '../../wasm/index.ts';
import { storeLanes } from './gemm-micro.ts';

type I32 = Local<'i32'>;

/** Rows and vectors of a block: eight sums, as many as multiply-adds are under way at a time. */
export const ROWS = 4;
const VECTORS = 2;

/** Parameters of every kernel; pitches are in bytes, and rows at least those of a block. */
export const OUTPUTS = {
  rows: 'i32',
  columns: 'i32',
  x: 'i32',
  xPitch: 'i32',
  w: 'i32',
  y: 'i32',
  yPitch: 'i32',
  bias: 'f32',
  low: 'f32',
  high: 'f32',
  zero: 'f32',
} as const satisfies Record<string, ValueType>;

type Outputs = { readonly [Name in keyof typeof OUTPUTS]: Local<(typeof OUTPUTS)[Name]> };

/** A row of vectors for each row of outputs. */
export type Sums = readonly (readonly Local<'v128'>[])[];

/** Adds all taps, given the address of the x of a block's first output. */
export type AddTaps = (from: I32, sums: Sums) => void;

/**
 * All blocks of outputs, of `blockRows` × 8 columns, or × 4 where there are less than 8. Of less than 4 columns that many lanes
 * are stored, and the others may have been read beyond x.
 *
 * @param below bytes between the x of two rows of outputs
 * @param beside bytes between the x of two columns
 */
export function emitBlocks(
  f: FunctionBuilder,
  p: Outputs,
  blockRows: number,
  below: I32,
  beside: number | I32,
  addTaps: AddTaps,
): void {
  const lastRow = f.let(i32.sub(p.rows, blockRows));
  const walk = (vectors: number): void => {
    const lanes = f.let(i32.const(4 * vectors));
    if (vectors === 1) f.if(i32.lt_u(p.columns, 4), () => f.set(lanes, p.columns));
    const lastColumn = f.let(i32.sub(p.columns, lanes));
    const row = f.let(i32.const(0));
    f.do(
      () => {
        const x = f.let(i32.add(p.x, i32.mul(row, below)));
        const y = f.let(i32.add(p.y, i32.mul(row, p.yPitch)));
        const column = f.let(i32.const(0));
        f.do(
          () => {
            const from = f.let(i32.add(x, i32.mul(column, beside)));
            const sums = Array.from({ length: blockRows }, () =>
              Array.from({ length: vectors }, () => f.let(f32x4.splat(p.bias))),
            );
            addTaps(from, sums);
            store(f, p, sums, f.let(i32.add(y, i32.shl(column, 2))), lanes);
            advance(f, column, 4 * vectors, lastColumn, p.columns);
          },
          i32.ne(column, p.columns),
        );
        advance(f, row, blockRows, lastRow, p.rows);
      },
      i32.ne(row, p.rows),
    );
  };
  f.if(
    i32.lt_u(p.columns, 4 * VECTORS),
    () => walk(1),
    () => walk(VECTORS),
  );
}

/** From one block to the next, which is `last` where a whole step goes beyond it; from the last to the end. */
function advance(f: FunctionBuilder, at: I32, step: number, last: I32, end: I32): void {
  f.if(
    i32.eq(at, last),
    () => f.set(at, end),
    () => {
      f.add(at, step);
      f.if(i32.gt_u(at, last), () => f.set(at, last));
    },
  );
}

/** y ← the sums, clamped as in pointwise.ts, with all stores in a row: engines pack those of neighbours. */
function store(f: FunctionBuilder, { low, high, zero, yPitch }: Outputs, sums: Sums, to: I32, lanes: I32): void {
  const [lows, highs, zeros] = [low, high, zero].map((bound) => f.let(f32x4.splat(bound)));
  sums.forEach((row, i) => {
    if (i > 0) f.add(to, yPitch);
    row.forEach((sum, j) => {
      const clamped = f32x4.add(f32x4.pmin(f32x4.pmax(sum, lows), highs), zeros);
      if (row.length > 1) f.emit(v128.store(to, clamped, { offset: 16 * j }));
      else storeLanes(f, to, f.let(clamped), lanes, 0);
    });
  });
}

/**
 * Four elements one or two places apart from a byte offset on, and at stride 2 those between them too, where the next tap wants
 * them. Nothing beyond the last element of what is asked for is read.
 */
export function loadFours(
  f: FunctionBuilder,
  at: I32,
  offset: number,
  stride: 1 | 2,
  wantsNext: boolean,
): readonly Local<'v128'>[] {
  const first = f.let(v128.load(at, { offset }));
  if (stride === 1) return [first];
  if (!wantsNext) return [f.let(shuffle32(first, v128.load(at, { offset: offset + 12 }), [0, 2, 5, 7]))];
  const second = f.let(v128.load(at, { offset: offset + 16 }));
  return [f.let(shuffle32(first, second, [0, 2, 4, 6])), f.let(shuffle32(first, second, [1, 3, 5, 7]))];
}

/** Four elements any number of bytes apart. */
export function gatherFour(f: FunctionBuilder, at: I32, step: I32): Expression<'v128'> {
  const second = f.let(i32.add(at, step));
  const third = f.let(i32.add(second, step));
  const two = v128.load32_lane(second, v128.load32_zero(at), 1);
  return v128.load32_lane(i32.add(third, step), v128.load32_lane(third, two, 2), 3);
}
