import type { Memory } from '../../tensor/memory.ts';
import type { WeightKernels } from '../table.ts';

/**
 * Magnitudes are compared by their bits, which have the order of the numbers: whole numbers compare in less than half
 * of the time.
 */
export function scalarWeights(memory: Memory): WeightKernels {
  return {
    flush: (n, x, y) => flush(memory.i32, n, x, y),
    least: (n, x) => numberOf(leastBits(memory.i32, n, x)),
    greatest: (n, x) => numberOf(greatestBits(memory.i32, n, x)),
    greatestOf: (data) =>
      numberOf(greatestBits(new Int32Array(data.buffer, data.byteOffset, data.length), data.length, 0)),
  };
}

const MAGNITUDE = 0x7fffffff;
const INFINITE = 0x7f800000;
/** The bits of the least number that is not subnormal. */
const NORMAL = 0x00800000;

const bits = new Int32Array(1);
const numbers = new Float32Array(bits.buffer);

function numberOf(value: number): number {
  bits[0] = value;
  return numbers[0];
}

function flush(i32: Int32Array, n: number, x: number, y: number): void {
  for (let i = 0; i < n; i++) {
    const value = i32[(x + i) | 0];
    const magnitude = value & MAGNITUDE;
    i32[(y + i) | 0] = magnitude < NORMAL && magnitude > 0 ? 0 : value;
  }
}

function leastBits(i32: Int32Array, n: number, x: number): number {
  let least = INFINITE;
  for (let i = 0; i < n; i++) {
    const magnitude = i32[(x + i) | 0] & MAGNITUDE;
    if (magnitude < least && magnitude > 0) least = magnitude;
  }
  return least;
}

function greatestBits(i32: Int32Array, n: number, x: number): number {
  let greatest = 0;
  for (let i = 0; i < n; i++) {
    const magnitude = i32[(x + i) | 0] & MAGNITUDE;
    // A NaN has the bits of more than ∞.
    if (magnitude > greatest && magnitude <= INFINITE) greatest = magnitude;
  }
  return greatest;
}
