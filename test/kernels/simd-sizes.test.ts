import { describe, expect, test } from 'vitest';
import { panelCodes } from '../../src/kernels/half-panels.ts';
import { referenceArithmetic } from '../../src/kernels/reference/arithmetic.ts';
import { referenceDepthwise } from '../../src/kernels/reference/depthwise.ts';
import { referenceGates } from '../../src/kernels/reference/gates.ts';
import { referenceGemm } from '../../src/kernels/reference/gemm.ts';
import { referencePointwise } from '../../src/kernels/reference/pointwise.ts';
import { referencePooling } from '../../src/kernels/reference/pooling.ts';
import { referenceWeights } from '../../src/kernels/reference/weights.ts';
import { scalarDepthwise } from '../../src/kernels/scalar/depthwise.ts';
import { scalarPooling } from '../../src/kernels/scalar/pooling.ts';
import { emitArithmetic, simdArithmetic } from '../../src/kernels/simd/arithmetic.ts';
import { emitDepthwise, simdDepthwise, simdDepthwiseNumbers } from '../../src/kernels/simd/depthwise.ts';
import { simdDots } from '../../src/kernels/simd/dot-products.ts';
import { DOTS_ROUNDINGS, emitDots } from '../../src/kernels/simd/dots.ts';
import { SCRATCH_BYTES, type SimdExports } from '../../src/kernels/simd/exports.ts';
import { emitGates, GATE_ROUNDINGS, simdGates } from '../../src/kernels/simd/gates.ts';
import { mulAdd } from '../../src/kernels/simd/gemm-micro.ts';
import { emitHalfDots } from '../../src/kernels/simd/half-dots.ts';
import { emitLocalResponse, localResponseRoundings, simdLocalResponse } from '../../src/kernels/simd/local-response.ts';
import { emitPointwise, simdPointwise } from '../../src/kernels/simd/pointwise.ts';
import { emitPooling, simdPooling } from '../../src/kernels/simd/pooling.ts';
import { emitSoftmax, simdSoftmax } from '../../src/kernels/simd/softmax.ts';
import { emitWeights, simdWeights } from '../../src/kernels/simd/weights.ts';
import { COMBINATIONS, GATES, type KernelNumbers, type KernelTable } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import type { Module } from '../../src/wasm/index.ts';
import { emitted, FAR, farMemory, SCRATCH } from './emitted.ts';
import { EPSILON, expectWithin, memoryOver, poisonedMemory, randomFloats, TINY } from './harness.ts';

/**
 * Emitted kernels beside the reference at every size from 1 to 40 in each of two dimensions, which is every combination of
 * whole vectors, blocks and rests; at the end of a memory; and beyond 2 GiB, where addresses have their sign bit set.
 */

type Kernels = Omit<
  KernelTable,
  keyof KernelNumbers | 'tile' | 'sgemm' | 'sgemmIndirect' | 'resizeNearest' | 'resizeBilinear'
>;

const emit = (module: Module) => [
  ...emitPointwise(module, mulAdd),
  ...emitArithmetic(module),
  ...emitGates(module),
  ...emitSoftmax(module),
  ...emitLocalResponse(module, mulAdd),
  ...emitPooling(module),
  ...emitDepthwise(module, mulAdd, true),
  ...emitDots(module, mulAdd),
  ...emitHalfDots(module, mulAdd),
  ...emitWeights(module),
];

type Exports = SimdExports<typeof emit>;

/** Names of the exported functions that were asked for. */
const called = new Set<string>();

/** The emitted kernels; none of the data here should be left to scalar ones, but for planes of less than four columns. */
function simd(given: Exports, memory: Memory, scratch = SCRATCH): Kernels {
  const exports = new Proxy(given, {
    get(functions, name: keyof Exports) {
      called.add(name);
      return functions[name];
    },
  });
  const load = () => exports;
  const never = (): never => {
    throw new Error('left to the scalar kernel');
  };
  const { maxPool, averagePool } = scalarPooling(memory);
  const { padRows } = scalarDepthwise(memory);
  return {
    ...simdPointwise(load),
    ...simdArithmetic(load),
    ...simdGates(load),
    ...simdSoftmax(load),
    ...simdLocalResponse(load, { localResponse: never }),
    ...simdPooling(load, scratch, {
      maxPool: (h, w, ...rest) => (w < 4 ? maxPool(h, w, ...rest) : never()),
      averagePool: (h, w, ...rest) => (w < 4 ? averagePool(h, w, ...rest) : never()),
    }),
    ...simdDepthwise(load, {
      padRows: (rows, columns, x, h, w, ...rest) => (w < 4 ? padRows(rows, columns, x, h, w, ...rest) : never()),
      depthwise: never,
    }),
    ...simdDots(load, load, scratch, { dots: never, dotsHalf: never, dotsHalfPanels: never }),
    ...simdWeights(load, scratch, memory),
  };
}

function reference(memory: Memory): Kernels {
  return {
    ...referencePointwise(memory),
    ...referenceArithmetic(memory),
    ...referenceGates(memory),
    ...referencePooling(memory),
    ...referenceDepthwise(memory),
    ...referenceGemm(memory),
    ...referenceWeights(memory),
  };
}

/** A kernel over a × b elements or windows: what it reads, how much it writes, how it is called, and how far it may be off. */
interface Case {
  readonly name: string;
  readonly inputs: (a: number, b: number) => number;
  readonly outputs: (a: number, b: number) => number;
  readonly run: (kernels: Kernels, a: number, b: number, x: number, y: number) => void;
  readonly roundings: number;
  /** What to make of random numbers as inputs. */
  readonly values?: (x: Float32Array, b: number) => Float32Array;
  /** It is over a + b − 1 neighbours, whatever the two. */
  readonly isOneRun?: boolean;
  /** What to compute the scale of the errors from; without it, it is |y|. */
  readonly absolute?: (x: Float32Array, b: number) => Float32Array;
}

const square = (a: number, b: number) => a * b;
const absolute = (x: Float32Array) => x.map(Math.abs);

/** The bits of the first b floats and of the others, as far as they are in the masks. */
function masked(x: Float32Array, b: number, first: number, others: number): Float32Array {
  const bits = new Uint32Array(x.slice().buffer);
  return new Float32Array(bits.map((word, i) => word & (i < b ? first : others)).buffer);
}

/** Windows of a plane of a rows and b columns, as many as begin in it. */
function pooling(pool: number, stride: number, padding: number) {
  const count = (size: number) => Math.ceil((size + padding) / stride);
  return {
    inputs: square,
    outputs: (a: number, b: number) => count(a) * count(b),
    sizes: (a: number, b: number, x: number, y: number) =>
      [a, b, x, count(a), count(b), y, pool, pool, stride, stride, padding, padding] as const,
  };
}

/** A plane that windows of up to 40 × 40 fit. */
const PLANE = 41;

/** Windows of a rows and b columns; padding, and strides of 4 to 8 and of 1 to 8, vary with them. */
function windowsOf(a: number, b: number) {
  const [top, left, down, across] = [a >> 2, b >> 1, 4 + (a % 5), 1 + ((3 * b) % 8)];
  const [rows, columns] = [Math.floor((PLANE + top - a) / down) + 1, Math.floor((PLANE + left - b) / across) + 1];
  return {
    outputs: rows * columns,
    sizes: (x: number, y: number) => [PLANE, PLANE, x, rows, columns, y, a, b, down, across, top, left] as const,
  };
}

const WINDOWS = [
  [2, 2, 0],
  [3, 2, 0],
  [3, 1, 1],
  [5, 3, 2],
] as const;

/** What a depthwise kernel reads for a × b outputs: its taps, then a plane that ends with the last output's last tap. */
function depthwiseOf(size: number, stride: number, dilation: number) {
  const reach = (outputs: number) => (outputs - 1) * stride + (size - 1) * dilation + 1;
  return {
    inputs: (a: number, b: number) => size ** 2 + reach(a) * reach(b),
    run(k: Kernels, a: number, b: number, x: number, y: number): void {
      const window = [size, size, stride, stride, dilation, dilation] as const;
      k.depthwise(a, b, x + size ** 2, reach(b), x, ...window, 0, y, b, -Infinity, Infinity);
    },
  };
}

/** Sizes, strides and dilations that are written out, and some for each loop over taps. */
const DEPTHWISE = [
  ...[3, 5, 7].flatMap((size) => [1, 2].map((stride) => [size, stride, 1] as const)),
  [4, 1, 1],
  [2, 1, 2],
  [3, 2, 2],
  [2, 3, 1],
] as const;

/** A pass over up to 79 neighbours; without roundings of its own, it gives the bits of the reference. */
function pass(name: string, run: (k: Kernels, n: number, x: number, y: number) => void, roundings = 0): Case {
  const count = (a: number, b: number) => a + b - 1;
  return {
    name,
    inputs: count,
    outputs: count,
    run: (k, a, b, x, y) => run(k, count(a, b), x, y),
    roundings,
    isOneRun: true,
  };
}

const cases: readonly Case[] = [
  ...[1, 2, 3].map((step) => ({
    name: `copyRows by ${step}`,
    inputs: (a: number, b: number) => a * (b * step + 1),
    outputs: square,
    run: (k: Kernels, a: number, b: number, x: number, y: number) => k.copyRows(a, b, x, b * step + 1, step, y, b),
    roundings: 0,
  })),
  ...[0.5, 1].map((slope) => ({
    name: `clampRows, slope ${slope}`,
    inputs: (a: number, b: number) => a * (b + 1),
    outputs: square,
    run: (k: Kernels, a: number, b: number, x: number, y: number) =>
      k.clampRows(a, b, x, b + 1, y, b, 1, slope, -0.25, 0.5),
    roundings: 0,
  })),
  ...[0.5, 1].map((slope) => ({
    name: `clampRows to every third column, slope ${slope}`,
    inputs: square,
    outputs: (a: number, b: number) => a * 3 * b,
    // What is between the columns stays as it was.
    run: (k: Kernels, a: number, b: number, x: number, y: number) => {
      k.fill(a * 3 * b, y, 2);
      k.clampRows(a, b, x, b, y + 1, 3 * b, 3, slope, -0.25, 0.5);
    },
    roundings: 0,
  })),
  pass('fill', (k, n, _x, y) => k.fill(n, y, Math.fround(0.1))),
  pass('clamp', (k, n, x, y) => k.clamp(n, x, y, -0.25, 0.5)),
  pass('leakyRelu', (k, n, x, y) => k.leakyRelu(n, x, y, 0.25)),
  ...GATES.map((name) => pass(name, (k, n, x, y) => k[name](n, x, y, 1.5, 0.25), GATE_ROUNDINGS)),
  ...COMBINATIONS.flatMap((name) => [
    pass(`${name} of two runs`, (k, n, x, y) => k[name](n, x, 1, x, 1, y)),
    pass(`${name} of a run and a number`, (k, n, x, y) => k[name](n, x, 1, x, 0, y)),
    pass(`${name} of a number and a run`, (k, n, x, y) => k[name](n, x, 0, x, 1, y)),
  ]),
  pass('flush', (k, n, x, y) => k.flush(n, x, y)),
  pass('least', (k, n, x, y) => k.fill(n, y, k.least(n, x))),
  pass('greatest', (k, n, x, y) => k.fill(n, y, k.greatest(n, x))),
  // The product is exact, and only the sum is rounded.
  pass('scaleShift', (k, n, x, y) => k.scaleShift(n, x, y, -4, Math.fround(0.3))),
  {
    name: 'softmax',
    inputs: square,
    outputs: (a, b) => (a - 1) * b + 1,
    run: (k, a, b, x, y) => k.softmax(a, b, x, y),
    roundings: 2.001,
  },
  pass('softmax of neighbours', (k, n, x, y) => k.softmax(n, 1, x, y), 2.001),
  ...[0.5, 0.75, 1].map((beta) => ({
    name: `localResponse, β = ${beta}`,
    inputs: square,
    outputs: square,
    run: (k: Kernels, a: number, b: number, x: number, y: number) => k.localResponse(a, b, b, x, y, 5, 2, beta, 1),
    roundings: localResponseRoundings(5, beta),
  })),
  {
    name: 'localResponse over any number of channels',
    inputs: (_, b) => 23 * b,
    outputs: (_, b) => 23 * b,
    run: (k, a, b, x, y) => k.localResponse(23, b, b, x, y, a, 2, 0.75, 1),
    roundings: localResponseRoundings(40, 0.75),
  },
  ...WINDOWS.map(([pool, stride, padding]) => {
    const { inputs, outputs, sizes } = pooling(pool, stride, padding);
    return {
      name: `maxPool ${pool}×${pool}/${stride}, padding ${padding}`,
      inputs,
      outputs,
      run: (k: Kernels, a: number, b: number, x: number, y: number) => k.maxPool(...sizes(a, b, x, y), -1),
      roundings: 0,
    };
  }),
  ...WINDOWS.map(([pool, stride, padding]) => {
    const { inputs, outputs, sizes } = pooling(pool, stride, padding);
    return {
      name: `averagePool ${pool}×${pool}/${stride}, padding ${padding}`,
      inputs,
      outputs,
      // The padding counts, or it does not.
      run: (k: Kernels, a: number, b: number, x: number, y: number) => k.averagePool(...sizes(a, b, x, y), (a + b) % 2),
      roundings: 1.001,
      absolute,
    };
  }),
  {
    name: 'maxPool of a × b',
    inputs: () => PLANE ** 2,
    outputs: (a, b) => windowsOf(a, b).outputs,
    run: (k, a, b, x, y) => k.maxPool(...windowsOf(a, b).sizes(x, y), -1),
    roundings: 0,
  },
  {
    name: 'averagePool of a × b',
    inputs: () => PLANE ** 2,
    outputs: (a, b) => windowsOf(a, b).outputs,
    run: (k, a, b, x, y) => k.averagePool(...windowsOf(a, b).sizes(x, y), (a + b) % 2),
    roundings: 1.001,
    absolute,
  },
  {
    name: 'averagePool of a whole plane',
    inputs: square,
    outputs: () => 1,
    run: (k, a, b, x, y) => k.averagePool(a, b, x, 1, 1, y, a, b, 1, 1, 0, 0, 0),
    roundings: 1.001,
    absolute,
  },
  {
    name: 'padRows',
    inputs: square,
    outputs: (a, b) => (a + 3) * (b + 5),
    run: (k, a, b, x, y) => k.padRows(a + 3, b + 5, x, a, b, -1, -2, y),
    roundings: 0,
  },
  ...DEPTHWISE.map(([size, stride, dilation]) => ({
    name: `depthwise ${size}×${size}/${stride}, dilation ${dilation}`,
    ...depthwiseOf(size, stride, dilation),
    outputs: square,
    roundings: simdDepthwiseNumbers(0).depthwiseRoundings(size ** 2),
    absolute,
  })),
  {
    name: 'dots',
    inputs: (a, b) => a * b + b,
    outputs: (a) => a,
    run: (k, a, b, x, y) => k.dots(a, b, x + b, b, x, y),
    roundings: DOTS_ROUNDINGS,
    absolute,
  },
  ...[0, 1].map((alternative) => ({
    name: `dotsHalf, alternative ${alternative}`,
    inputs: (a: number, b: number) => b + Math.ceil((a * b) / 2),
    outputs: (a: number) => a,
    run: (k: Kernels, a: number, b: number, x: number, y: number) =>
      k.dotsHalf(a, b, 2 * (x + b), b, x, y, alternative),
    roundings: DOTS_ROUNDINGS,
    // The weights are the halves of floats; without exponent 31 where it means ∞ or NaN.
    values: (x: Float32Array, b: number) => (alternative === 1 ? x : masked(x, b, 0xffffffff, 0xbfffbfff)),
    absolute: (x: Float32Array, b: number) => masked(x, b, 0x7fffffff, 0x7fff7fff),
  })),
  ...[0, 1].map((alternative) => ({
    name: `dotsHalfPanels, alternative ${alternative}`,
    inputs: (a: number, b: number) => b + panelCodes(a, b) / 2,
    outputs: (a: number) => a,
    run: (k: Kernels, a: number, b: number, x: number, y: number) =>
      k.dotsHalfPanels(a, b, 2 * (x + b), x, y, alternative),
    roundings: DOTS_ROUNDINGS,
    values: (x: Float32Array, b: number) => (alternative === 1 ? x : masked(x, b, 0xffffffff, 0xbfffbfff)),
    absolute: (x: Float32Array, b: number) => masked(x, b, 0x7fffffff, 0x7fff7fff),
  })),
];

/** Every pair up to a size; of a run every length that these have, once. */
function sizesOf({ isOneRun = false }: Case, most: number): readonly (readonly [number, number])[] {
  const all = Array.from({ length: most ** 2 }, (_, i) => [1 + Math.floor(i / most), 1 + (i % most)] as const);
  return all.filter(([a, b]) => !isOneRun || b === 1 || a === most);
}

describe('every size from 1 to 40 in both dimensions', () => {
  const exports = emitted(emit);
  test.each(cases)('$name', (kernel) => {
    for (const [a, b] of sizesOf(kernel, 40)) compare(kernel, exports, a, b);
  });
});

describe('no more than 60 bytes are read beyond the inputs', () => {
  const memory = memoryOver(new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true }));
  const exports = emitted(emit, memory);
  test.each(cases)('$name', (kernel) => {
    for (const [a, b] of sizesOf(kernel, 20)) {
      const random = randomFloats(1, kernel.inputs(a, b));
      const x = kernel.values?.(random, b) ?? random;
      const from = memory.f32.length - 15 - x.length;
      memory.f32.set(x, from);
      // Traps if it reads beyond the memory.
      kernel.run(simd(exports, memory), a, b, from, SCRATCH_BYTES / 4);
    }
  });
});

describe('beyond 2 GiB', () => {
  const own = { memory: farMemory, firstWord: FAR.firstWord };
  const exports = emitted(emit, farMemory);
  test.each(cases)('$name', (kernel) => {
    for (const [a, b] of [
      [13, 38],
      [1, 3],
      [40, 5],
    ]) {
      compare(kernel, exports, a, b, own);
    }
  });
});

test('no exported kernel was left out', () => {
  expect([...called].sort()).toEqual(Object.keys(emitted(emit)).sort());
});

function compare(kernel: Case, exports: Exports, a: number, b: number, own?: { memory: Memory; firstWord: number }) {
  const random = randomFloats(41 * a + b, kernel.inputs(a, b));
  const x = kernel.values?.(random, b) ?? random;
  const run = (kernels: (memory: Memory) => Kernels, values: Float32Array): number[] => {
    const n = kernel.outputs(a, b);
    const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (x.length + n) + 512, own);
    const [from, to] = [place(values), output(n)];
    kernel.run(kernels(memory), a, b, from, to);
    checkGuards();
    return read(to, n);
  };
  const expected = run(reference, x);
  const scale = kernel.absolute ? run(reference, kernel.absolute(x, b)) : expected.map(Math.abs);
  // The reference rounds once.
  const relative = kernel.roundings === 0 ? 0 : 1.001 * (kernel.roundings + 1) * EPSILON;
  const actual = run((memory) => simd(exports, memory, own && FAR.scratch), x);
  expectWithin(actual, expected, (i) => relative * scale[i] + (relative > 0 ? (b + 2) * TINY : 0));
}
