import { ALGORITHM_NAMES, type AlgorithmName, type ConvolutionAlgorithm } from './algorithm.ts';
import { direct } from './direct.ts';
import { ft8x8, ft16x16, ft32x32, ft64x64, ft128x128, ft256x256 } from './fourier.ts';
import { implicitGemm } from './implicit-gemm.ts';
import { reference } from './reference.ts';
import { wt6x6Strided, wt8x8Strided } from './strided-winograd.ts';
import { wt6x6, wt8x8, wt9x9, wt10x10 } from './winograd.ts';

const BY_NAME: Record<AlgorithmName, ConvolutionAlgorithm> = {
  direct,
  wt8x8,
  wt6x6,
  wt9x9,
  wt10x10,
  'wt8x8-strided': wt8x8Strided,
  'wt6x6-strided': wt6x6Strided,
  ft8x8,
  ft16x16,
  ft32x32,
  ft64x64,
  ft128x128,
  ft256x256,
  'implicit-gemm': implicitGemm,
  reference,
};

/** Every convolution algorithm, in the order of preference among equals. */
export const ALGORITHMS: readonly ConvolutionAlgorithm[] = ALGORITHM_NAMES.map((name) => BY_NAME[name]);

export function algorithmNamed(name: AlgorithmName): ConvolutionAlgorithm {
  return BY_NAME[name];
}
