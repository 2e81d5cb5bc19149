/** Generated convolution problems, biased to the edges where tiles, blocks and paddings go wrong. */
import fc from 'fast-check';
import type { AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { type ConvolutionShape, convolutionShape } from '../../src/tensor/convolution-shape.ts';

export interface Problem {
  readonly inputShape: readonly number[];
  readonly kernelShape: readonly number[];
  readonly hasBias: boolean;
  readonly padding: { top: number; right: number; bottom: number; left: number };
  readonly stride: { height: number; width: number };
  readonly dilation: { height: number; width: number };
  readonly groups: number;
  readonly activation: 'identity' | 'relu' | 'leaky' | 'clamp';
  readonly seed: number;
}

/** Tile edges of all algorithms but the largest, and remainders of SIMD widths and gemm blocks. */
const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17];

const extent = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...EDGES) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 33 }) },
);
const channels = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5, max: 19 }) },
);
const small = (most: number) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 0, max: most }) });
const mostlyOne = (most: number) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: most }) });

/** The kernels that an algorithm is made for, so that few draws are ineligible. */
function kernelExtent(algorithm: AlgorithmName): fc.Arbitrary<number> {
  switch (algorithm) {
    case 'direct':
      return fc.constant(1);
    case 'wt6x6':
      return fc.integer({ min: 1, max: 5 });
    case 'wt8x8':
      return fc.integer({ min: 1, max: 7 });
    case 'ft8x8':
      return fc.integer({ min: 1, max: 8 });
    case 'ft16x16':
      return fc.integer({ min: 1, max: 16 });
    case 'ft32x32':
    case 'ft64x64':
    case 'ft128x128':
    case 'ft256x256':
      // Kernels beyond 16 × 16 are what these are for; larger ones than 32 would only make the naive sums slow.
      return fc.oneof(fc.integer({ min: 17, max: 32 }), fc.integer({ min: 1, max: 32 }));
    default:
      return fc.integer({ min: 1, max: 9 });
  }
}

/** Problems that the algorithm mostly serves; some it must refuse. */
export function problemFor(algorithm: AlgorithmName): fc.Arbitrary<Problem> {
  const isGeneral = algorithm === 'implicit-gemm' || algorithm === 'reference';
  const most = isGeneral ? 3 : 1;
  const paddingMost = algorithm === 'direct' ? 0 : 5;
  const side = small(paddingMost);
  // A tile of 256 × 256 has 98,300 positions, each a product of its own: few channels say as much as many.
  const isLarge = /^ft\d\d+x/.test(algorithm) && algorithm !== 'ft16x16';
  const groupChannels = isLarge ? fc.integer({ min: 1, max: 3 }) : channels;
  return fc
    .record({
      batch: mostlyOne(3),
      height: extent,
      width: extent,
      groupInputs: groupChannels,
      groupOutputs: groupChannels,
      groups: mostlyOne(isLarge ? 2 : 3),
      r: kernelExtent(algorithm),
      s: kernelExtent(algorithm),
      hasBias: fc.boolean(),
      padding: fc.record({ top: side, right: side, bottom: side, left: side }),
      stride: fc.record({ height: mostlyOne(most), width: mostlyOne(most) }),
      dilation: fc.record({ height: mostlyOne(most), width: mostlyOne(most) }),
      activation: fc.constantFrom('identity', 'identity', 'relu', 'leaky', 'clamp'),
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    })
    .map(({ batch, height, width, groupInputs, groupOutputs, groups, r, s, ...rest }): Problem => {
      // Where the kernel would not fit, the image is what grows: every draw is a convolution.
      const h = Math.max(height, (r - 1) * rest.dilation.height + 1 - rest.padding.top - rest.padding.bottom);
      const w = Math.max(width, (s - 1) * rest.dilation.width + 1 - rest.padding.left - rest.padding.right);
      return {
        ...rest,
        groups,
        inputShape: [batch, groups * groupInputs, h, w],
        kernelShape: [groups * groupOutputs, groupInputs, r, s],
        activation: rest.activation as Problem['activation'],
      };
    });
}

export function shapeOf(problem: Problem): ConvolutionShape {
  return convolutionShape('test', problem.inputShape, problem.kernelShape, problem);
}

/** The layer's option and the numbers of each activation that problems draw. */
export const ACTIVATIONS = {
  identity: { option: 'identity', numbers: [1, -Infinity, Infinity] },
  relu: { option: 'relu', numbers: [1, 0, Infinity] },
  leaky: { option: { type: 'leaky', slope: 0.25 }, numbers: [0.25, -Infinity, Infinity] },
  clamp: { option: { type: 'clamp', min: -0.5, max: 0.75 }, numbers: [1, -0.5, 0.75] },
} as const;

/** mulberry32: uniform in [−1, 1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

export function random(size: number, next: () => number): Float32Array {
  return Float32Array.from({ length: size }, next);
}

/** Runs of each property: many more with `npm run test:slow`. */
export function runs(usual: number): number {
  return process.env.NNPACK_TEST_RUNS === 'slow' ? usual * 20 : usual;
}
