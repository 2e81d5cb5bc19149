/**
 * The estimated time of a convolution on one thread: counts of work times the measured time of each unit.
 *
 *   time = Σ products + Σ tiles · (in, out) + copied · copy + bytes of kernel / bandwidth + what no cache holds
 *
 * The units are a kernel table's: they order algorithms, and are not a promise for any machine. `npm run bench` prints
 * the estimate beside the measured time and checks that the choice is near the best. The number of threads is left out
 * on purpose, so that the choice, and with it every bit of the result, does not depend on it.
 */
import { type AlgorithmName, productNanoseconds, type Workload } from '../algorithms/algorithm.ts';
import { REFERENCE_GFLOPS } from '../algorithms/reference.ts';
import type { KernelNumbers } from '../kernels/table.ts';

export interface Cost {
  /** Milliseconds of one run on one thread. */
  readonly run: number;
  /** Milliseconds to pack the kernel, once for each plan. */
  readonly pack: number;
}

export function estimateCost(kernels: KernelNumbers, name: AlgorithmName, work: Workload): Cost {
  const { units } = kernels;
  if (name === 'reference') return { run: (2 * work.multiplyAdds) / REFERENCE_GFLOPS / 1e6, pack: 0 };
  const [input, output, kernel] = work.tile === null ? [0, 0, 0] : kernels.tileUnits(work.tile);
  const { count, m, n, k } = work.products;
  const spilled = work.blockBytes > units.cacheBytes ? work.transformedBytes : 0;
  const { depthwiseUnits } = kernels;
  const product =
    name === 'depthwise'
      ? depthwiseUnits.call + m * n * k * depthwiseUnits.multiplyAdd
      : productNanoseconds(kernels, m, n, k);
  const nanoseconds =
    count * product +
    (work.inputTiles * input + work.outputTiles * output) * (work.isByChannels ? units.byChannels : 1) +
    work.copied * units.copy +
    work.kernelBytesRead / units.bytesPerNanosecond +
    spilled / units.spilledBytesPerNanosecond;
  const packing = work.kernelTiles * kernel + work.packedBytes / units.bytesPerNanosecond;
  return { run: nanoseconds / 1e6, pack: packing / 1e6 };
}
