/**
 * Subnormal weights count as 0: a layer with them has the bits of one with zeros in their place, whatever computes it and
 * wherever the weights lie, and the caller's weights stay as they are. So do those that a transform makes of small weights.
 */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName, emptyProfile, IDENTITY } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import {
  type Context,
  convolutionInference,
  fullyConnectedInference,
  planConvolution,
  planFullyConnected,
  type Tensor,
} from '../../src/index.ts';
import { planNetwork } from '../../src/networks/index.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';
import { uniform } from '../../src/tensor/random.ts';
import { convolutionData, convolutionProblem, type Problem, shapeOf } from '../../src/testing/index.ts';
import { contextsForFile } from '../layers/support.ts';
import { runs } from '../support/runs.ts';
import { tensor } from '../support/tensors.ts';

const contexts = contextsForFile();

const LEAST_NORMAL = 2 ** -126;
const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < LEAST_NORMAL;

/** By a loop: large tiles pack forty million numbers, and a method would call for each. */
function firstSubnormal(numbers: Float32Array): number | undefined {
  for (let i = 0; i < numbers.length; i++) if (isSubnormal(numbers[i])) return numbers[i];
  return undefined;
}

/** A third of the weights subnormal, and the same with zeros in their place. */
function weightsOf(kernel: Float32Array, seed: number): { tiny: Float32Array; zero: Float32Array } {
  const next = uniform(seed);
  const magnitudes = [2 ** -149, 1e-40, LEAST_NORMAL - 2 ** -149, -1e-39, -(2 ** -149)];
  const tiny = kernel.map((w, i) => (next() < -0.33 ? magnitudes[i % magnitudes.length] : w));
  return { tiny, zero: tiny.map((w) => (isSubnormal(w) ? 0 : w)) };
}

function expectSameBits(actual: Tensor, expected: Tensor, what: string): void {
  const [a, b] = [actual, expected].map(({ data, offset, size }) => {
    const words = data.slice(offset, offset + size);
    return new Int32Array(words.buffer);
  });
  const differs = a.findIndex((word, i) => word !== b[i]);
  if (differs !== -1) throw new Error(`${what}: at ${differs}`);
}

/** A tensor in the context's memory. */
function inArena(context: Context, data: Float32Array, shape: readonly number[]): Tensor {
  const made = context.allocate(shape);
  made.data.set(data, made.offset);
  return made;
}

/** Enough channels for either order of tiles and channels. */
const problemsFor = (algorithm: AlgorithmName): fc.Arbitrary<Problem> =>
  fc.oneof(
    convolutionProblem({ algorithm, imageSize: 12 }),
    convolutionProblem({ algorithm, imageSize: 12, batch: 1, groups: 1 }).map((problem) => {
      const [n, c, h, w] = problem.inputShape;
      const [k, , r, s] = problem.kernelShape;
      return { ...problem, groups: 1, inputShape: [n, c + 16, h, w], kernelShape: [k + 16, c + 16, r, s] };
    }),
  );

const SLOW: Partial<Record<AlgorithmName, number>> = { ft32x32: 4, ft64x64: 2, ft128x128: 1, ft256x256: 1 };

describe.each(ALGORITHM_NAMES)('%s', (algorithm) => {
  const many = runs(SLOW[algorithm] ?? 3);
  // Naive transforms of large tiles are slow.
  const tables = () => (/ft(16|32|64|128|256)/.test(algorithm) ? contexts.slice(0, -1) : contexts);

  it('gives the bits of zeros', () => {
    const property = fc.property(problemsFor(algorithm), (problem) => {
      fc.pre(algorithmNamed(algorithm).supports(shapeOf(problem), 'forward') === null);
      const data = convolutionData(problem);
      const { tiny, zero } = weightsOf(data.kernel, problem.seed);
      const { padding, stride, dilation, groups } = problem;
      for (const context of tables()) {
        const common = { padding, stride, dilation, groups, algorithm, context };
        const input = ndarray(data.input, [...problem.inputShape]);
        const run = (kernel: Tensor) => convolutionInference({ ...common, input, kernel });
        const expected = run(ndarray(zero, [...problem.kernelShape]));
        expectSameBits(
          run(ndarray(tiny.slice(), [...problem.kernelShape])),
          expected,
          `${context.kernels.name}, a call`,
        );
        const kernel = inArena(context, tiny, problem.kernelShape);
        const plan = planConvolution({ ...common, input, kernel });
        expectSameBits(plan.run(input), expected, `${context.kernels.name}, a plan`);
        expect(kernel.data.slice(kernel.offset, kernel.offset + tiny.length)).toEqual(tiny);
        plan.dispose();
        context.free(kernel);
      }
    });
    fc.assert(property, { numRuns: many });
  });

  it('packs no subnormal number, of however small weights', () => {
    const stride = algorithm.endsWith('-strided') ? 2 : 1;
    const r = algorithm === 'direct' ? 1 : 3;
    for (const channels of [3, 20]) {
      const shape = convolutionShape('test', [1, channels, 13, 13], [channels, channels, r, r], { stride });
      for (const context of tables()) {
        if (context.pool.threadsCount > 1) continue;
        const { arena } = context;
        const program = algorithmNamed(algorithm).plan(shape, 'forward', context, IDENTITY);
        const next = uniform(7);
        const kernel = arena.allocate(channels ** 2 * r ** 2, 'test');
        const packed = arena.allocate(program.packedFloats, 'test');
        // From the least numbers there are up to those that no transform makes subnormal.
        for (let i = 0; i < channels ** 2 * r ** 2; i++) arena.f32[kernel + i] = next() * 2 ** (-90 - (i % 60));
        arena.f32.fill(1, packed, packed + program.packedFloats);
        program.pack(kernel, packed, emptyProfile());
        const floats = arena.f32.subarray(packed, packed + program.packedFloats);
        // A stride's kernels are split at the end, where nothing reads them again.
        expect(firstSubnormal(floats), context.kernels.name).toBeUndefined();
        expect(floats.some((value) => value !== 0 && value !== 1)).toBe(true);
        arena.release(packed);
        arena.release(kernel);
      }
    }
  });

  it('keeps NaN and infinities', () => {
    const stride = algorithm.endsWith('-strided') ? 2 : 1;
    const r = algorithm === 'direct' ? 1 : 3;
    const inputs = algorithm === 'depthwise' ? 1 : 2;
    const input = tensor([1, inputs, 5, 5], 1);
    for (const context of tables()) {
      for (const special of [Number.NaN, Infinity, -Infinity]) {
        const kernel = tensor([2, inputs, r, r], 2);
        kernel.data[0] = special;
        kernel.data[1] = 1e-40;
        const y = convolutionInference({ input, kernel, stride, algorithm, context });
        expect(y.data.subarray(0, y.size / 2).every((value) => !Number.isFinite(value))).toBe(true);
        expect(y.data.subarray(y.size / 2).every((value) => Number.isFinite(value))).toBe(true);
      }
    }
  });
});

describe('fully-connected layers', () => {
  it.each([1, 4, 7, 33])('give the bits of zeros, batch %i', (batch) => {
    const problem = fc.record({
      channels: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(600, 1000)),
      outputs: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(150, 300)),
      seed: fc.integer({ min: 1, max: 1e6 }),
    });
    const property = fc.property(problem, ({ channels, outputs, seed }) => {
      const input = tensor([batch, channels], seed);
      const { tiny, zero } = weightsOf(tensor([outputs, channels], seed + 1).data, seed);
      for (const context of contexts) {
        const expected = fullyConnectedInference({ input, kernel: ndarray(zero, [outputs, channels]), context });
        const kernel = inArena(context, tiny, [outputs, channels]);
        const own = ndarray(tiny.slice(), [outputs, channels]);
        const plan = planFullyConnected({ input, kernel, context });
        const network = {
          name: 'one layer',
          inputs: [{ name: 'x', shape: [channels] }],
          nodes: [
            { name: 'y', op: 'fully-connected' as const, inputs: ['x'], kernel: { data: tiny, shape: own.shape } },
          ],
          outputs: ['y'],
        };
        const whole = planNetwork(network, { batch, context });
        const what = context.kernels.name;
        expectSameBits(fullyConnectedInference({ input, kernel: own, context }), expected, `${what}, a call`);
        expectSameBits(fullyConnectedInference({ input, kernel, context }), expected, `${what}, a call in place`);
        expectSameBits(plan.run(input), expected, `${what}, a plan`);
        expectSameBits(whole.run({ x: input }).y, expected, `${what}, a network`);
        expect(kernel.data.slice(kernel.offset, kernel.offset + sizeOf(own.shape))).toEqual(tiny);
        plan.dispose();
        whole.dispose();
        context.free(kernel);
      }
    });
    fc.assert(property, { numRuns: runs(4) });
  });
});
