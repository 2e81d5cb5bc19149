/**
 * NNPACK's workloads with NNPACK's limits: the layers of AlexNet, OverFeat (fast) and VGG-A, whole, by every algorithm
 * that serves them. Two checks of each result:
 *
 *   - |ŷ − y| / |y| < limit on whole rows of a few output channels, against the sum in double, as NNPACK's tests measure it
 *     (its data hardly cancel, so that |y| is a fair scale);
 *   - all outputs at once by projection: Σ_k ±ŷ_k for random signs is the convolution with Σ_k ±w_k, one output channel
 *     that a naive sum can afford. Its error is at most limit · Σ_k |y_k|.
 *
 * What takes long is left to NNPACK_TEST_RUNS=slow; each such case is printed with its reason.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { nnpackChoice } from '../../src/dispatch/nnpack-rule.ts';
import {
  type Context,
  convolutionOutput,
  createContext,
  explainConvolution,
  fullyConnectedInference,
  fullyConnectedOutput,
  maxPoolingOutput,
  planConvolution,
  reluOutput,
  type Tensor,
} from '../../src/index.ts';
import { type ConvolutionShape, convolutionShape, multiplyAdds } from '../../src/tensor/convolution-shape.ts';
import { uniform } from '../../src/tensor/random.ts';
import { expectWithin } from '../../src/testing/index.ts';
import { naiveConvolution } from '../../src/testing/naive.ts';
import { type ConvolutionLayer, layerTables, type Planes, poolingTolerance, reluTolerance } from './layer-tables.ts';

const isSlow = process.env.NNPACK_TEST_RUNS === 'slow';
/** What one algorithm may take for one layer by its own estimate: milliseconds, and bytes beside the tensors. */
const BUDGET = isSlow ? { milliseconds: 8_000, bytes: 1.7e9 } : { milliseconds: 250, bytes: 220e6 };
/** A layer's data take time as well, and its sums: these are too large for every day. */
const LARGE_MACS = 930;
/** Halves of a relative error are nothing below this: NNPACK divides by the smallest normal number at least. */
const SMALLEST = 2 ** -126;

let context: Context;
const skipped: string[] = [];

beforeAll(async () => {
  context = await createContext({ threads: 2 });
});

afterAll(() => {
  context.dispose();
  if (skipped.length > 0) console.log(`left to NNPACK_TEST_RUNS=slow, or to larger machines:\n${skipped.join('\n')}`);
});

/** Uniform in [low, high), in the context's memory. */
function fill(shape: readonly number[], low: number, high: number, seed: number): Tensor {
  const tensor = context.allocate(shape);
  const next = uniform(seed);
  const { data, offset } = tensor;
  const end = offset + tensor.size;
  for (let i = offset; i < end; i++) data[i] = low + ((next() + 1) / 2) * (high - low);
  return tensor;
}

function elements(tensor: Tensor): Float32Array {
  return tensor.data.subarray(tensor.offset, tensor.offset + tensor.size);
}

function expectRelative(actual: ArrayLike<number>, expected: ArrayLike<number>, limit: number): void {
  const bound = new Float64Array(expected.length);
  for (let i = 0; i < bound.length; i++) bound[i] = limit * Math.max(SMALLEST, Math.abs(expected[i]));
  expectWithin(actual, expected, bound);
}

function shapeOf(layer: ConvolutionLayer, batch = 1): ConvolutionShape {
  const { inputChannels: c, outputChannels: k, inputSize: size, kernelSize: r, stride, padding } = layer;
  return convolutionShape('test', [batch, c, size, size], [k, c, r, r], { stride, padding });
}

/** The data of a layer, and the two expectations of its results. */
class Problem {
  readonly shape: ConvolutionShape;
  readonly input: Tensor;
  readonly kernel: Tensor;
  readonly bias: Tensor;
  readonly output: Tensor;
  readonly #limit: number;
  readonly #signs: Float64Array;
  readonly #projected: Float64Array;
  /** Output channels and rows that are compared element by element. */
  readonly #channels: readonly number[];
  readonly #rows: readonly number[];
  readonly #sampled: readonly Float64Array[];

  constructor(layer: ConvolutionLayer, limit: number, batch = 1) {
    const shape = shapeOf(layer, batch);
    const { inputChannels: c, outputChannels: k, inputHeight: h, kernelHeight: r, outputHeight } = shape;
    this.shape = shape;
    this.input = fill([batch, c, h, h], -0.1, 1, 1);
    this.kernel = fill([k, c, r, r], -0.1, 1, 2);
    this.bias = fill([k], -0.1, 1, 3);
    this.output = context.allocate([batch, k, outputHeight, outputHeight]);
    this.#limit = limit;

    const next = uniform(4);
    this.#signs = Float64Array.from({ length: k }, () => (next() < 0 ? -1 : 1));
    const [x, w, b] = [elements(this.input), elements(this.kernel), elements(this.bias)];
    const taps = c * r * r;
    const combined = new Float64Array(taps);
    let bias = 0;
    for (let channel = 0; channel < k; channel++) {
      const sign = this.#signs[channel];
      bias += sign * b[channel];
      for (let tap = 0; tap < taps; tap++) combined[tap] += sign * w[channel * taps + tap];
    }
    this.#projected = naiveConvolution({ ...shape, outputChannels: 1 }, x, combined, [bias]);

    this.#channels = [...new Set([0, Math.floor(k / 3), k - 1])];
    this.#rows = [...new Set([0, Math.floor(outputHeight / 2), outputHeight - 1])];
    this.#sampled = this.#channels.flatMap((channel) => {
      const kernel = w.subarray(channel * taps, (channel + 1) * taps);
      return this.#rows.map((row) => naiveConvolution(this.#rowOf(row), x, kernel, [b[channel]]));
    });
  }

  /** One output channel of one row, as a convolution of its own: the same image, moved up by padding less. */
  #rowOf(row: number): ConvolutionShape {
    const { shape } = this;
    return { ...shape, outputChannels: 1, outputHeight: 1, paddingTop: shape.paddingTop - row * shape.strideHeight };
  }

  poison(): void {
    elements(this.output).fill(Number.NaN);
  }

  expectRight(): void {
    const { batch, outputChannels: k, outputHeight, outputWidth } = this.shape;
    const y = elements(this.output);
    const pixels = outputHeight * outputWidth;
    this.#channels.forEach((channel, i) => {
      this.#rows.forEach((row, j) => {
        const actual = Array.from({ length: batch }, (_, n) => {
          const start = ((n * k + channel) * outputHeight + row) * outputWidth;
          return [...y.subarray(start, start + outputWidth)];
        }).flat();
        expectRelative(actual, this.#sampled[i * this.#rows.length + j], this.#limit);
      });
    });
    const projected = new Float64Array(batch * pixels);
    const scale = new Float64Array(batch * pixels);
    for (let n = 0; n < batch; n++) {
      for (let channel = 0; channel < k; channel++) {
        const plane = (n * k + channel) * pixels;
        for (let p = 0; p < pixels; p++) {
          projected[n * pixels + p] += this.#signs[channel] * y[plane + p];
          scale[n * pixels + p] += Math.abs(y[plane + p]);
        }
      }
    }
    const bound = scale.map((value) => this.#limit * value);
    expectWithin(projected, this.#projected, bound, [batch, outputHeight, outputWidth]);
  }

  free(): void {
    for (const tensor of [this.input, this.kernel, this.bias, this.output]) context.free(tensor);
  }
}

describe.each(layerTables)('convolutions of $name', ({ name, convolution, inferenceTolerance }) => {
  it.each(convolution)('$name: the figures of the table are those of its shape', (layer) => {
    const shape = shapeOf(layer);
    expect(shape.outputHeight).toBe(layer.outputSize);
    expect(Math.abs(multiplyAdds(shape) / 1e6 - layer.megaMacs)).toBeLessThanOrEqual(0.0501);
    const tiles = (edge: number) => Math.ceil(layer.outputSize / (edge + 1 - layer.kernelSize)) ** 2;
    if (layer.tiles8x8 !== undefined) expect([tiles(8), tiles(16)]).toEqual([layer.tiles8x8, layer.tiles16x16]);
    expect(layer.tiles8x8 === undefined).toBe(layer.stride > 1);
    expect(nnpackChoice('inference', shape)).toBe(layer.inferenceAlgorithm);
    expect(nnpackChoice('output', shape) ?? undefined).toBe(layer.outputAlgorithm);
  });

  const everyDay = convolution.filter((layer) => isSlow || layer.megaMacs < LARGE_MACS);
  for (const layer of convolution) {
    if (!everyDay.includes(layer)) skipped.push(`  ${name} ${layer.name}: ${layer.megaMacs} million multiply-adds`);
  }

  it.each(everyDay)('$name is within NNPACK’s limit by every algorithm', { timeout: 600_000 }, (layer) => {
    const { stride, padding } = layer;
    const problem = new Problem(layer, inferenceTolerance);
    const { input, kernel, bias, output } = problem;
    const options = { input, kernel, bias, stride, padding, context };
    const ran: AlgorithmName[] = [];
    for (const { algorithm, refusal, work, cost } of explainConvolution(options).candidates) {
      // Larger tiles err more than NNPACK's limits allow.
      if (refusal?.startsWith('error bound')) {
        expect(['wt9x9', 'wt10x10']).toContain(algorithm);
        continue;
      }
      if (work === null || cost === null) {
        expect(refusal).not.toBeNull();
        continue;
      }
      const milliseconds = cost.run + cost.pack;
      const bytes = work.workspaceBytes + work.packedBytes;
      // What NNPACK has is run whatever it takes, where the layer is.
      const isNnpacks = algorithm === layer.inferenceAlgorithm || algorithm === 'implicit-gemm';
      if (!isNnpacks && (milliseconds > BUDGET.milliseconds || bytes > BUDGET.bytes)) {
        skipped.push(
          `  ${name} ${layer.name} by ${algorithm}: about ${milliseconds.toFixed(0)} ms and ${(bytes / 1e6).toFixed(0)} MB`,
        );
        continue;
      }
      const plan = planConvolution({ ...options, algorithm });
      problem.poison();
      plan.run(input, output);
      plan.dispose();
      problem.expectRight();
      ran.push(algorithm);
    }
    expect(ran).toContain(layer.inferenceAlgorithm);
    expect(ran).toContain('implicit-gemm');
    problem.free();
    expect(context.arena.usedBytes).toBe(0);
  });

  const batched = everyDay.filter((layer) =>
    isSlow ? layer.megaMacs < 1000 : layer.megaMacs < 115 && layer.stride === 1,
  );
  it.each(batched)('$name, a batch of three, by NNPACK’s rule and by ours', { timeout: 600_000 }, (layer) => {
    const { stride, padding } = layer;
    const problem = new Problem(layer, inferenceTolerance, 3);
    const { input, kernel, bias, output } = problem;
    for (const rule of ['nnpack', 'fastest'] as const) {
      problem.poison();
      convolutionOutput({ input, kernel, bias, output, stride, padding, rule, activation: 'relu', context });
      problem.expectRight();
    }
    problem.free();
  });
});

/** Layers of all networks, each size once. */
function distinct<Layer>(layers: readonly Layer[], key: (layer: Layer) => string): (Layer & { key: string })[] {
  return [...new Map(layers.map((layer) => [key(layer), { ...layer, key: key(layer) }])).values()];
}

describe('fully-connected layers', () => {
  const layers = distinct(
    layerTables.flatMap((table) => table.fullyConnected),
    ({ inputChannels, outputChannels }) => `${inputChannels} → ${outputChannels}`,
  );
  const everyDay = layers.filter(({ inputChannels, outputChannels }) => isSlow || inputChannels * outputChannels < 2e7);
  for (const layer of layers) {
    if (!everyDay.includes(layer))
      skipped.push(
        `  ${layer.key}: ${((layer.inputChannels * layer.outputChannels * 4) / 1e6).toFixed(0)} MB of weights`,
      );
  }

  /** Every output channel in turn would take long where there are many; these are spread over all of them. */
  const sampled = (channels: number) => Array.from({ length: 64 }, (_, i) => Math.floor((i * (channels - 1)) / 63));

  function dot(w: (c: number) => number, x: Float32Array): number {
    let sum = 0;
    for (let c = 0; c < x.length; c++) sum += w(c) * x[c];
    return sum;
  }

  it.each(everyDay)(
    '$key is within NNPACK’s limit for one image and for a batch',
    ({ inputChannels: c, outputChannels: k, inferenceTolerance }) => {
      const kernel = fill([k, c], 0, 1, 1);
      const weights = elements(kernel);
      for (const batch of [1, 4, 5]) {
        const input = fill([batch, c], 0, 1, 2);
        const output = (batch === 1 ? fullyConnectedInference : fullyConnectedOutput)({ input, kernel, context });
        expect(output.shape).toEqual([batch, k]);
        const x = elements(input);
        const limit = batch === 1 ? inferenceTolerance : 1e-5;
        for (let n = 0; n < batch; n++) {
          const image = x.subarray(n * c, (n + 1) * c);
          const channels = sampled(k);
          const expected = channels.map((channel) => dot((i) => weights[channel * c + i], image));
          expectRelative(
            channels.map((channel) => output.get(n, channel)),
            expected,
            limit,
          );
        }
        context.free(input);
      }
      context.free(kernel);
    },
  );

  it.each(everyDay)(
    '$key with half-precision weights is within NNPACK’s limit',
    ({ inputChannels: c, outputChannels: k, inferenceTolerance }) => {
      // Exponents −7 to −1: numbers in [2⁻⁷, 1), the same in either format.
      const next = uniform(5);
      const data = new Uint16Array(k * c);
      for (let i = 0; i < data.length; i++) data[i] = 0x2000 + Math.floor(((next() + 1) / 2) * 0x1c00);
      const value = (half: number) => (1 + (half & 1023) / 1024) * 2 ** ((half >> 10) - 15);
      const input = fill([c], 0, 1, 2);
      const x = elements(input);
      const channels = sampled(k);
      const expected = channels.map((channel) => dot((i) => value(data[channel * c + i]), x));
      for (const format of ['binary16', 'alternative'] as const) {
        const output = fullyConnectedInference({ input, kernel: { data, shape: [k, c], format }, context });
        expectRelative(
          channels.map((channel) => output.get(channel)),
          expected,
          inferenceTolerance,
        );
      }
      context.free(input);
    },
  );
});

const keyOf = ({ channels, inputSize }: Planes) => `${channels} @ ${inputSize}`;

describe('max pooling, 2 × 2 at stride 2', () => {
  it.each(
    distinct(
      layerTables.flatMap((table) => table.pooling),
      keyOf,
    ),
  )('$key', ({ channels, inputSize }) => {
    const input = fill([1, channels, inputSize, inputSize], 0, 1, 1);
    const half = inputSize / 2;
    const output = maxPoolingOutput({ input, poolingSize: 2, stride: 2, convention: 'full', context });
    expect(output.shape).toEqual([1, channels, half, half]);
    const x = elements(input);
    const expected = new Float64Array(channels * half * half);
    for (let i = 0; i < expected.length; i++) {
      const corner = Math.floor(i / half) * 2 * inputSize + (i % half) * 2;
      expected[i] = Math.max(x[corner], x[corner + 1], x[corner + inputSize], x[corner + inputSize + 1]);
    }
    expectRelative(output.data, expected, poolingTolerance);
    context.free(input);
  });
});

describe('ReLU', () => {
  it.each(
    distinct(
      layerTables.flatMap((table) => table.relu),
      keyOf,
    ),
  )('$key', ({ channels, inputSize }) => {
    const input = fill([1, channels, inputSize, inputSize], -1, 1, 1);
    const expected = new Float64Array(elements(input)).map((x) => (x < 0 ? x * 0.2 : x));
    const output = reluOutput({ input, negativeSlope: 0.2, context });
    expectRelative(output.data, expected, reluTolerance);
    // In place, as NNPACK's tests do as well.
    expect(reluOutput({ input, output: input, negativeSlope: 0.2, context })).toBe(input);
    expectRelative(elements(input), expected, reluTolerance);
    context.free(input);
  });
});
