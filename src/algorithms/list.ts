import type { AlgorithmName, ConvolutionAlgorithm } from './algorithm.ts';
import { depthwise } from './depthwise.ts';
import { direct } from './direct.ts';
import { FOURIER } from './fourier.ts';
import { implicitGemm } from './implicit-gemm.ts';
import { reference } from './reference.ts';
import { STRIDED_WINOGRAD } from './strided-winograd.ts';
import { WINOGRAD } from './winograd.ts';

/** Every convolution algorithm, in the order of preference among equals: that of their names. */
export const ALGORITHMS: readonly ConvolutionAlgorithm[] = [
  direct,
  depthwise,
  ...WINOGRAD,
  ...STRIDED_WINOGRAD,
  ...FOURIER,
  implicitGemm,
  reference,
];

const BY_NAME: ReadonlyMap<AlgorithmName, ConvolutionAlgorithm> = new Map(ALGORITHMS.map((one) => [one.name, one]));

export function algorithmNamed(name: AlgorithmName): ConvolutionAlgorithm {
  return BY_NAME.get(name)!;
}
