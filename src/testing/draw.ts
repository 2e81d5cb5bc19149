/**
 * Drawn convolution problems. Uniform draws would miss what goes wrong in practice, so sizes around the edges of tiles,
 * blocks and paddings come more often, and so do the small numbers (one group, no padding) that most layers have.
 * Every size is an index into a sorted list: a case that fails shrinks to the smallest sizes that still fail.
 */
import * as fc from 'fast-check';
import { ALGORITHM_NAMES, type AlgorithmName } from '../algorithms/algorithm.ts';
import { expectOneOf, type FieldsOf, readOptions } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import type { ActivationOption } from '../layers/activation.ts';
import { kernelRange, STRIDED_TILES, TILES, type Tile } from '../maths/tiles.ts';
import { copyList } from '../tensor/tensor.ts';
import type { Problem } from './problems.ts';

/** How far problems range: each number is the greatest that is drawn. */
export interface ProblemLimits {
  /** Images. */
  readonly batch?: number;
  /** Groups of channels. */
  readonly groups?: number;
  /** Input channels, and output channels, of one group. */
  readonly channels?: number;
  /** Height and width of the image; more where the kernel would not fit. */
  readonly imageSize?: number;
  /** The least and the greatest height and width of the kernel. */
  readonly kernelSize?: readonly [least: number, greatest: number];
  /** Of each side. */
  readonly padding?: number;
  /** A number is the greatest, and most strides are 1; of a range all are drawn, and 2 most often. */
  readonly stride?: number | readonly [least: number, greatest: number];
  /** Distance of neighbouring taps. */
  readonly dilation?: number;
}

export interface ProblemOptions extends ProblemLimits {
  /** Problems that this algorithm is made for; limits that are given as well go before its own. */
  readonly algorithm?: AlgorithmName;
}

const WHO = 'convolutionProblem';

const FIELDS: FieldsOf<ProblemOptions> = {
  algorithm: true,
  batch: true,
  groups: true,
  channels: true,
  imageSize: true,
  kernelSize: true,
  padding: true,
  stride: true,
  dilation: true,
};

/** What the general algorithms serve. */
const ANY: Required<ProblemLimits> = {
  batch: 3,
  groups: 3,
  channels: 19,
  imageSize: 33,
  kernelSize: [1, 9],
  padding: 5,
  stride: 3,
  dilation: 3,
};
const UNSTRIDED: ProblemLimits = { stride: 1, dilation: 3 };
/**
 * A tile of 256 × 256 has 98,300 positions, each a product of its own: few channels say as much as many. Kernels beyond
 * 16 × 16 are what these tiles are for; larger ones than 32 would only make the naive sums slow.
 */
const LARGE: ProblemLimits = { stride: 1, dilation: 2, groups: 2, channels: 3, kernelSize: [1, 32] };
const LARGEST: ProblemLimits = { ...LARGE, batch: 2, channels: 2 };

function tileLimits(tile: Tile): ProblemLimits {
  if (tile.edge > 64) return LARGEST;
  return tile.edge > 16 ? LARGE : { ...UNSTRIDED, kernelSize: kernelRange(tile) };
}

/** {@link ProblemLimits}, and the input channels of a group where they differ from its output channels. */
interface OwnLimits extends ProblemLimits {
  readonly groupInputs?: number;
}

/** What each algorithm is made for, so that few draws are refused; any problem where it says nothing. */
const LIMITS: ReadonlyMap<AlgorithmName, OwnLimits> = new Map<AlgorithmName, OwnLimits>([
  ['direct', { stride: 1, dilation: 1, kernelSize: [1, 1], padding: 0 }],
  ['depthwise', { groups: 19, groupInputs: 1, channels: 5, stride: [1, 3] }],
  ...TILES.map((tile) => [tile.name, tileLimits(tile)] as const),
  ...STRIDED_TILES.map((tile) => {
    const limits = { stride: [1, 3], kernelSize: kernelRange(tile) } as const;
    return [`${tile.name}-strided`, limits] as const;
  }),
]);

/** Tile edges of all algorithms but the largest, and remainders of SIMD widths and gemm blocks. */
const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17];
const FEW_CHANNELS = [1, 2, 3, 4];
const LARGE_KERNELS = Array.from({ length: 16 }, (_, i) => 17 + i);

const ACTIVATIONS: readonly ActivationOption[] = [
  'identity',
  'identity',
  'relu',
  { type: 'leaky', slope: 0.25 },
  { type: 'clamp', min: -0.5, max: 0.75 },
];

/**
 * Convolution problems for `fc.property`. Every draw is a convolution; an algorithm may still refuse one (Winograd a
 * kernel of 1×1), so that refusals are seen to be made where they should.
 *
 * @example
 * // what a kernel for images of up to 64 × 64, 3×3 and without groups must serve
 * const problems = convolutionProblem({ imageSize: 64, kernelSize: [3, 3], groups: 1, dilation: 1 });
 * // without what it does not know
 * const plain = problems.map((problem) => ({ ...problem, hasBias: false, activation: 'identity' as const }));
 * fc.assert(fc.property(plain, (problem) => { … }));
 */
export function convolutionProblem(options: ProblemOptions = {}): fc.Arbitrary<Problem> {
  const { algorithm, ...own } = readOptions<ProblemOptions>(WHO, options, FIELDS);
  const limits: Required<ProblemLimits> & OwnLimits = {
    ...ANY,
    ...(algorithm === undefined ? {} : limitsOf(algorithm)),
    ...own,
  };
  const image = extent('imageSize', 1, limits.imageSize, EDGES, 6);
  const channels = extent('channels', 1, limits.channels, FEW_CHANNELS, 11);
  const inputs = limits.groupInputs === undefined ? channels : fc.integer({ min: 1, max: limits.groupInputs });
  const kernel = extent('kernelSize', ...expectRange('kernelSize', limits.kernelSize), LARGE_KERNELS, 3);
  const side = extent('padding', 0, limits.padding, [0], 5);
  const stride =
    typeof limits.stride === 'object'
      ? extent('stride', ...expectRange('stride', limits.stride), [2], 3)
      : mostlyOne('stride', limits.stride);
  const dilation = mostlyOne('dilation', limits.dilation);
  return fc
    .record({
      batch: mostlyOne('batch', limits.batch),
      height: image,
      width: image,
      groupInputs: inputs,
      groupOutputs: channels,
      groups: mostlyOne('groups', limits.groups),
      r: kernel,
      s: kernel,
      hasBias: fc.boolean(),
      padding: fc.record({ top: side, right: side, bottom: side, left: side }),
      stride: fc.record({ height: stride, width: stride }),
      dilation: fc.record({ height: dilation, width: dilation }),
      activation: fc.constantFrom(...ACTIVATIONS),
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    })
    .map(({ batch, height, width, groupInputs, groupOutputs, groups, r, s, ...rest }): Problem => {
      // The image grows where the kernel would not fit: every draw is a convolution.
      const h = Math.max(height, (r - 1) * rest.dilation.height + 1 - rest.padding.top - rest.padding.bottom);
      const w = Math.max(width, (s - 1) * rest.dilation.width + 1 - rest.padding.left - rest.padding.right);
      return {
        ...rest,
        groups,
        inputShape: [batch, groups * groupInputs, h, w],
        kernelShape: [groups * groupOutputs, groupInputs, r, s],
      };
    });
}

function limitsOf(algorithm: AlgorithmName): OwnLimits {
  return LIMITS.get(expectOneOf(WHO, 'algorithm', algorithm, ALGORITHM_NAMES, 'invalid-algorithm')) ?? {};
}

function expectRange(what: keyof ProblemLimits, range: unknown): readonly [least: number, greatest: number] {
  const [least, greatest] = copyList(WHO, what, range) ?? [];
  for (const value of [least, greatest]) expectLimit(what, value, 1);
  return [least as number, greatest as number];
}

/** The greatest limit: every number up to it is listed, some of them several times. */
const MAX_LIMIT = 4096;

function expectLimit(what: keyof ProblemLimits, value: unknown, least: number): void {
  const number = typeof value === 'number' ? value : Number.NaN;
  if (Number.isInteger(number) && number >= least && number <= MAX_LIMIT) return;
  const most = number > MAX_LIMIT ? ` and at most ${MAX_LIMIT}` : '';
  const expected = `a whole number of at least ${least}${most}`;
  throw new NnpackError('invalid-argument', `${WHO}: ${what} is ${show(value)}, expected ${expected}`);
}

/** Whole numbers from the least to the greatest, those of `often` so many times as often as the others. */
function extent(
  what: keyof ProblemLimits,
  least: number,
  greatest: number,
  often: readonly number[],
  times: number,
): fc.Arbitrary<number> {
  expectLimit(what, greatest, least);
  const values: number[] = [];
  for (let value = least; value <= greatest; value++) {
    for (let n = often.includes(value) ? times : 1; n > 0; n--) values.push(value);
  }
  return fc.noBias(fc.nat(values.length - 1)).map((index) => values[index]);
}

/** One in five draws of six, any up to the greatest in the sixth. */
function mostlyOne(what: keyof ProblemLimits, greatest: number): fc.Arbitrary<number> {
  expectLimit(what, greatest, 1);
  return extent(what, 1, greatest, [1], 5 * greatest + 1);
}
