/**
 * Phases and grids against their definition, and the algorithms that are made of them on the strided and dilated layers of
 * real networks and on what is unusual: strides that differ, kernels below and far beyond the stride, outputs smaller than
 * the dilation, more channels than one block splits.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { convolutionParts, copyPhase, copyPhases, phasedShape, splitKernels } from '../../src/algorithms/phases.ts';
import { type Context, createContext, explainConvolution } from '../../src/index.ts';
import { arenaOffset } from '../../src/layers/staging.ts';
import { type ConvolutionShape, convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import {
  checkConvolution,
  convolutionData,
  convolutionProblem,
  expectWithin,
  type Problem,
  shapeOf,
} from '../../src/testing/index.ts';
import { naiveConvolution } from '../../src/testing/naive.ts';
import type { Thread } from '../../src/threads/step.ts';
import { runs } from '../support/runs.ts';

const contexts: Context[] = [];

beforeAll(async () => {
  for (const kernels of ['scalar', 'auto'] as const) {
    for (const threads of [1, 2, 3]) contexts.push(await createContext({ kernels, threads }));
  }
});

afterAll(() => {
  for (const context of contexts) context.dispose();
});

/** What steps are given, of a context's first thread. */
const threadOf = ({ arena, kernels }: Context): Thread => ({ index: 0, memory: arena, kernels });

const apart = convolutionProblem({ stride: [1, 4], dilation: 6, groups: 1, kernelSize: [1, 9] });

/** The parameters of phases, as steps have them. */
function partsOf(shape: ConvolutionShape) {
  const { rows, columns } = convolutionParts(shape);
  return {
    height: shape.inputHeight,
    width: shape.inputWidth,
    stepHeight: rows.step,
    stepWidth: columns.step,
    phaseHeight: rows.phases,
    phaseWidth: columns.phases,
    dilationHeight: rows.dilation,
    dilationWidth: columns.dilation,
    tapStepHeight: rows.tapStep,
    tapStepWidth: columns.tapStep,
  };
}

/** [n, i, j] of all images and places, row by row. */
const places = (images: number, height: number, width: number) =>
  Array.from({ length: images * height * width }, (_, p) => {
    const row = Math.floor(p / width);
    return [Math.floor(row / height), row % height, p % width] as const;
  });

/** Outputs of the phased shape in the places that they have in the shape. */
function interleaved(shape: ConvolutionShape, phased: ConvolutionShape, y: ArrayLike<number>): number[] {
  const { rows, columns } = convolutionParts(shape);
  const grids = rows.grids * columns.grids;
  return places(shape.batch * shape.outputChannels, shape.outputHeight, shape.outputWidth).map(([nk, i, j]) => {
    const [n, k] = [Math.floor(nk / shape.outputChannels), nk % shape.outputChannels];
    const grid = (i % rows.outputStep) * columns.grids + (j % columns.outputStep);
    const plane = (n * grids + grid) * shape.outputChannels + k;
    const [row, column] = [Math.floor(i / rows.outputStep), Math.floor(j / columns.outputStep)];
    return y[(plane * phased.outputHeight + row) * phased.outputWidth + column];
  });
}

describe('a convolution with strides and dilations', () => {
  it('is the one of stride 1 and dilation 1 over its phases and grids', () => {
    const property = fc.property(apart, (problem) => {
      const [context] = contexts;
      const thread = threadOf(context);
      const shape = shapeOf(problem);
      const phased = phasedShape(shape);
      fc.pre(phased !== shape);
      const { rows, columns } = convolutionParts(shape);
      const parts = partsOf(shape);
      const data = convolutionData(problem);
      const [x, w] = [context.allocate([data.input.length]), context.allocate([data.kernel.length])];
      x.data.set(data.input);
      w.data.set(data.kernel);

      const splitX = context.allocate([phased.batch * phased.inputChannels * phased.inputHeight * phased.inputWidth]);
      splitX.data.fill(Number.NaN);
      const size = phased.inputHeight * phased.inputWidth;
      let to = arenaOffset(splitX);
      for (const [n, gridRow, gridColumn] of places(shape.batch, rows.grids, columns.grids)) {
        for (const [c, a, b] of places(shape.inputChannels, rows.phases, columns.phases)) {
          const from = arenaOffset(x) + (n * shape.inputChannels + c) * shape.inputHeight * shape.inputWidth;
          const top = gridRow * rows.stride + a * rows.dilation - shape.paddingTop;
          const left = gridColumn * columns.stride + b * columns.dilation - shape.paddingLeft;
          copyPhase(thread, parts, from, top, left, phased.inputHeight, phased.inputWidth, to);
          to += size;
        }
      }

      const { kernelHeight, kernelWidth } = phased;
      const kernels = shape.outputChannels * shape.inputChannels;
      const splitW = context.allocate([kernels * rows.phases * columns.phases * kernelHeight * kernelWidth]);
      splitW.data.fill(Number.NaN);
      splitKernels(
        thread,
        { ...shape, ...parts },
        kernels,
        arenaOffset(w),
        shape.kernelHeight * shape.kernelWidth,
        kernelHeight,
        kernelWidth,
        arenaOffset(splitW),
      );

      const contents = ({ data, offset, size }: typeof x) => data.slice(offset, offset + size);
      const made = naiveConvolution(phased, contents(splitX), contents(splitW), data.bias);
      const actual = interleaved(shape, phased, made);
      // The same terms in another order: equal to about the precision of the sums, which are in double.
      const expected = naiveConvolution(shape, data.input, data.kernel, data.bias);
      const scale = naiveConvolution(
        shape,
        data.input.map(Math.abs),
        data.kernel.map(Math.abs),
        data.bias?.map(Math.abs) ?? null,
      );
      const terms = shape.inputChannels * shape.kernelHeight * shape.kernelWidth + 1;
      expectWithin(
        actual,
        expected,
        scale.map((value) => 2 * terms * 2 ** -53 * value),
      );
      for (const made of [x, w, splitX, splitW]) context.free(made);
    });
    fc.assert(property, { numRuns: runs(40) });
  });

  it('of neighbours is its own', () => {
    const shape = convolutionShape('test', [1, 4, 12, 12], [4, 4, 3, 3], { padding: 1 });
    expect(phasedShape(shape)).toBe(shape);
  });
});

/** A part of some phases, to be taken modulo what a problem has, so that it may begin and end beyond the plane. */
const parts = fc.record({
  first: fc.nat(999),
  count: fc.nat(999),
  top: fc.nat(999),
  left: fc.nat(999),
  rows: fc.integer({ min: 1, max: 16 }),
  columns: fc.integer({ min: 1, max: 16 }),
});

describe('parts of phases', () => {
  it('hold every step-th element from their first on, and zeros for what lies outside of the plane', () => {
    const property = fc.property(apart, parts, fc.boolean(), (problem, { rows, columns, ...part }, isScalar) => {
      const context = contexts[isScalar ? 0 : 3];
      const shape = shapeOf(problem);
      const plane = partsOf(shape);
      const { height, width, stepHeight, stepWidth, phaseHeight, phaseWidth } = plane;
      const phases = phaseHeight * phaseWidth;
      const first = part.first % (shape.inputChannels * phases);
      const count = 1 + (part.count % (shape.inputChannels * phases - first));
      const y = (part.top % (height + 16)) - 12;
      const x = (part.left % (width + 16)) - 12;
      // NaN before and after the planes, and before and after the copy.
      const data = randomArray(shape.inputChannels * height * width, uniform(problem.seed));
      const planes = context.allocate([1 + data.length + 1]);
      const patch = context.allocate([1 + rows * count * columns + 1]);
      for (const { data, offset, size } of [planes, patch]) data.fill(Number.NaN, offset, offset + size);
      planes.data.set(data, 1);

      const expectedAt = (phase: number, v: number, u: number): number => {
        const channel = Math.floor(phase / phases);
        const row = y + (Math.floor(phase / phaseWidth) % phaseHeight) * plane.dilationHeight + v * stepHeight;
        const column = x + (phase % phaseWidth) * plane.dilationWidth + u * stepWidth;
        const isInside = row >= 0 && row < height && column >= 0 && column < width;
        return isInside ? data[(channel * height + row) * width + column] : 0;
      };
      // Row v of phase n of those side by side is at v · count + n.
      const expected = Array.from({ length: rows * count * columns }, (_, i) => {
        const [v, n] = [Math.floor(i / (count * columns)), Math.floor(i / columns) % count];
        return expectedAt(first + n, v, i % columns);
      });
      copyPhases(
        threadOf(context),
        plane,
        arenaOffset(planes) + 1,
        first,
        count,
        y,
        x,
        rows,
        columns,
        arenaOffset(patch) + 1,
      );
      const actual = patch.data.slice(patch.offset, patch.offset + patch.size);
      expect([...actual]).toEqual([Number.NaN, ...expected, Number.NaN]);
      for (const made of [planes, patch]) context.free(made);
    });
    fc.assert(property, { numRuns: runs(200) });
  });
});

const NONE = { top: 0, right: 0, bottom: 0, left: 0 };
const even = (padding: number) => ({ top: padding, right: padding, bottom: padding, left: padding });

function problemOf(inputShape: number[], kernelShape: number[], rest: Partial<Problem>): Problem {
  const one = { height: 1, width: 1 };
  const usual = { hasBias: true, padding: NONE, stride: one, dilation: one, groups: 1, activation: 'relu' as const };
  return { inputShape, kernelShape, ...usual, seed: 7, ...rest };
}

const by = (height: number, width = height) => ({ stride: { height, width } });
const apartBy = (height: number, width = height) => ({ dilation: { height, width } });

const LAYERS: readonly (readonly [what: string, Problem])[] = [
  ['3×3 by 2, as in Inception-BN', problemOf([1, 24, 28, 28], [16, 24, 3, 3], { ...by(2), padding: even(1) })],
  ['5×5 by 2', problemOf([2, 9, 23, 30], [10, 9, 5, 5], { ...by(2), padding: even(2) })],
  ['7×7 by 2, as ResNet begins', problemOf([1, 3, 45, 45], [12, 3, 7, 7], { ...by(2), padding: even(3) })],
  ['11×11 by 4, as AlexNet begins', problemOf([1, 3, 67, 67], [12, 3, 11, 11], { ...by(4) })],
  ['14×14 by 2, the largest', problemOf([1, 2, 31, 40], [3, 2, 14, 14], { ...by(2), padding: even(5) })],
  ['by 1 and 2', problemOf([1, 3, 15, 33], [4, 3, 3, 5], { ...by(1, 2) })],
  [
    'by 3 and 2, padded unevenly',
    problemOf([1, 3, 25, 21], [4, 3, 5, 3], { ...by(3, 2), padding: { top: 4, right: 0, bottom: 1, left: 2 } }),
  ],
  ['a stride beyond the kernel, one way', problemOf([1, 3, 20, 31], [4, 3, 3, 2], { ...by(2, 5) })],
  ['a flat kernel', problemOf([1, 3, 20, 31], [4, 3, 1, 7], { ...by(2) })],
  ['groups', problemOf([2, 6, 18, 18], [9, 2, 3, 3], { ...by(2), groups: 3, padding: even(1) })],
  ['more channels than are split at once', problemOf([1, 300, 9, 9], [3, 300, 3, 3], { ...by(2) })],
  ['more kernels than a region has items', problemOf([1, 2, 9, 9], [150, 2, 3, 3], { ...by(2) })],
  ['dilated by as much', problemOf([1, 3, 25, 21], [4, 3, 3, 3], { ...by(2), ...apartBy(2), padding: even(2) })],
  ['dilated by a multiple', problemOf([1, 3, 25, 31], [4, 3, 3, 3], { ...by(2), ...apartBy(6, 4) })],
  ['dilated by what shares no divisor', problemOf([2, 3, 29, 40], [4, 3, 5, 4], { ...by(3, 2), ...apartBy(2, 5) })],
  ['dilated by what shares one', problemOf([1, 3, 40, 41], [4, 3, 4, 3], { ...by(4, 6), ...apartBy(6, 4) })],
];

const DILATED: typeof LAYERS = [
  ['by 6, as in DeepLab', problemOf([1, 20, 33, 33], [18, 20, 3, 3], { ...apartBy(6), padding: even(6) })],
  ['by 2, three images', problemOf([3, 5, 28, 27], [6, 5, 3, 3], { ...apartBy(2), padding: even(2) })],
  ['by 1 and 3', problemOf([1, 3, 15, 40], [4, 3, 3, 5], { ...apartBy(1, 3) })],
  [
    'padded unevenly',
    problemOf([1, 3, 25, 21], [4, 3, 5, 3], { ...apartBy(3, 2), padding: { top: 7, right: 0, bottom: 1, left: 3 } }),
  ],
  ['beyond the output', problemOf([1, 3, 20, 19], [4, 3, 3, 3], { ...apartBy(9, 7) })],
  ['of a flat kernel', problemOf([1, 3, 20, 31], [4, 3, 1, 5], { ...apartBy(4) })],
  [
    'of a kernel that lies in the padding',
    problemOf([1, 2, 5, 4], [3, 2, 3, 3], { ...apartBy(11), padding: even(11) }),
  ],
  ['groups', problemOf([2, 6, 18, 18], [9, 2, 3, 3], { ...apartBy(2), groups: 3, padding: even(2) })],
  ['many channels', problemOf([2, 40, 19, 20], [44, 20, 3, 3], { ...apartBy(4), groups: 2, padding: even(4) })],
];

describe.each(['wt8x8', 'wt6x6', 'ft8x8', 'ft16x16'] as const)('%s of dilations', (name) => {
  it.each(DILATED)('%s', (_what, problem) => {
    for (const alike of [contexts.slice(0, 3), contexts.slice(3)])
      expect(checkConvolution(problem, name, alike)).not.toBeNull();
  });
});

describe.each(['wt8x8-strided', 'wt6x6-strided'] as const)('%s', (name) => {
  const served = LAYERS.filter(([, problem]) => algorithmNamed(name).supports(shapeOf(problem), 'forward') === null);

  it('serves all of them but the largest, which only the larger tile does', () => {
    expect(served.length).toBe(name === 'wt8x8-strided' ? LAYERS.length : LAYERS.length - 1);
  });

  it.each(served)('%s', (_what, problem) => {
    for (const alike of [contexts.slice(0, 3), contexts.slice(3)])
      expect(checkConvolution(problem, name, alike)).not.toBeNull();
  });

  it.each([
    [{ stride: 1 }, [3, 3], 'stride is 1×1, expected more on one side'],
    [{ stride: 2 }, [1, 1], 'split into phases, kernel is 1×1, expected at least 2 on one side'],
    [{ stride: 3 }, [3, 2], 'split into phases, kernel is 1×1, expected at least 2 on one side'],
    [{ stride: { height: 1, width: 2 } }, [8, 3], /^split into phases, kernel is 8×2, expected 1 to \d on each side$/],
    [{ stride: 2 }, [3, 15], /^split into phases, kernel is 2×8, expected 1 to \d on each side$/],
  ])('refuses %j with a kernel of %j', (geometry, kernel, text) => {
    const shape = convolutionShape('test', [1, 2, 40, 40], [2, 2, ...kernel], geometry);
    expect(algorithmNamed(name).supports(shape, 'forward')).toMatch(text);
  });
});

describe('the choice', () => {
  it('takes the phases of large strided kernels, even of three channels, and never for what they do not serve', () => {
    const choose = (input: number[], kernel: number[], options: object) =>
      explainConvolution({ input: { shape: input }, kernel: { shape: kernel }, ...options, context: contexts[0] })
        .algorithm;
    expect(choose([1, 3, 224, 224], [64, 3, 7, 7], { stride: 2, padding: 3 })).toBe('wt8x8-strided');
    expect(choose([1, 3, 224, 224], [96, 3, 11, 11], { stride: 4, padding: 2 })).toBe('wt8x8-strided');
    expect(choose([1, 64, 56, 56], [128, 64, 1, 1], { stride: 2 })).toBe('implicit-gemm');
    expect(choose([1, 64, 56, 56], [128, 64, 3, 3], { stride: 2, padding: 1, maxError: 1e-6 })).toBe('implicit-gemm');
  });

  it('takes grids of a dilation, where there are enough channels', () => {
    const call = (channels: number, dilation: number) => {
      const geometry = { dilation, padding: dilation, context: contexts[3] };
      return { input: { shape: [1, channels, 33, 33] }, kernel: { shape: [channels, channels, 3, 3] }, ...geometry };
    };
    expect(explainConvolution(call(256, 2)).algorithm).toBe('wt8x8');
    expect(explainConvolution(call(256, 6)).algorithm).toBe('wt8x8');
    expect(explainConvolution(call(2, 6)).algorithm).toBe('implicit-gemm');
  });

  it('counts the tiles of all grids, what is gathered and what is scattered', () => {
    const shape = convolutionShape('test', [2, 6, 33, 30], [8, 6, 3, 3], { dilation: 3, padding: 3 });
    const work = algorithmNamed('wt8x8').workload(shape, 'forward', contexts[0]);
    // 11×10 outputs of each grid: 2×2 tiles of 6×6.
    expect(work).toMatchObject({
      tiles: 2 * 9 * 4,
      multiplyAdds: 64 * 2 * 9 * 4 * 6 * 8,
      kernelTiles: 6 * 8,
      // Of each row of tiles 8 × (6 + 8) elements of every channel, and all outputs.
      copied: 2 * 9 * 2 * 6 * 112 + 2 * 8 * 33 * 30,
    });
  });

  it('counts what it does: tiles and products of the phased shape, and the elements that it gathers', () => {
    const shape = convolutionShape('test', [2, 6, 30, 30], [8, 6, 5, 5], { stride: 2, padding: 2 });
    const work = algorithmNamed('wt8x8-strided').workload(shape, 'forward', contexts[0]);
    // 15×15 outputs of 3×3 kernels: 3×3 tiles of 6×6 outputs for each image, over 4 · 6 channels.
    expect(work).toMatchObject({
      tiles: 18,
      multiplyAdds: 64 * 18 * 24 * 8,
      inputTiles: 18 * 24,
      outputTiles: 18 * 8,
      kernelTiles: 24 * 8,
      // Of each row of tiles 8 × (2 · 6 + 8) elements of every channel.
      copied: 6 * 24 * 160,
    });
  });
});
