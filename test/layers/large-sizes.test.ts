/**
 * Sizes that need no array behind them, a padding, a window, a stride, a dilation, may be as large as a caller likes: what
 * 32-bit arithmetic would make of them must not show. Every table gives what windows by their definition give.
 */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import {
  averagePoolingOutput,
  convolutionInference,
  type LocalResponseNormalisationOptions,
  localResponseNormalisationOutput,
  maxPoolingOutput,
  NnpackError,
} from '../../src/index.ts';
import { planNetwork } from '../../src/networks/index.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { naiveConvolution } from '../../src/testing/naive.ts';
import { tensor } from '../support/tensors.ts';
import { contextsForFile, runs, sizeOf } from './support.ts';

const contexts = contextsForFile();

const HUGE = [2 ** 30, 2 ** 30 - 1, 2 ** 29, 2 ** 28 + 3, 2 ** 20];
const size = (least: number, usual: number, huge = HUGE) =>
  fc.oneof(fc.integer({ min: least, max: usual }), fc.constantFrom(...huge));

/** The elements of a line of `length` that the window from `start` on holds. */
const inside = (start: number, pool: number, length: number) => [Math.max(start, 0), Math.min(start + pool, length)];

interface Windows {
  readonly pool: number;
  readonly stride: number;
  readonly before: number;
  readonly after: number;
}

const axis: fc.Arbitrary<Windows> = fc.record({
  pool: size(1, 4),
  stride: size(1, 4),
  before: size(0, 4),
  after: size(0, 4),
});

/** Of the plane of 5 × 6 at x, all windows by their definition: the maxima, or the averages of what is inside or of all. */
function naivePool(
  x: ArrayLike<number>,
  [rows, columns]: readonly [Windows, Windows],
  outputHeight: number,
  outputWidth: number,
  type: 'max' | 'average' | 'average of all',
): number[] {
  const y: number[] = [];
  for (let i = 0; i < outputHeight; i++) {
    for (let j = 0; j < outputWidth; j++) {
      const [top, bottom] = inside(i * rows.stride - rows.before, rows.pool, 5);
      const [left, right] = inside(j * columns.stride - columns.before, columns.pool, 6);
      const values: number[] = [];
      for (let h = top; h < bottom; h++) for (let v = left; v < right; v++) values.push(x[h * 6 + v]);
      const count = type === 'average of all' ? rows.pool * columns.pool : Math.max(values.length, 1);
      const sum = values.reduce((total, value) => total + value, 0);
      y.push(type === 'max' ? Math.max(-Infinity, ...values) : Math.fround(sum / count));
    }
  }
  return y;
}

describe('pooling', () => {
  const input = tensor([2, 5, 6], 3);
  const problem = fc.record({
    rows: axis,
    columns: axis,
    convention: fc.constantFrom('valid' as const, 'full' as const),
    type: fc.constantFrom('max' as const, 'average' as const, 'average of all' as const),
  });

  function expectNaive({ rows, columns, convention, type }: typeof problem extends fc.Arbitrary<infer P> ? P : never) {
    const options = {
      input,
      convention,
      poolingSize: { height: rows.pool, width: columns.pool },
      stride: { height: rows.stride, width: columns.stride },
      padding: { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after },
    };
    const run = (context: (typeof contexts)[number]) =>
      type === 'max'
        ? maxPoolingOutput({ ...options, context })
        : averagePoolingOutput({ ...options, countPadding: type === 'average of all', context });
    for (const context of contexts) {
      let y: ReturnType<typeof run>;
      try {
        y = run(context);
      } catch (error) {
        // Windows that do not fit, or more outputs than there is memory for.
        if (!(error instanceof NnpackError)) throw error;
        expect(['invalid-pooling-size', 'out-of-memory']).toContain(error.code);
        continue;
      }
      const [, outputHeight, outputWidth] = y.shape;
      for (const plane of [0, 1]) {
        const x = input.data.subarray(plane * 30, plane * 30 + 30);
        const expected = naivePool(x, [rows, columns], outputHeight, outputWidth, type);
        const found = [...y.data.subarray(plane * expected.length, (plane + 1) * expected.length)];
        expected.forEach((value, i) => {
          const isEqual = found[i] === value || Math.abs(found[i] - value) <= 2 ** -23 * Math.abs(value) + 2 ** -149;
          if (!isEqual)
            throw new Error(`${context.kernels.name}, plane ${plane}, ${i}: ${found[i]}, expected ${value}`);
        });
      }
    }
  }

  it('with padding, windows and stride of 2³⁰', () => {
    const huge = { pool: 2 ** 30, stride: 2 ** 30, before: 2 ** 30, after: 2 ** 30 };
    const small = { pool: 2, stride: 1, before: 0, after: 0 };
    for (const type of ['max', 'average', 'average of all'] as const) {
      for (const convention of ['valid', 'full'] as const) {
        expectNaive({ rows: huge, columns: huge, convention, type });
        expectNaive({ rows: huge, columns: small, convention, type });
        expectNaive({ rows: small, columns: huge, convention, type });
      }
    }
  });

  it('of any sizes', () => {
    // Few outputs, of which each is made of few elements, whatever the sizes.
    const few = problem.filter(({ rows, columns }) =>
      [rows, columns].every(({ pool, stride, before, after }) => (before + after + 6 - pool) / stride < 50),
    );
    fc.assert(fc.property(few, expectNaive), { numRuns: runs(150) });
  });
});

describe('convolution', () => {
  // So large that no copy with its padding fits the memory: one that does is slow, and not of another kind.
  const huge = [2 ** 30, 2 ** 30 - 1];
  const axis = fc.record({
    stride: size(1, 3, huge),
    dilation: size(1, 3, huge),
    before: size(0, 3, huge),
    after: size(0, 3, huge),
  });

  it('with any stride, dilation and padding', () => {
    const [input, kernel] = [tensor([1, 2, 5, 6], 1), tensor([3, 2, 2, 2], 2)];
    const problem = fc
      .record({ rows: axis, columns: axis })
      .filter(({ rows, columns }) =>
        [rows, columns].every((a) => (a.before + a.after + 6 - a.dilation) / a.stride < 50),
      );
    const property = fc.property(problem, ({ rows, columns }) => {
      const geometry = {
        stride: { height: rows.stride, width: columns.stride },
        dilation: { height: rows.dilation, width: columns.dilation },
        padding: { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after },
      };
      let expected: Float64Array;
      try {
        expected = naiveConvolution(
          convolutionShape('test', input.shape, kernel.shape, geometry),
          input.data,
          kernel.data,
          null,
        );
      } catch (error) {
        // A kernel that its dilation makes larger than the image.
        if (error instanceof NnpackError && error.code === 'invalid-kernel-size') return;
        throw error;
      }
      for (const context of contexts) {
        const y = convolutionInference({ input, kernel, ...geometry, context });
        expect(y.size).toBe(expected.length);
        expected.forEach((value, i) => {
          if (!(Math.abs(y.data[i] - value) < 1e-4)) {
            throw new Error(`${context.kernels.name} at ${i}: ${y.data[i]}, expected ${value}`);
          }
        });
      }
    });
    fc.assert(property, { numRuns: runs(40) });
  });
});

describe('local response normalisation', () => {
  /** alpha / size is 2⁻¹⁰ whatever the size, so that the squares count. */
  const optionsOf = (size: number, beta: number) => ({ size, alpha: size * 2 ** -10, beta, bias: 1 });

  function expectNaive(
    channels: number,
    { size, alpha, beta, bias }: Omit<LocalResponseNormalisationOptions, 'input'>,
  ) {
    const input = tensor([channels, 2, 3], channels);
    const expected = Float64Array.from(input.data, (x, at) => {
      const [c, p] = [Math.floor(at / 6), at % 6];
      let squares = 0;
      for (let k = 0; k < channels; k++) {
        const isInside = k >= c - Math.floor((size - 1) / 2) && k <= c + Math.floor(size / 2);
        if (isInside) squares += input.data[k * 6 + p] ** 2;
      }
      return x * (bias + (alpha / size) * squares) ** -beta;
    });
    const network = {
      name: 'one layer',
      inputs: [{ name: 'x', shape: [channels, 2, 3] }],
      nodes: [{ name: 'y', op: 'local-response-normalisation' as const, inputs: ['x'], size, alpha, beta, bias }],
      outputs: ['y'],
    };
    for (const context of contexts) {
      const layer = localResponseNormalisationOutput({ input, size, alpha, beta, bias, context });
      const plan = planNetwork(network, { context });
      const { y } = plan.run({ x: ndarray(input.data, [1, ...input.shape]) });
      plan.dispose();
      expect(sizeOf(y.shape)).toBe(expected.length);
      expected.forEach((value, i) => {
        for (const found of [layer.data[i], y.data[i]]) {
          if (!(Math.abs(found - value) <= 1e-5 * Math.abs(value))) {
            throw new Error(`${context.kernels.name}, size ${size}, at ${i}: ${found}, expected ${value}`);
          }
        }
      });
    }
  }

  it('of 2³² + 3 channels is that of all channels there are', () => {
    for (const beta of [0.75, 0.6]) expectNaive(5, optionsOf(2 ** 32 + 3, beta));
  });

  it('of any size', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 2, 2 ** 40 + 1),
    );
    const property = fc.property(
      fc.integer({ min: 1, max: 9 }),
      sizes,
      fc.constantFrom(0.5, 0.75, 1, 0.3),
      (c, n, beta) => expectNaive(c, optionsOf(n, beta)),
    );
    fc.assert(property, { numRuns: runs(60) });
  });
});
