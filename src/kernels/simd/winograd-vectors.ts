/** The parts of the passes of a Winograd transform: the program over vectors, four items at a time, transposes. */

import type { Matrix } from '../../maths/cook-toom.ts';
import type { Rational } from '../../maths/rational.ts';
import { type Arithmetic, transform } from '../../maths/winograd-program.ts';
import {
  type Access,
  type Expression,
  type FunctionBuilder,
  f32,
  f32x4,
  i32,
  type Local,
  select,
  shuffle32,
  v128,
} from '../../wasm/index.ts';
import { transpose4x4 } from './transpose.ts';

export type I32 = Local<'i32'>;
export type Vector = Expression<'v128'>;

/** y = M x, and how it is emitted. */
export interface Product extends Style {
  readonly matrix: Matrix;
}

export interface Style {
  /** Whether a product is fused with the sum that it goes into, by relaxed SIMD. */
  readonly isFused: boolean;
  /** Groups of four columns or tiles that are done side by side, their stores in pairs: 1, or 2 for a wide table. */
  readonly abreast: number;
}

/**
 * The program over emitted vectors, for each of the groups that are abreast: each operation rounds to float32. It is
 * called before a loop and makes the constants there, which a new compiler would make in every turn; the functions that it
 * returns emit the rest in the loop's body.
 */
export function vectorPrograms(
  f: FunctionBuilder,
  { matrix, isFused, abreast }: Product,
): ((values: readonly Vector[]) => Vector[])[] {
  const constants = new Map<number, Vector>();
  const constant = (c: number): Vector => {
    const known = constants.get(c) ?? f.let(f32x4.splat(f32.const(c)));
    constants.set(c, known);
    return known;
  };
  // A negative factor has the constant of its magnitude.
  const fused = (factor: Rational, a: Vector, total: Vector): Vector => {
    const multiplyAdd = factor.sign() < 0 ? f32x4.relaxed_nmadd : f32x4.relaxed_madd;
    return multiplyAdd(constant(factor.abs().toNumber()), a, total);
  };
  return Array.from({ length: abreast }, () => {
    const x = matrix[0].map(() => f.local('v128'));
    const shared: [Local<'v128'>, Vector][] = [];
    const arithmetic: Arithmetic<Vector> = {
      add: f32x4.add,
      subtract: f32x4.sub,
      multiply: (factor, a) => f32x4.mul(constant(factor.toNumber()), a),
      share(_, value) {
        const local = f.local('v128');
        shared.push([local, value]);
        return local;
      },
      ...(isFused ? { multiplyAdd: fused } : {}),
    };
    const y = transform(arithmetic, matrix, x);
    return (values) => {
      values.forEach((value, k) => {
        f.set(x[k], value);
      });
      for (const [local, value] of shared) f.set(local, value);
      return y;
    };
  });
}

/** The body `times` times, at least once. */
export function countDown(f: FunctionBuilder, times: I32, body: () => void): void {
  f.do(() => {
    body();
    f.add(times, -1);
  }, times);
}

/**
 * The body for items 0, 4, 8, … of `count`, and at the end for the last four, some of which are then done twice:
 * nothing beyond `count` is touched, unless it is below 4. `advance` moves the pointers by so many items.
 */
export function byFours(f: FunctionBuilder, count: I32, body: () => void, advance: (move: I32) => void): void {
  const left = f.let(count);
  const move = f.local('i32');
  f.do(
    () => {
      body();
      f.set(move, i32.sub(left, 4));
      f.set(move, select(move, i32.const(4), i32.lt_s(move, 4)));
      advance(move);
      f.set(left, i32.sub(left, move));
    },
    i32.gt_s(move, 0),
  );
}

/**
 * The body for groups of four items, so many abreast as long as there are as many, and then for those that are left as
 * {@link byFours} does it. Each group's items follow those of the group before.
 */
export function byGroups(
  f: FunctionBuilder,
  count: I32,
  abreast: number,
  body: (groups: number) => void,
  advance: (move: I32) => void,
): void {
  if (abreast === 1) {
    byFours(f, count, () => body(1), advance);
    return;
  }
  const left = f.let(count);
  const move = f.let(i32.const(4 * abreast));
  f.loop(i32.ge_s(left, move), () => {
    body(abreast);
    advance(move);
    f.set(left, i32.sub(left, move));
  });
  f.if(i32.and(i32.lt_s(left, 4), i32.ge_s(count, 4)), () => {
    f.set(move, i32.sub(left, 4));
    f.if(left, () => {
      advance(move);
      f.set(left, 4);
    });
  });
  f.if(left, () => byFours(f, left, () => body(1), advance));
}

/** x and the three places after it, `steps` apart. */
export function fourPlaces(f: FunctionBuilder, x: I32, steps: readonly [I32, I32, I32]): I32[] {
  const places = [f.let(x)];
  for (const step of steps) places.push(f.let(i32.add(places[places.length - 1], step)));
  return places;
}

/** The steps between four items, 0 where the next is beyond `count`, so that the last is met again. */
export function stepsWithin(f: FunctionBuilder, count: I32, step: I32): [I32, I32, I32] {
  const steps = [1, 2, 3].map((k) => f.let(select(step, i32.const(0), i32.gt_u(count, k))));
  return [steps[0], steps[1], steps[2]];
}

/** Vectors of so many groups, as {@link storeEach} writes them. */
export function loadEach(f: FunctionBuilder, x: I32, distance: I32 | number, count: number, groups = 1): Vector[][] {
  const vectors: Vector[][] = Array.from({ length: groups }, () => []);
  atEach(f, x, distance, count, (_, at, { offset = 0 }) => {
    for (const [g, group] of vectors.entries()) group.push(f.let(v128.load(at, { offset: offset + 16 * g })));
  });
  return vectors;
}

/** Vectors of each group at the same distances, those of a group 16 bytes after those of the group before. */
export function storeEach(
  f: FunctionBuilder,
  y: I32,
  distance: I32 | number,
  groups: readonly (readonly Vector[])[],
): void {
  atEach(f, y, distance, groups[0].length, (k, at, { offset = 0 }) => {
    for (const [g, vectors] of groups.entries()) f.emit(v128.store(at, vectors[k], { offset: offset + 16 * g }));
  });
}

/** The addresses from, from + distance, …: immediates if the distance is known. */
function atEach(
  f: FunctionBuilder,
  from: I32,
  distance: I32 | number,
  count: number,
  visit: (k: number, at: I32, access: Access) => void,
): void {
  if (typeof distance === 'number') {
    for (let k = 0; k < count; k++) visit(k, from, { offset: k * distance });
    return;
  }
  const at = f.let(from);
  for (let k = 0; k < count; k++) {
    if (k > 0) f.add(at, distance);
    visit(k, at, {});
  }
}

/** The first `width` elements at each of four places, as vectors of four: a transpose. */
export function loadTiles(f: FunctionBuilder, tiles: readonly I32[], width: number): Vector[] {
  const columns: Vector[] = [];
  const offset = () => ({ offset: 4 * columns.length });
  while (width - columns.length >= 4) {
    const rows = tiles.map((tile) => v128.load(tile, offset()));
    columns.push(...transpose4x4(f, rows));
  }
  if (width - columns.length >= 2) {
    const [ab, cd] = [0, 2].map((i) =>
      f.let(v128.load64_lane(tiles[i + 1], v128.load64_zero(tiles[i], offset()), 1, offset())),
    );
    columns.push(f.let(shuffle32(ab, cd, [0, 2, 4, 6])), f.let(shuffle32(ab, cd, [1, 3, 5, 7])));
  }
  if (width - columns.length === 1) columns.push(loadLanes(f, tiles, offset()));
  return columns;
}

/** The elements at four places. */
export function loadLanes(f: FunctionBuilder, places: readonly I32[], access: Access): Vector {
  let vector: Vector = v128.load32_zero(places[0], access);
  for (const lane of [1, 2, 3]) vector = v128.load32_lane(places[lane], vector, lane, access);
  return f.let(vector);
}

/** Vectors as the elements of four tiles `step` apart: the reverse. */
export function storeTiles(f: FunctionBuilder, y: I32, step: number, columns: readonly Vector[]): void {
  const offset = (tile: number, column: number) => ({ offset: tile * step + 4 * column });
  let j = 0;
  for (; columns.length - j >= 4; j += 4) {
    const rows = transpose4x4(f, columns.slice(j, j + 4));
    rows.forEach((row, tile) => {
      f.emit(v128.store(y, row, offset(tile, j)));
    });
  }
  if (columns.length - j >= 2) {
    const ab = f.let(shuffle32(columns[j], columns[j + 1], [0, 4, 1, 5]));
    const cd = f.let(shuffle32(columns[j], columns[j + 1], [2, 6, 3, 7]));
    for (const tile of [0, 1, 2, 3]) f.emit(v128.store64_lane(y, tile < 2 ? ab : cd, tile % 2, offset(tile, j)));
    j += 2;
  }
  if (columns.length - j === 1) {
    for (const tile of [0, 1, 2, 3]) f.emit(v128.store32_lane(y, columns[j], tile, offset(tile, j)));
  }
}
