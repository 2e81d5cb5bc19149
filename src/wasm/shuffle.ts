/** Shuffles of 32-bit lanes, as kernels of float32 think of them. */
import { type Expression, expectInteger, fail } from './code.ts';
import { i8x16 } from './operations.ts';

/**
 * Four lanes out of eight: 0 … 3 are those of a, 4 … 7 those of b.
 *
 * @example
 * shuffle32(a, b, [0, 4, 1, 5]) // a0 b0 a1 b1
 */
export function shuffle32(
  a: Expression<'v128'>,
  b: Expression<'v128'>,
  lanes: readonly [number, number, number, number],
): Expression<'v128'> {
  if (lanes.length !== 4) fail('shuffle32', `expected 4 lanes, got ${lanes.length}`);
  const bytes = lanes.flatMap((lane) => {
    const first = 4 * expectInteger(lane, 0, 7, 'shuffle32', 'lane');
    return [first, first + 1, first + 2, first + 3];
  });
  return i8x16.shuffle(a, b, bytes);
}
