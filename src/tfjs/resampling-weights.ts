/**
 * The weights of samples as TensorFlow takes them: sample i of n over m elements lies at (i + ½) · m / n, an element's centre
 * at its number + ½, and a kernel weighs the distance. Antialiasing stretches kernels by m / n along axes that shrink.
 * Elements outside have no weight, and the others are brought to a sum of 1.
 */
import { rowsOf } from './matrices.ts';

/** A kernel, and how far it reaches. */
interface Kernel {
  readonly radius: number;
  readonly weight: (distance: number) => number;
}

function lanczos(radius: number): Kernel {
  const weight = (x: number) => {
    if (Math.abs(x) >= radius) return 0;
    if (Math.abs(x) <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * x) ** 2;
  };
  return { radius, weight };
}

/** (b, c) of Mitchell's and Netravali's cubics. */
function cubic(b: number, c: number): Kernel {
  const weight = (distance: number) => {
    const x = Math.abs(distance);
    if (x >= 2) return 0;
    if (x < 1) return ((12 - 9 * b - 6 * c) * x ** 3 + (-18 + 12 * b + 6 * c) * x ** 2 + (6 - 2 * b)) / 6;
    return ((-b - 6 * c) * x ** 3 + (6 * b + 30 * c) * x ** 2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)) / 6;
  };
  return { radius: 2, weight };
}

export const KERNELS = {
  bilinear: { radius: 1, weight: (x: number) => Math.max(1 - Math.abs(x), 0) },
  bicubic: cubic(0, 0.5),
  mitchellcubic: cubic(1 / 3, 1 / 3),
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, weight: (x: number) => (Math.abs(x) >= 1.5 ? 0 : Math.exp(-(x ** 2) / (2 * 0.5 ** 2))) },
} as const satisfies Readonly<Record<string, Kernel>>;

/** For each of `length` samples, the weights of `size` elements. */
export function kernelWeights(
  size: number,
  length: number,
  { radius, weight }: Kernel,
  antialias: boolean,
): Float64Array {
  const scale = size / length;
  const stretch = antialias ? Math.max(scale, 1) : 1;
  return rowsOf(length, size, (row, i) => {
    const at = (i + 0.5) * scale;
    const start = Math.max(Math.ceil(at - radius * stretch - 0.5), 0);
    const end = Math.min(Math.floor(at + radius * stretch - 0.5), size - 1);
    for (let j = start; j <= end; j++) row[j] = weight((j + 0.5 - at) / stretch);
    const total = row.reduce((sum, value) => sum + value, 0);
    for (let j = start; j <= end; j++) row[j] /= total;
  });
}

/** The mean of the elements that sample i covers, those at its ends as far as it covers them. */
export function areaWeights(size: number, length: number): Float64Array {
  const scale = size / length;
  return rowsOf(length, size, (row, i) => {
    for (let j = Math.floor(i * scale); j < Math.min(Math.ceil((i + 1) * scale), size); j++) {
      const covered = Math.min((i + 1) * scale, j + 1) - Math.max(i * scale, j);
      row[j] = Math.max(covered, 0) / scale;
    }
  });
}
