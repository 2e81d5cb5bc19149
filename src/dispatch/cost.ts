/**
 * The estimated time of a convolution on one thread: counts of work times what each unit was measured to take.
 *
 *   time = Σ products + Σ tiles · (in, out) + copied · copy + bytes of kernel / bandwidth + what no cache holds
 *
 * The units are a kernel table's: they order algorithms, and are not a promise for any machine. `npm run bench` prints
 * the estimate beside what it measured and checks that the choice is near the best. The number of threads is left out on
 * purpose, so that the choice, and with it every bit of the result, does not depend on it.
 */
import { type AlgorithmName, productNanoseconds, type Workload } from '../algorithms/algorithm.ts';
import type { KernelTable, KernelTableName, TileName } from '../kernels/table.ts';

interface Units {
  /** Nanoseconds to transform a tile on the way in, on the way out, and a kernel. */
  readonly tiles: Readonly<Record<TileName, readonly [input: number, output: number, kernel: number]>>;
  /** So many times as long where channels lie side by side: a strip of tiles shares columns, a tile by itself does not. */
  readonly byChannels: number;
  /** Nanoseconds for an element copied into padded form. */
  readonly copy: number;
  readonly bytesPerNanosecond: number;
  /** Transformed tiles of a block beyond so many bytes are written and read again at this rate. */
  readonly cacheBytes: number;
  readonly spilledBytesPerNanosecond: number;
}

/** Kernels too slow to feel it. */
const NOT_FELT = { byChannels: 1, cacheBytes: Infinity, spilledBytesPerNanosecond: Infinity };

/** Emitted kernels: four tiles, or four channels, at a time. */
const SIMD: Units = {
  tiles: {
    wt8x8: [46, 37, 40],
    wt6x6: [26, 18, 25],
    wt9x9: [72, 56, 50],
    wt10x10: [98, 78, 62],
    ft8x8: [58, 52, 60],
    ft16x16: [380, 370, 200],
    ft32x32: [24_000, 22_000, 20_000],
    ft64x64: [95_000, 75_000, 80_000],
    ft128x128: [420_000, 350_000, 350_000],
    ft256x256: [1_900_000, 1_600_000, 1_600_000],
  },
  byChannels: 1.5,
  copy: 0.2,
  bytesPerNanosecond: 16,
  cacheBytes: 4e6,
  spilledBytesPerNanosecond: 5,
};

const UNITS: Readonly<Record<KernelTableName, Units>> = {
  'simd-relaxed': SIMD,
  simd: SIMD,
  scalar: {
    tiles: {
      wt8x8: [210, 175, 60],
      wt6x6: [130, 105, 40],
      wt9x9: [340, 270, 72],
      wt10x10: [420, 345, 84],
      ft8x8: [230, 230, 150],
      ft16x16: [1250, 1100, 900],
      ft32x32: [24_000, 22_000, 20_000],
      ft64x64: [95_000, 75_000, 80_000],
      ft128x128: [420_000, 350_000, 350_000],
      ft256x256: [1_900_000, 1_600_000, 1_600_000],
    },
    copy: 0.7,
    bytesPerNanosecond: 8,
    ...NOT_FELT,
  },
  reference: {
    tiles: {
      wt8x8: [4_000, 4_000, 4_000],
      wt6x6: [2_000, 2_000, 2_000],
      wt9x9: [5_000, 5_000, 5_000],
      wt10x10: [6_000, 6_000, 6_000],
      ft8x8: [20_000, 20_000, 20_000],
      ft16x16: [200_000, 200_000, 200_000],
      ft32x32: [2e6, 2e6, 2e6],
      ft64x64: [3e7, 3e7, 3e7],
      ft128x128: [5e8, 5e8, 5e8],
      ft256x256: [8e9, 8e9, 8e9],
    },
    copy: 5,
    bytesPerNanosecond: 8,
    ...NOT_FELT,
  },
};

/** Naive loops, for every table. */
const REFERENCE_GFLOPS = 0.6;

export interface Cost {
  /** Milliseconds of one run on one thread. */
  readonly run: number;
  /** Milliseconds to pack the kernel, once for each plan. */
  readonly pack: number;
}

export function estimateCost(kernels: KernelTable, name: AlgorithmName, work: Workload): Cost {
  const units = UNITS[kernels.name];
  if (name === 'reference') return { run: (2 * work.multiplyAdds) / REFERENCE_GFLOPS / 1e6, pack: 0 };
  const [input, output, kernel] = work.tile === null ? [0, 0, 0] : units.tiles[work.tile];
  const { count, m, n, k } = work.products;
  const spilled = work.blockBytes > units.cacheBytes ? work.transformedBytes : 0;
  const nanoseconds =
    count * productNanoseconds(kernels, m, n, k) +
    (work.inputTiles * input + work.outputTiles * output) * (work.isByChannels ? units.byChannels : 1) +
    work.copied * units.copy +
    work.kernelBytesRead / units.bytesPerNanosecond +
    spilled / units.spilledBytesPerNanosecond;
  const packing = work.kernelTiles * kernel + work.packedBytes / units.bytesPerNanosecond;
  return { run: nanoseconds / 1e6, pack: packing / 1e6 };
}
