/** The transpose of four rows of four columns brings the same element of four tiles into one vector, and back. */
import { type Expression, type FunctionBuilder, type Local, shuffle32 } from '../../wasm/index.ts';

type Four<T> = readonly [T, T, T, T];

/** The columns of four rows. */
export function transpose4x4(f: FunctionBuilder, rows: readonly Expression<'v128'>[]): Local<'v128'>[] {
  const [a, b, c, d] = rows.map((row) => f.let(row));
  const pair = (x: Expression<'v128'>, y: Expression<'v128'>, lanes: Four<number>) => f.let(shuffle32(x, y, lanes));
  // a0 b0 a1 b1, a2 b2 a3 b3 and the same of c and d
  const [ab01, ab23] = [pair(a, b, [0, 4, 1, 5]), pair(a, b, [2, 6, 3, 7])];
  const [cd01, cd23] = [pair(c, d, [0, 4, 1, 5]), pair(c, d, [2, 6, 3, 7])];
  return [
    pair(ab01, cd01, [0, 1, 4, 5]),
    pair(ab01, cd01, [2, 3, 6, 7]),
    pair(ab23, cd23, [0, 1, 4, 5]),
    pair(ab23, cd23, [2, 3, 6, 7]),
  ];
}
