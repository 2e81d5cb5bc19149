/**
 * Phases against their definition, and the algorithms that are made of them on the strided layers of real networks and on
 * what is unusual: strides that differ, kernels below and far beyond the stride, more channels than one block splits.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import { copyPhase, copyPhases, phasedShape, phasesOf, splitKernels } from '../../src/algorithms/phases.ts';
import { type Context, createContext, explainConvolution } from '../../src/index.ts';
import { arenaOffset } from '../../src/layers/staging.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
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

const strided = convolutionProblem({ stride: [1, 4], dilation: 1, groups: 1, kernelSize: [1, 9] }).filter(
  ({ stride }) => stride.height * stride.width > 1,
);

describe('a strided convolution', () => {
  it('is the one of stride 1 over its phases', () => {
    const property = fc.property(strided, (problem) => {
      const [context] = contexts;
      const thread = threadOf(context);
      const shape = shapeOf(problem);
      const phased = phasedShape(shape);
      const { phaseHeight, phaseWidth } = phasesOf(shape);
      const data = convolutionData(problem);
      const [x, w] = [context.allocate([data.input.length]), context.allocate([data.kernel.length])];
      x.data.set(data.input);
      w.data.set(data.kernel);

      const splitX = context.allocate([phased.batch * phased.inputChannels * phased.inputHeight * phased.inputWidth]);
      splitX.data.fill(Number.NaN);
      const plane = { height: shape.inputHeight, width: shape.inputWidth, ...shape };
      const size = phased.inputHeight * phased.inputWidth;
      let to = arenaOffset(splitX);
      for (let c = 0; c < shape.batch * shape.inputChannels; c++) {
        const from = arenaOffset(x) + c * shape.inputHeight * shape.inputWidth;
        for (let a = 0; a < phaseHeight; a++) {
          for (let b = 0; b < phaseWidth; b++) {
            const [top, left] = [a - shape.paddingTop, b - shape.paddingLeft];
            copyPhase(thread, plane, from, top, left, phased.inputHeight, phased.inputWidth, to);
            to += size;
          }
        }
      }

      const { kernelHeight, kernelWidth } = phased;
      const kernels = shape.outputChannels * shape.inputChannels;
      const splitW = context.allocate([kernels * phaseHeight * phaseWidth * kernelHeight * kernelWidth]);
      splitW.data.fill(Number.NaN);
      splitKernels(
        thread,
        { ...shape, phaseHeight, phaseWidth },
        kernels,
        arenaOffset(w),
        shape.kernelHeight * shape.kernelWidth,
        kernelHeight,
        kernelWidth,
        arenaOffset(splitW),
      );

      const contents = ({ data, offset, size }: typeof x) => data.slice(offset, offset + size);
      const actual = naiveConvolution(phased, contents(splitX), contents(splitW), data.bias);
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

  it('of stride 1 is its own', () => {
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
  it('hold every stride-th element from their first on, and zeros for what lies outside of the plane', () => {
    const property = fc.property(strided, parts, fc.boolean(), (problem, { rows, columns, ...part }, isScalar) => {
      const context = contexts[isScalar ? 0 : 3];
      const shape = shapeOf(problem);
      const { inputHeight: height, inputWidth: width, strideHeight, strideWidth } = shape;
      const { phaseHeight, phaseWidth } = phasesOf(shape);
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
        const row = y + (Math.floor(phase / phaseWidth) % phaseHeight) + v * strideHeight;
        const column = x + (phase % phaseWidth) + u * strideWidth;
        const isInside = row >= 0 && row < height && column >= 0 && column < width;
        return isInside ? data[(channel * height + row) * width + column] : 0;
      };
      // Row v of phase n of those side by side is at v · count + n.
      const expected = Array.from({ length: rows * count * columns }, (_, i) => {
        const [v, n] = [Math.floor(i / (count * columns)), Math.floor(i / columns) % count];
        return expectedAt(first + n, v, i % columns);
      });
      const plane = { height, width, strideHeight, strideWidth, phaseHeight, phaseWidth };
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
];

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
    [{ stride: 2, dilation: 2 }, [3, 3], 'split into phases, dilation is 2×2, expected 1×1'],
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
