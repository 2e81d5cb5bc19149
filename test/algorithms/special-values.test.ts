/**
 * What NaN and ±∞ do. Three statements, for every algorithm:
 *
 *   - A special value is never lost: each output that depends on it has the value of IEEE arithmetic (`direct`,
 *     `implicit-gemm`, `reference`), or is at least not finite (tiles: ∞ − ∞ in a transform makes a NaN of an ∞).
 *   - It goes no further than the tile: outputs of other tiles, images and groups keep their bits.
 *   - It leaves nothing behind: the next run of the same plan is none the worse for it.
 *
 * Within a tile of T × T inputs and m × n outputs (m = T − r + 1), the value reaches
 *
 *   Fourier    all of the tile's outputs, in all output channels of the group
 *   Winograd   the same, but from the first row of inputs only the first row of outputs, and from the last the last
 *              (the points 0 and ∞ have a row of Bᵀ and a column of Aᵀ of their own); likewise for columns. A tile of an
 *              odd edge has no point ∞, and from its last row the value reaches all
 *
 * With a stride the tile is one of a phase: its inputs are those of one phase, and a phase that no tap reads has none. With
 * a dilation it is one of a grid, which other grids share nothing with.
 *
 * The reference table multiplies by the zeros of its matrices, so that there all of a tile is reached by either.
 */
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { type AxisParts, convolutionParts, phasedShape } from '../../src/algorithms/phases.ts';
import {
  type ActivationOption,
  type Context,
  convolutionOutput,
  createContext,
  planConvolution,
} from '../../src/index.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { TILE_NAMES, type TileName } from '../../src/maths/tiles.ts';
import { type ConvolutionShape, convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { naiveConvolution } from '../../src/testing/naive.ts';

/** The emitted one where the engine runs it; naive transforms last, which larger tiles leave out. */
const TABLES = (['scalar', 'simd', 'reference'] as const).filter((name) => {
  const refusal = name === 'simd' ? refuseSimd(name) : null;
  if (refusal !== null) console.log(`${name}: not tried, because ${refusal}`);
  return refusal === null;
});

const contexts: Context[] = [];

beforeAll(async () => {
  for (const kernels of TABLES) contexts.push(await createContext({ threads: 2, kernels }));
});

afterAll(() => {
  for (const context of contexts) context.dispose();
});

/** What memory is filled from: an engine copies into shared memory by the word, and fills it by the element. */
const NANS = new Float32Array(2 ** 14).fill(Number.NaN);

const SPECIAL = [Number.NaN, Infinity, -Infinity];

interface Case {
  readonly name: string;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly groups: number;
  readonly stride?: { height: number; width: number };
  readonly dilation?: { height: number; width: number };
  readonly padding: { top: number; right: number; bottom: number; left: number };
}

const even = (padding: number) => ({ top: padding, right: padding, bottom: padding, left: padding });

/** Tiles that are streamed and tiles that are held still; groups; a kernel that is flat; no padding at all. */
const CASES: readonly Case[] = [
  { name: 'three images', input: [3, 3, 19, 17], kernel: [5, 3, 3, 3], groups: 1, padding: even(1) },
  {
    name: 'many output channels',
    input: [2, 2, 9, 11],
    kernel: [50, 2, 3, 2],
    groups: 1,
    padding: { top: 0, right: 2, bottom: 1, left: 0 },
  },
  { name: 'two groups', input: [2, 4, 13, 20], kernel: [6, 2, 5, 5], groups: 2, padding: even(2) },
  {
    name: 'a flat kernel',
    input: [2, 2, 10, 23],
    kernel: [4, 2, 1, 5],
    groups: 1,
    padding: { top: 0, right: 2, bottom: 0, left: 2 },
  },
  {
    name: 'stride 2',
    input: [2, 3, 31, 19],
    kernel: [5, 3, 3, 3],
    groups: 1,
    stride: { height: 2, width: 2 },
    padding: even(1),
  },
  {
    name: 'stride 1 and 3, two groups',
    input: [2, 4, 16, 41],
    kernel: [6, 2, 2, 5],
    groups: 2,
    stride: { height: 1, width: 3 },
    padding: { top: 1, right: 0, bottom: 0, left: 2 },
  },
  {
    name: 'a kernel narrower than its stride',
    input: [2, 2, 20, 19],
    kernel: [4, 2, 3, 1],
    groups: 1,
    stride: { height: 2, width: 2 },
    padding: even(1),
  },
  // Enough channels that emitted transforms take them side by side, and a rest of them.
  { name: 'many channels', input: [2, 40, 13, 12], kernel: [44, 20, 3, 3], groups: 2, padding: even(1) },
  {
    name: 'many channels by a stride',
    input: [2, 40, 19, 18],
    kernel: [44, 20, 3, 3],
    groups: 2,
    stride: { height: 2, width: 2 },
    padding: even(1),
  },
  {
    name: 'dilation 2 and 3',
    input: [2, 3, 31, 29],
    kernel: [5, 3, 3, 3],
    groups: 1,
    dilation: { height: 2, width: 3 },
    padding: { top: 2, right: 1, bottom: 3, left: 2 },
  },
  {
    name: 'many channels by a dilation',
    input: [1, 40, 13, 12],
    kernel: [36, 20, 3, 3],
    groups: 2,
    dilation: { height: 2, width: 2 },
    padding: even(2),
  },
  { name: 'one pixel', input: [2, 3, 9, 10], kernel: [4, 3, 1, 1], groups: 1, padding: even(0) },
];

interface Data {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly b: Float32Array;
}

function shapeOf({ input, kernel, groups, stride, dilation, padding }: Case): ConvolutionShape {
  return convolutionShape('test', input, kernel, { groups, stride, dilation, padding });
}

function dataOf({ input, kernel }: Case): Data {
  const next = uniform(11);
  return { x: randomArray(sizeOf(input), next), w: randomArray(sizeOf(kernel), next), b: randomArray(kernel[0], next) };
}

function convolve(
  problem: Case,
  algorithm: AlgorithmName,
  context: Context,
  { x, w, b }: Data,
  activation: ActivationOption = 'identity',
): Float32Array {
  // A NaN that any earlier run has left in the workspace must not come back: all free memory is NaN.
  const { f32 } = context.arena;
  const free = f32.subarray(16, Math.min(f32.length, 400_000));
  for (let at = 0; at < free.length; at += NANS.length) free.set(NANS.subarray(0, free.length - at), at);
  const { padding, stride, dilation, groups } = problem;
  const tensor = (data: Float32Array, shape: readonly number[]) => ndarray(data, [...shape]);
  const [input, kernel, bias] = [tensor(x, problem.input), tensor(w, problem.kernel), tensor(b, [b.length])];
  return convolutionOutput({ input, kernel, bias, padding, stride, dilation, groups, activation, algorithm, context })
    .data;
}

/** The data with one element of one of its arrays replaced. */
function replaced(data: Data, name: keyof Data, at: number, value: number): Data {
  const copy = data[name].slice();
  copy[at] = value;
  return { ...data, [name]: copy };
}

/** Names each output by its image, channel, row and column. */
function* outputs(shape: ConvolutionShape): Generator<[index: number, n: number, k: number, i: number, j: number]> {
  let index = 0;
  for (let n = 0; n < shape.batch; n++) {
    for (let k = 0; k < shape.outputChannels; k++) {
      for (let i = 0; i < shape.outputHeight; i++) {
        for (let j = 0; j < shape.outputWidth; j++) yield [index++, n, k, i, j];
      }
    }
  }
}

/** What becomes of an output. `ieee`: as the naive sum has it; `lost`: not finite; `kept`: the same bits as ever. */
type Fate = 'ieee' | 'lost' | 'kept';

function expectFates(
  shape: ConvolutionShape,
  actual: Float32Array,
  clean: Float32Array,
  ieee: Float64Array,
  fate: (n: number, k: number, i: number, j: number) => Fate,
  isRead = true,
): void {
  const wrong: string[] = [];
  const counts = { ieee: 0, lost: 0, kept: 0 };
  for (const [index, n, k, i, j] of outputs(shape)) {
    const expected = fate(n, k, i, j);
    counts[expected]++;
    const value = actual[index];
    // As the bits are, but for the many NaNs.
    const isRight =
      expected === 'kept'
        ? Object.is(value, clean[index])
        : expected === 'lost'
          ? !Number.isFinite(value)
          : Object.is(value, ieee[index]);
    if (!isRight)
      wrong.push(
        `(${n}, ${k}, ${i}, ${j}) is ${value}: expected ${expected}, clean ${clean[index]}, IEEE ${ieee[index]}`,
      );
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  if (isRead) expect(counts.ieee + counts.lost, 'the value reaches some output').toBeGreaterThan(0);
}

/** Whether the tile of inputs from `first` on, of which m outputs are made, carries a value at `at` to its output `o`. */
function carries(hasZeros: boolean, T: number, m: number, at: number, o: number): boolean {
  if (at < 0 || at >= T) return false;
  // A Winograd tile is not transformed along an axis in which the kernel is flat: its edge is 1 there.
  if (!hasZeros || T === 1) return true;
  if (at === 0) return o === 0;
  const hasInfinity = T % 2 === 0;
  return at < T - 1 || !hasInfinity || o === m - 1;
}

/**
 * Where the padded input's row (or column) lies in the tile of output i: null where no phase of the output's grid has it, and
 * beyond the tile's edges where another tile has it.
 */
function placeInTile({ stride, dilation, step, phases, outputStep }: AxisParts, m: number, at: number, i: number) {
  const [place, grid] = [Math.floor(i / outputStep), i % outputStep];
  const distances = Array.from({ length: phases }, (_, q) => at - stride * grid - dilation * q);
  const inPhase = distances.find((distance) => distance % step === 0);
  return inPhase === undefined ? null : inPhase / step - Math.floor(place / m) * m;
}

const served = (problem: Case) =>
  ALGORITHM_NAMES.filter(
    (name) =>
      name !== 'ft128x128' &&
      name !== 'ft256x256' &&
      algorithmNamed(name).supports(shapeOf(problem), 'forward') === null,
  );

/** The tile that an algorithm transforms; null for those without. */
const tileNameOf = (name: AlgorithmName): TileName | null =>
  TILE_NAMES.find((tile) => name === tile || name === `${tile}-strided`) ?? null;

/** Naive sums, which all algorithms are held to, by the data that they are of. */
const sums = new Map<string, Float64Array>();

const TABLE = CASES.flatMap((problem) => served(problem).map((name) => [problem.name, name, problem] as const));

describe.each(TABLE)('%s, %s', (_name, name, problem) => {
  const shape = shapeOf(problem);
  const data = dataOf(problem);
  const { inputChannels: C, outputChannels: K, inputHeight: H, inputWidth: W, groups, paddingTop, paddingLeft } = shape;
  const { kernelHeight: R, kernelWidth: S, strideHeight, strideWidth, dilationHeight, dilationWidth } = shape;
  const tileName = tileNameOf(name);
  const groupOfInput = (c: number) => Math.floor((c * groups) / C);
  const groupOfOutput = (k: number) => Math.floor((k * groups) / K);

  /** The result of the data as they are, by each context that was asked for it. */
  const known = new Map<Context, Float32Array>();
  const cleanIn = (context: Context): Float32Array => {
    const clean = known.get(context) ?? convolve(problem, name, context, data);
    known.set(context, clean);
    return clean;
  };

  /** Data with a value in one place, and the naive sum of them. */
  const withSpecial = (array: keyof Data, at: number, value: number) => {
    const special = replaced(data, array, at, value);
    const what = `${problem.name}: ${array}[${at}] = ${value}`;
    const ieee = sums.get(what) ?? naiveConvolution(shape, special.x, special.w, special.b);
    sums.set(what, ieee);
    return { special, ieee };
  };

  /** The larger of the reference transforms are no faster than they look. */
  const tables = () => (name.startsWith('ft') && name !== 'ft8x8' ? contexts.slice(0, -1) : contexts);

  it('in the input reaches what depends on it, and no other tile, image or group', () => {
    const places = [
      [0, 0],
      [H - 1, W - 1],
      [Math.floor(H / 2), Math.floor(W / 2)],
      [H - 1, 5],
      [6, 0],
      [7, 8],
    ];
    const n = shape.batch - 1;
    const c = C - 1;
    const cases = places.map(([h, v], index) => ({
      h,
      v,
      ...withSpecial('x', ((n * C + c) * H + h) * W + v, SPECIAL[index % 3]),
    }));
    for (const context of tables()) {
      const clean = cleanIn(context);
      const { kernelHeight, kernelWidth } = phasedShape(shape);
      const tile = tileName === null ? null : context.kernels.tile(tileName, kernelHeight, kernelWidth);
      const { rows, columns } = convolutionParts(shape);
      for (const { h, v, special, ieee } of cases) {
        const actual = convolve(problem, name, context, special);
        // Its place in the padded image; a stride may pass over it.
        const [y, x] = [h + paddingTop, v + paddingLeft];
        const isRead = (at: number, output: number, stride: number, dilation: number, taps: number) => {
          const tap = (at - output * stride) / dilation;
          return Number.isInteger(tap) && tap >= 0 && tap < taps;
        };
        const isReadBy = (i: number, j: number) =>
          isRead(y, i, strideHeight, dilationHeight, R) && isRead(x, j, strideWidth, dilationWidth, S);
        const fate = (image: number, k: number, i: number, j: number): Fate => {
          if (image !== n || groupOfOutput(k) !== groupOfInput(c)) return 'kept';
          const isTap = isReadBy(i, j);
          if (tile === null) return isTap ? 'ieee' : 'kept';
          const rowInTile = placeInTile(rows, tile.outputHeight, y, i);
          const columnInTile = placeInTile(columns, tile.outputWidth, x, j);
          if (rowInTile === null || columnInTile === null) return 'kept';
          const rowOfOutput = Math.floor(i / rows.outputStep) % tile.outputHeight;
          const columnOfOutput = Math.floor(j / columns.outputStep) % tile.outputWidth;
          const hasZeros = name.startsWith('wt') && context.kernels.name !== 'reference';
          const isReached =
            carries(hasZeros, tile.height, tile.outputHeight, rowInTile, rowOfOutput) &&
            carries(hasZeros, tile.width, tile.outputWidth, columnInTile, columnOfOutput);
          if (isTap && !isReached) throw new Error('a tap outside its tile: the test itself is wrong');
          return isReached ? 'lost' : 'kept';
        };
        const isReadByAny = [...outputs(shape)].some(([, , , i, j]) => isReadBy(i, j));
        expectFates(shape, actual, clean, ieee, fate, isReadByAny);
      }
    }
  });

  it('in the kernel reaches its output channel, and no other', () => {
    const taps = [
      [0, 0],
      [R - 1, S - 1],
      [Math.floor(R / 2), 0],
    ];
    const c = C / groups - 1;
    const cases = taps.map(([r, s], index) => {
      const k = K - 1 - index;
      return { r, s, k, ...withSpecial('w', ((k * C) / groups + c) * R * S + r * S + s, SPECIAL[index]) };
    });
    for (const context of tables()) {
      const clean = cleanIn(context);
      for (const { r, s, k, special, ieee } of cases) {
        const actual = convolve(problem, name, context, special);
        expectFates(shape, actual, clean, ieee, (_image, channel, i, j) => {
          if (channel !== k) return 'kept';
          if (tileName !== null) return 'lost';
          const h = i * strideHeight + r * dilationHeight - paddingTop;
          const v = j * strideWidth + s * dilationWidth - paddingLeft;
          const isInside = h >= 0 && h < H && v >= 0 && v < W;
          // The padded copy that implicit GEMM reads has zeros there, and 0 · NaN and 0 · ∞ are NaN.
          if (!isInside) return name === 'implicit-gemm' ? 'lost' : 'kept';
          return 'ieee';
        });
      }
    }
  });

  it('in the bias reaches its output channel as it is, and no other', () => {
    const cases = SPECIAL.map((value, k) => withSpecial('b', k, value));
    for (const context of tables()) {
      const clean = cleanIn(context);
      cases.forEach(({ special, ieee }, k) => {
        const actual = convolve(problem, name, context, special);
        const isLost = name.startsWith('ft') && context.kernels.name === 'reference';
        expectFates(shape, actual, clean, ieee, (_image, channel) =>
          channel !== k ? 'kept' : isLost ? 'lost' : 'ieee',
        );
      });
    }
  });

  it('goes through activations as IEEE comparisons have it', () => {
    const [context] = contexts;
    const special = SPECIAL.reduce((sum, value, k) => replaced(sum, 'b', k, value), data);
    const plain = convolve(problem, name, context, special);
    const activations: readonly (readonly [ActivationOption, (y: number) => number])[] = [
      ['relu', (y) => Math.max(y, 0)],
      [{ type: 'leaky', slope: 0.5 }, (y) => (y < 0 ? y * 0.5 : y)],
      [{ type: 'leaky', slope: 0 }, (y) => (y < 0 ? y * 0 : y)],
      [{ type: 'clamp', min: -1, max: 2 }, (y) => (y < -1 ? -1 : Math.min(y, 2))],
      [{ type: 'clamp', min: -Infinity, max: 0 }, (y) => Math.min(y, 0)],
    ];
    for (const [activation, expected] of activations) {
      const actual = convolve(problem, name, context, special, activation);
      // +0 and −0 count as equal here.
      plain.forEach((y, i) => {
        if (!Object.is(actual[i] + 0, expected(y) + 0))
          throw new Error(`at ${i}: ${JSON.stringify(activation)} of ${y} is ${actual[i]}`);
      });
    }
  });

  it('leaves nothing behind in a plan', () => {
    const [context] = contexts;
    const { padding, stride, dilation, groups: groupCount } = problem;
    const tensor = (values: Float32Array) => ndarray(values, [...problem.input]);
    const kernel = ndarray(data.w, [...problem.kernel]);
    const plan = planConvolution({
      input: { shape: problem.input },
      kernel,
      padding,
      stride,
      dilation,
      groups: groupCount,
      algorithm: name,
      context,
    });
    const clean = plan.run(tensor(data.x)).data.slice();
    const spoilt = plan.run(tensor(new Float32Array(data.x.length).fill(Number.NaN))).data;
    expect(spoilt.some(Number.isNaN)).toBe(true);
    expect(plan.run(tensor(data.x)).data).toEqual(clean);
    plan.dispose();
  });
});
