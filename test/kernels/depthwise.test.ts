import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REFERENCE_DEPTHWISE, referenceDepthwise } from '../../src/kernels/reference/depthwise.ts';
import { SCALAR_DEPTHWISE, scalarDepthwise } from '../../src/kernels/scalar/depthwise.ts';
import { emitDepthwise, simdDepthwise, simdDepthwiseNumbers } from '../../src/kernels/simd/depthwise.ts';
import { refuseSimd, variantOf } from '../../src/kernels/simd/engine.ts';
import { mulAdd } from '../../src/kernels/simd/gemm-micro.ts';
import type { DepthwiseKernels, DepthwiseNumbers } from '../../src/kernels/table.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { emitted } from './emitted.ts';
import {
  DOUBLE_SLACK,
  EPSILON,
  expectSame,
  expectWithin,
  poisonedMemory,
  RUNS,
  randomFloats,
  randomFloatsWithSpecials,
  TINY,
} from './harness.ts';

type Factory = (memory: Memory) => DepthwiseKernels;
type Table = readonly [name: string, factory: Factory, numbers: DepthwiseNumbers];

const inOrder = emitted((module) => emitDepthwise(module, mulAdd, true));
const apart = emitted((module) => emitDepthwise(module, mulAdd, false));
const numbers = simdDepthwiseNumbers(0);
const tables: readonly Table[] = [
  ['reference', referenceDepthwise, REFERENCE_DEPTHWISE],
  ['scalar', scalarDepthwise, SCALAR_DEPTHWISE],
  ['simd', (memory) => simdDepthwise(() => inOrder, scalarDepthwise(memory)), numbers],
  ['simd for an old compiler', (memory) => simdDepthwise(() => apart, scalarDepthwise(memory)), numbers],
  ...relaxed(),
];

/** The relaxed table, where the engine has it. */
function relaxed(): readonly Table[] {
  const refusal = refuseSimd('simd-relaxed');
  if (refusal !== null) {
    console.log(`simd-relaxed: not tried, because ${refusal}`);
    return [];
  }
  const exports = emitted((module) => emitDepthwise(module, variantOf('simd-relaxed').multiplyAdd, true));
  return [['simd-relaxed', (memory) => simdDepthwise(() => exports, scalarDepthwise(memory)), numbers]];
}

interface Window {
  readonly rows: number;
  readonly columns: number;
  readonly r: number;
  readonly s: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
}

interface Case extends Window {
  readonly bias: number;
  readonly low: number;
  readonly high: number;
  readonly seed: number;
}

const heightOf = (c: Window) => (c.rows - 1) * c.strideHeight + (c.r - 1) * c.dilationHeight + 1;
const widthOf = (c: Window) => (c.columns - 1) * c.strideWidth + (c.s - 1) * c.dilationWidth + 1;

/** Elements between the rows, beyond those that are read or written. */
const BESIDE = 3;

/** Rows of outputs; what lies between them in memory must stay as it is. */
function convolve(factory: Factory, c: Case, x: Float32Array, w: Float32Array): number[] {
  const [xPitch, yPitch] = [widthOf(c) + BESIDE, c.columns + BESIDE];
  const n = (c.rows - 1) * yPitch + c.columns;
  const { memory, place, output, read, untouched, checkGuards } = poisonedMemory(4 * (x.length + w.length + n) + 512);
  const [from, weights, to] = [place(x), place(w), output(n)];
  const { rows, columns, r, s, strideHeight, strideWidth, dilationHeight, dilationWidth, bias, low, high } = c;
  const window = [r, s, strideHeight, strideWidth, dilationHeight, dilationWidth] as const;
  factory(memory).depthwise(rows, columns, from, xPitch, weights, ...window, bias, to, yPitch, low, high);
  checkGuards();
  return Array.from({ length: rows }, (_, i) => {
    if (i > 0) for (let j = 1; j <= BESIDE; j++) expect(untouched(to + i * yPitch - j)).toBe(true);
    return read(to + i * yPitch, columns);
  }).flat();
}

/** The x of the first column of outputs alone. */
function narrowed(c: Case, x: Float32Array): Float32Array {
  const [pitch, own] = [widthOf(c) + BESIDE, widthOf({ ...c, columns: 1 }) + BESIDE];
  const n = inputsOf({ ...c, columns: 1 });
  return Float32Array.from({ length: n }, (_, i) => x[Math.floor(i / own) * pitch + (i % own)]);
}

const inputsOf = (c: Case) => heightOf(c) * (widthOf(c) + BESIDE) - BESIDE;

const step = fc.constantFrom(1, 1, 1, 2, 2, 3, 5);
const outputs = { rows: fc.integer({ min: 1, max: 13 }), columns: fc.integer({ min: 1, max: 21 }) };
const anyWindow: fc.Arbitrary<Window> = fc.record({
  ...outputs,
  r: fc.integer({ min: 1, max: 9 }),
  s: fc.integer({ min: 1, max: 9 }),
  strideHeight: step,
  strideWidth: step,
  dilationHeight: step,
  dilationWidth: step,
});
/** Those that are written out. */
const squareWindow: fc.Arbitrary<Window> = fc
  .record({ ...outputs, size: fc.constantFrom(3, 5, 7), stride: fc.constantFrom(1, 2) })
  .map(({ size, stride, ...rest }) => {
    const strides = { strideHeight: stride, strideWidth: stride, dilationHeight: 1, dilationWidth: 1 };
    return { ...rest, ...strides, r: size, s: size };
  });
const cases: fc.Arbitrary<Case> = fc
  .record({
    window: fc.oneof(anyWindow, squareWindow),
    bias: fc.constantFrom(0, 0.5, -1),
    bounds: fc.constantFrom([-Infinity, Infinity], [0, Infinity], [0, 6], [-0.5, 0.75]),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })
  .map(({ window, bounds: [low, high], ...rest }) => ({ ...window, ...rest, low, high }));

describe.each(tables)('depthwise of the table %s', (_, factory, { depthwiseRoundings }) => {
  test('is the definition within its roundings, and touches nothing else', () => {
    const property = fc.property(cases, (c) => {
      const [x, w] = [randomFloats(c.seed, inputsOf(c)), randomFloats(c.seed + 1, c.r * c.s)];
      const unbounded = { ...c, bias: Math.abs(c.bias), low: -Infinity, high: Infinity };
      const scale = convolve(referenceDepthwise, unbounded, x.map(Math.abs), w.map(Math.abs));
      const relative = 1.01 * (depthwiseRoundings(c.r * c.s) + 2) * EPSILON * DOUBLE_SLACK;
      const bound = (i: number) => relative * scale[i] + (c.r * c.s + 2) * TINY;
      expectWithin(convolve(factory, c, x, w), convolve(referenceDepthwise, c, x, w), bound);
    });
    fc.assert(property, { numRuns: 3 * RUNS });
  });

  test('gives an output the same bits whatever is computed beside it', () => {
    const property = fc.property(cases, (c) => {
      const [x, w] = [randomFloats(c.seed, inputsOf(c)), randomFloats(c.seed + 1, c.r * c.s)];
      const all = convolve(factory, c, x, w);
      const pitch = widthOf(c) + BESIDE;
      const first = { ...c, columns: 1 };
      const column = convolve(factory, first, narrowed(c, x), w);
      expectSame(
        column,
        all.filter((_value, i) => i % c.columns === 0),
      );
      for (let i = 0; i < c.rows; i++) {
        const row = { ...c, rows: 1 };
        const from = i * c.strideHeight * pitch;
        const alone = convolve(factory, row, x.slice(from, from + inputsOf(row)), w);
        expectSame(alone, all.slice(i * c.columns, (i + 1) * c.columns));
      }
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test('NaN and infinities reach the outputs whose windows hold them, and no others', () => {
    const property = fc.property(cases, (c) => {
      const x = randomFloatsWithSpecials(c.seed, inputsOf(c), 20).map((v) => (Math.abs(v) > 1e38 ? v * Infinity : v));
      const w = randomFloats(c.seed + 1, c.r * c.s);
      const kind = (value: number) => (Number.isFinite(value) ? 0 : value);
      expectSame(convolve(factory, c, x, w).map(kind), convolve(referenceDepthwise, c, x, w).map(kind));
    });
    fc.assert(property, { numRuns: RUNS });
  });

  test('a clamp at +0 makes +0 of −0', () => {
    const one = { r: 1, s: 1, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 };
    const c = { ...one, rows: 4, columns: 8, bias: -0, low: 0, high: Infinity, seed: 0 };
    expectSame(convolve(factory, c, new Float32Array(inputsOf(c)).fill(-0), Float32Array.of(1)), new Array(32).fill(0));
  });

  test('padRows is the plane with zeros around it, also where it is all padding', () => {
    const drawn = fc.record({
      height: fc.integer({ min: 1, max: 7 }),
      width: fc.integer({ min: 1, max: 19 }),
      rows: fc.integer({ min: 1, max: 12 }),
      columns: fc.integer({ min: 1, max: 29 }),
      top: fc.integer({ min: -9, max: 9 }),
      left: fc.integer({ min: -13, max: 22 }),
    });
    const property = fc.property(drawn, ({ height, width, rows, columns, top, left }) => {
      const x = randomFloatsWithSpecials(height * width, height * width, 9);
      const { memory, place, output, read, checkGuards } = poisonedMemory(4 * (x.length + rows * columns) + 512);
      const [from, to] = [place(x), output(rows * columns)];
      factory(memory).padRows(rows, columns, from, height, width, top, left, to);
      checkGuards();
      const expected = Array.from({ length: rows * columns }, (_, k) => {
        const [i, j] = [top + Math.floor(k / columns), left + (k % columns)];
        return i >= 0 && i < height && j >= 0 && j < width ? x[i * width + j] : 0;
      });
      expectSame(read(to, rows * columns), expected);
    });
    fc.assert(property, { numRuns: 5 * RUNS });
  });
});
