/** Fully-connected layers against the sum in double, in float32 and both half-precision formats. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import {
  type Context,
  createContext,
  decodeHalves,
  explainFullyConnected,
  fullyConnectedInference,
  fullyConnectedOutput,
  type HalfTensor,
  NnpackError,
  planFullyConnected,
  type TensorLike,
} from '../../src/index.ts';
import { uniform } from '../../src/tensor/random.ts';
import {
  type Argument,
  argumentOf,
  checkLayer,
  contextsForFile,
  DENSE,
  EPSILON,
  extent,
  type Layout,
  layoutOf,
  runs,
  sizeOf,
  spice,
  TINY,
  valuesOf,
} from './support.ts';

const contexts = contextsForFile();

const ACTIVATIONS = [
  [undefined, (y: number) => y],
  ['relu', (y: number) => Math.max(y, 0)],
  [{ type: 'leaky', slope: 0.25 }, (y: number) => (y < 0 ? y * 0.25 : y)],
  [{ type: 'clamp', min: -2, max: 3 }, (y: number) => Math.min(Math.max(y, -2), 3)],
] as const;

type Floats = Float32Array | Float64Array;

/** y[n, k] = b[k] + Σ_c w[k, c] · x[n, c], in double. */
function naive(batch: number, x: Floats, w: Floats, b: Floats | null): Float64Array {
  const channels = x.length / batch;
  const outputs = w.length / channels;
  const y = new Float64Array(batch * outputs);
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      let sum = b === null ? 0 : b[k];
      for (let c = 0; c < channels; c++) sum += w[k * channels + c] * x[n * channels + c];
      y[n * outputs + k] = sum;
    }
  }
  return y;
}

/**
 * What may be wrong with y: each rounding of the sum, one of the bias and one of the activation, each at most 2⁻²⁴ of
 * |b| + Σ |w| |x|. None of the activations makes an error larger.
 */
function boundOf(batch: number, x: Floats, w: Floats, b: Floats | null) {
  const scale = naive(batch, x.map(Math.abs), w.map(Math.abs), b === null ? null : b.map(Math.abs));
  return (i: number, { kernels }: Context) => {
    const count = kernels.gemmRoundings(x.length / batch) + 2;
    return 1.001 * count * EPSILON * scale[i] + count * TINY;
  };
}

interface Case {
  readonly x: Argument;
  readonly kernel: Argument;
  readonly bias: Argument | null;
  readonly activation: number;
  readonly outputLayout: Layout;
}

/** Batches on both sides of the change from dot products to the matrix product, and of blocks of four images. */
const BATCHES = [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13];

const cases: fc.Arbitrary<Case> = fc
  .record({
    batch: fc.option(fc.constantFrom(...BATCHES), { nil: null }),
    channels: fc.oneof(extent(20), fc.constantFrom(63, 64, 65)),
    outputs: fc.oneof(extent(20), fc.constantFrom(31, 33)),
    kind: spice,
  })
  .chain(({ batch, channels, outputs, kind }) =>
    fc.record({
      x: argumentOf(batch === null ? [channels] : [batch, channels], kind),
      kernel: argumentOf([outputs, channels]),
      bias: fc.option(argumentOf([outputs]), { nil: null }),
      activation: fc.nat(ACTIVATIONS.length - 1),
      outputLayout: layoutOf(batch === null ? 1 : 2),
    }),
  );

function expectedOf({ x, bias, activation }: Pick<Case, 'x' | 'bias' | 'activation'>, w: Floats) {
  const batch = x.shape.length === 1 ? 1 : x.shape[0];
  const b = bias?.values ?? null;
  return {
    expected: naive(batch, x.values, w, b).map(ACTIVATIONS[activation][1]),
    bound: boundOf(batch, x.values, w, b),
  };
}

describe.each([
  ['fullyConnectedInference', fullyConnectedInference],
  ['fullyConnectedOutput', fullyConnectedOutput],
])('%s', (_, connect) => {
  it('is activation(b + W · x) for any batch and layout of all tensors', () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const { x, kernel, bias, activation, outputLayout } = drawn;
        checkLayer(contexts, {
          inputs: [x, kernel, ...(bias === null ? [] : [bias])],
          outputShape: [...x.shape.slice(0, -1), kernel.shape[0]],
          outputLayout,
          ...expectedOf(drawn, kernel.values),
          run: ([input, w, b], output, context) =>
            connect({ input, kernel: w, bias: b, activation: ACTIVATIONS[activation][0], output, context }),
        });
      }),
      { numRuns: runs(150) },
    );
  });
});

/** A half-precision number by its definition: sign, exponent of 5 bits, fraction of 10. */
function halfValue(code: number, format: HalfTensor['format']): number {
  const [sign, e, m] = [code >> 15 ? -1 : 1, (code >> 10) & 31, code & 1023];
  if (e === 31 && format === 'binary16') return m === 0 ? sign * Infinity : NaN;
  return e === 0 ? sign * 2 ** -24 * m : sign * 2 ** (e - 15) * (1 + m / 1024);
}

describe('half-precision weights', () => {
  /** Any code at all, ∞ and NaN among them: one in 32 has exponent 31. */
  const codesOf = (size: number, s: number): Uint16Array => {
    const next = uniform(s);
    return Uint16Array.from({ length: size }, () => Math.floor(((next() + 1) / 2) * 65_536));
  };

  it('give the numbers of their format, at every batch', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom('binary16' as const, 'alternative' as const), (drawn, format) => {
        const { x, kernel, bias, activation, outputLayout } = drawn;
        const data = codesOf(sizeOf(kernel.shape), kernel.values.length + 1);
        const w = Float64Array.from(data, (code) => halfValue(code, format));
        checkLayer(contexts, {
          inputs: [x, ...(bias === null ? [] : [bias])],
          outputShape: [...x.shape.slice(0, -1), kernel.shape[0]],
          outputLayout,
          ...expectedOf(drawn, w),
          run: ([input, b], output, context) =>
            fullyConnectedInference({
              input,
              kernel: { data, shape: kernel.shape, format },
              bias: b,
              activation: ACTIVATIONS[activation][0],
              output,
              context,
            }),
        });
      }),
      { numRuns: runs(150) },
    );
  });

  it('differ between the formats in exponent 31 alone', () => {
    const [context] = contexts;
    const run = (format: HalfTensor['format']) => {
      const kernel = { data: Uint16Array.of(0x7c00, 0xfbff, 0x7e00, 0x3c00), shape: [4, 1], format };
      return [...fullyConnectedInference({ input: ndarray(Float32Array.of(1), [1]), kernel, context }).data];
    };
    expect(run('binary16')).toEqual([Infinity, -65_504, NaN, 1]);
    expect(run('alternative')).toEqual([65_536, -65_504, 98_304, 1]);
  });
});

/** Layers with several items, blocks of images, panels of channels, and (the last two) passes and windows of weights. */
const LARGE = [
  ['float32', 1, 1200, 600],
  ['binary16', 1, 1200, 600],
  ['alternative', 3, 1200, 600],
  ['float32', 6, 800, 600],
  ['binary16', 6, 800, 600],
  ['float32', 150, 90, 300],
  ['alternative', 257, 33, 70],
  ['float32', 1, 8192, 1100],
  ['binary16', 6, 8192, 1100],
] as const;

it.each(LARGE)('%s weights, batch %i, %i → %i, are shared among threads', (format, batch, channels, outputs) => {
  const x = { shape: [batch, channels], values: valuesOf(batch * channels, 1), layout: DENSE(2, true) };
  const bias = { shape: [outputs], values: valuesOf(outputs, 2), layout: DENSE(1) };
  const values = valuesOf(outputs * channels, 3);
  // Half-precision numbers from 1 to 4.
  const codes = new Uint16Array(values).map((_, i) => 0x3c00 + Math.abs(values[i]) * 512);
  const shape = [outputs, channels];
  const kernel = format === 'float32' ? { data: values, shape } : { data: codes, shape, format };
  const w = format === 'float32' ? values : values.map((_, i) => halfValue(codes[i], format));
  checkLayer(contexts, {
    inputs: [x, bias],
    outputShape: [batch, outputs],
    outputLayout: DENSE(2, true),
    ...expectedOf({ x, bias, activation: 1 }, w),
    // Once by a plan, which has all weights at once, and once in one call, which passes them through.
    run: ([input, b], output, context) => {
      const options = { input, kernel, bias: b, activation: 'relu', context } as const;
      if (output !== undefined) return fullyConnectedOutput({ ...options, output });
      const plan = planFullyConnected(options);
      try {
        return plan.run(input);
      } finally {
        plan.dispose();
      }
    },
  });
});

describe('planFullyConnected', () => {
  it.each([
    ['every code', 'binary16', 0xffff],
    ['every code below exponent 31', 'binary16', 0xfbff],
    ['every code', 'alternative', 0xffff],
  ] as const)('counts %s of %s as its number', (_, format, mask) => {
    // One code in each row, in the column that is left over after groups of eight.
    const [outputs, channels] = [65_536, 9];
    const codes = Uint16Array.from({ length: outputs }, (_, code) => code & mask);
    const data = new Uint16Array(outputs * channels);
    codes.forEach((code, i) => {
      data[i * channels + 8] = code;
    });
    const input = { data: new Float32Array(channels).fill(1), shape: [channels] };
    const expected = decodeHalves(codes, format).map((value) => value + 0);
    for (const context of contexts) {
      const plan = planFullyConnected({ input, kernel: { data, shape: [outputs, channels], format }, context });
      expect(plan.run(input).data).toEqual(expected);
      plan.dispose();
    }
  });

  it('computes what one call does, bit for bit, as often as it is run', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(undefined, 'binary16' as const), ({ x, kernel, bias, activation }, format) => {
        for (const context of contexts) {
          const codes = Uint16Array.from(kernel.values, (value) => 0x3000 + Math.round(value * 512));
          const w: TensorLike | HalfTensor =
            format === undefined
              ? { data: kernel.values, shape: kernel.shape }
              : { data: codes, shape: kernel.shape, format };
          const options = {
            kernel: w,
            bias: bias === null ? undefined : { data: bias.values, shape: bias.shape },
            activation: ACTIVATIONS[activation][0],
            context,
          };
          const input = { data: x.values, shape: x.shape };
          const plan = planFullyConnected({ input: { shape: x.shape }, ...options });
          try {
            const once = fullyConnectedInference({ input, ...options });
            const again = [plan.run(input), plan.run(input)];
            const given = { data: new Float32Array(once.data.length + 1).fill(NaN), shape: once.shape, offset: 1 };
            expect(plan.run(input, given)).toBe(given);
            for (const { data } of again) expect([...data]).toEqual([...once.data]);
            expect([...given.data]).toEqual([NaN, ...once.data]);
            expect(plan.packedBytes).toBeGreaterThanOrEqual(sizeOf(kernel.shape) * (format === undefined ? 4 : 2));
          } finally {
            plan.dispose();
          }
          expect(context.describe().usedBytes).toBe(0);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  it('keeps weights of its own, runs in the context’s memory without allocating, and tells its times', async () => {
    const context = await createContext({ threads: 1 });
    for (const batch of [1, 8]) {
      const kernel = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };
      const plan = planFullyConnected({ input: { shape: [batch, 3] }, kernel, context });
      kernel.data.fill(NaN);
      const [x, y] = [context.allocate([batch, 3]), context.allocate([batch, 2])];
      x.data.fill(1, x.offset, x.offset + 3 * batch);
      const { peakBytes } = context.describe();
      plan.run(x, y);
      plan.run(x, y);
      expect(context.describe().peakBytes).toBe(peakBytes);
      expect([y.get(batch - 1, 0), y.get(batch - 1, 1)]).toEqual([6, 15]);
      const { total, inputTransform, blockMultiplication, other } = plan.profile;
      expect(inputTransform + blockMultiplication + other).toBeCloseTo(total, 9);
      expect(plan.workspaceBytes > 0).toBe(batch === 8);
      plan.dispose();
      plan.dispose();
      expect(() => plan.run(x, y)).toThrow(expect.objectContaining({ code: 'disposed' }));
      context.free(x);
      context.free(y);
    }
    expect(context.describe().usedBytes).toBe(0);
    context.dispose();
  });

  it('refuses another shape than was planned, and gives memory back when there is too little', async () => {
    const context = await createContext({ threads: 1, memoryLimit: 2 ** 20 });
    const kernel = { data: new Float32Array(400_000), shape: [100, 4000] };
    expect(() => planFullyConnected({ input: { shape: [4000] }, kernel, context })).toThrow(
      expect.objectContaining({ code: 'out-of-memory' }),
    );
    expect(context.describe().usedBytes).toBe(0);
    const small = { data: new Float32Array(6), shape: [2, 3] };
    const plan = planFullyConnected({ input: { shape: [1, 3] }, kernel: small, context });
    const refused = () => plan.run({ data: new Float32Array(6), shape: [2, 3] });
    expect(refused).toThrow(NnpackError);
    expect(refused).toThrow('planFullyConnected: input has shape [2, 3], expected [1, 3] (what was planned)');
    context.dispose();
  });
});

describe('memory', () => {
  it('reads a kernel of the context where it is, and passes any other through in parts', async () => {
    const context = await createContext({ threads: 1 });
    const kernel = context.allocate([300, 500]);
    const [input, output] = [context.allocate([2, 500]), context.allocate([2, 300])];
    const { peakBytes } = context.describe();
    fullyConnectedOutput({ input, kernel, output, context });
    expect(context.describe().peakBytes).toBe(peakBytes);
    const outside = { data: new Float32Array(2 ** 24), shape: [(2 ** 24 / 500) | 0, 500] };
    fullyConnectedOutput({ input, kernel: outside, context });
    // Twice 2²³ weights; half of them are there at once, and the outputs.
    expect(context.describe().peakBytes - peakBytes).toBeLessThan(2 ** 23 * 4 + 2 * 40_000 * 4);
    context.dispose();
  });

  it('refuses an output that lies in half-precision weights', () => {
    const [context] = contexts;
    const place = context.allocate([64]);
    const data = new Uint16Array(place.data.buffer, place.data.byteOffset + 2, 20);
    const kernel = { data, shape: [4, 5], format: 'binary16' as const };
    const input = { data: new Float32Array(5), shape: [5] };
    const output = (start: number) => ({ data: place.data, shape: [4], offset: start });
    for (const start of [0, 5, 10]) {
      expect(() => fullyConnectedInference({ input, kernel, output: output(start), context })).toThrow(
        'fullyConnectedInference: output overlaps the kernel, expected them apart',
      );
    }
    fullyConnectedInference({ input, kernel, output: output(11), context });
    context.free(place);
  });
});

describe('explainFullyConnected', () => {
  it('applies the documented rule, and says how the layer runs', () => {
    const kernel = { shape: [4096, 25_088] };
    const one = explainFullyConnected({ input: { shape: [25_088] }, kernel });
    expect([one.eligible, one.implementation]).toEqual([true, 'dots']);
    const six = explainFullyConnected({ input: { shape: [6, 25_088] }, kernel });
    expect([six.eligible, six.implementation]).toEqual([false, 'gemm']);
    expect(six.rules).toEqual([{ condition: 'batch = 2ⁿ', passed: false, value: '6' }]);
    expect(String(six)).toContain('fully-connected 6×25088 · 4096×25088 → 6×4096');
  });
});
