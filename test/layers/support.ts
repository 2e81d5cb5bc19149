/**
 * What the tests of layers share: tensors laid out in every way that strides allow, among guard words, and one function
 * that holds a layer against an expected result with every kernel table, on one and two threads.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Context, createContext, type TensorLike } from '../../src/index.ts';
import { uniform } from '../../src/tensor/random.ts';
import { EMITTED } from '../support/tables.ts';

/** Runs of a property; twenty times as many in a slow run. */
export { runs } from '../support/runs.ts';

/** Float32's unit roundoff, and the distance of its smallest numbers. */
export const EPSILON = 2 ** -24;
export const TINY = 2 ** -149;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Contexts of every kernel table that runs here, the default one first, on one and two threads, for the file that calls this. */
export function contextsForFile(): Context[] {
  const contexts: Context[] = [];
  beforeAll(async () => {
    for (const kernels of [...EMITTED.toReversed(), 'scalar'] as const) {
      contexts.push(await createContext({ kernels, threads: 1 }), await createContext({ kernels, threads: 2 }));
    }
    contexts.push(await createContext({ kernels: 'reference', threads: 1 }));
  });
  afterAll(() => {
    for (const context of contexts) context.dispose();
  });
  return contexts;
}

/** How a tensor lies in its data: the order of its axes in memory, the step along each, and words before it. */
export interface Layout {
  readonly order: readonly number[];
  readonly steps: readonly number[];
  readonly before: number;
  /** In the context's memory, where layers read and write in place if it is dense. */
  readonly inArena: boolean;
}

/** Dense, NHWC seen as NCHW, any other order, every second element, from the end to the beginning; with an offset. */
export function layoutOf(rank: number): fc.Arbitrary<Layout> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const dense = fc.constant({ order: axes, steps: axes.map(() => 1) });
  const strided = fc.record({
    order: fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank }),
    steps: fc.array(fc.constantFrom(1, 1, -1, 2, -2), { minLength: rank, maxLength: rank }),
  });
  return fc
    .record({
      lay: fc.oneof(dense, strided),
      before: fc.integer({ min: 0, max: 5 }),
      inArena: fc.boolean(),
    })
    .map(({ lay, ...rest }) => ({ ...lay, ...rest }));
}

export const DENSE = (rank: number, inArena = false): Layout => ({
  order: Array.from({ length: rank }, (_, axis) => axis),
  steps: new Array<number>(rank).fill(1),
  before: 0,
  inArena,
});

/** A tensor among guard words. */
export interface Placed {
  readonly tensor: Required<TensorLike>;
  /** The index in the data of each element, in row-major order. */
  readonly places: readonly number[];
  read(): Float32Array;
  write(values: ArrayLike<number>): void;
  /** Throws if any word around the elements has changed. */
  checkGuards(): void;
  /** Throws if anything has changed since the last `write`, to the bit. */
  checkUntouched(): void;
  release(): void;
}

const GUARD = 0x7fc5a000;

/** Places a tensor, its elements poisoned with NaN of bits of their own. */
export function place(context: Context, shape: readonly number[], layout: Layout): Placed {
  const { order, steps, before } = layout;
  const words = before + sizeOf(shape.map((extent, axis) => extent * Math.abs(steps[axis]))) + 4;
  const whole = layout.inArena ? context.allocate([words]) : null;
  const data = whole?.data ?? new Float32Array(words);
  const start = whole?.offset ?? 0;
  const stride = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (const axis of [...order].reverse()) {
    stride[axis] = step * steps[axis];
    step *= shape[axis] * Math.abs(steps[axis]);
  }
  const offset = start + before - stride.reduce((sum, s, axis) => sum + Math.min(0, s) * (shape[axis] - 1), 0);
  const places = placesOf(shape, stride, offset);
  const bits = new Int32Array(data.buffer, data.byteOffset + 4 * start, words);
  bits.forEach((_, i) => {
    bits[i] = GUARD + (i & 0xfff);
  });
  const expected = new Int32Array(bits);
  const isElement = new Uint8Array(words);
  for (const index of places) isElement[index - start] = 1;
  const check = (which: (i: number) => boolean) =>
    bits.forEach((word, i) => {
      if (which(i) && word !== expected[i])
        throw new Error(`word ${i} of ${words} was overwritten with ${data[start + i]}`);
    });
  return {
    tensor: { data, shape: [...shape], stride, offset },
    places,
    read: () => Float32Array.from(places, (index) => data[index]),
    write(values) {
      places.forEach((index, i) => {
        data[index] = values[i];
      });
      expected.set(bits);
    },
    checkGuards: () => check((i) => isElement[i] === 0),
    checkUntouched: () => check(() => true),
    release() {
      if (whole !== null) context.free(whole);
    },
  };
}

function placesOf(shape: readonly number[], stride: readonly number[], offset: number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, element) => {
    let index = offset;
    let rest = element;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += (rest % shape[axis]) * stride[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return index;
  });
}

/** One tensor argument: its values, in row-major order, and how they lie. */
export interface Argument {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly layout: Layout;
}

export interface LayerCase {
  readonly inputs: readonly Argument[];
  readonly outputShape: readonly number[];
  readonly outputLayout: Layout;
  /** Which input the output is to be, if any. */
  readonly inPlace?: number;
  /** In double, or float32 where the result is exact. */
  readonly expected: ArrayLike<number>;
  /** |y − ŷ| allowed for an element by the context's kernel table; 0 when not given. */
  readonly bound?: (index: number, context: Context) => number;
  run(inputs: readonly TensorLike[], output: TensorLike | undefined, context: Context): TensorLike;
}

/**
 * Runs a layer on every context with a given output and without one, and checks: the expected values; the same bits every
 * time with the same kernel table; the given output returned; no other word written; inputs as they were.
 */
export function checkLayer(contexts: readonly Context[], layer: LayerCase): void {
  const first = new Map<string, Uint8Array>();
  for (const context of contexts) {
    const inputs = layer.inputs.map(({ shape, values, layout }) => {
      const placed = place(context, shape, layout);
      placed.write(values);
      return placed;
    });
    const isInPlace = layer.inPlace !== undefined;
    const output = isInPlace ? inputs[layer.inPlace!] : place(context, layer.outputShape, layer.outputLayout);
    const tensors = inputs.map(({ tensor }) => tensor);
    try {
      const made = layer.run(tensors, undefined, context);
      expect(made.shape).toEqual(layer.outputShape);
      const given = layer.run(tensors, output.tensor, context);
      expect(given).toBe(output.tensor);
      for (const input of inputs) if (input !== output) input.checkUntouched();
      output.checkGuards();
      for (const result of [output.read(), made.data.slice(0, sizeOf(layer.outputShape))]) {
        // A NaN is any of many bits: WebAssembly leaves the choice to the engine, compiled code to the processor.
        const bits = new Uint8Array(result.map((value) => (Number.isNaN(value) ? Number.NaN : value)).buffer);
        const { name } = context.kernels;
        const before = first.get(name);
        if (before !== undefined) {
          expect(Buffer.compare(bits, before), `the same bits every time (${name})`).toBe(0);
          continue;
        }
        first.set(name, bits);
        expectClose(result, layer.expected, (i) => layer.bound?.(i, context) ?? 0, name);
      }
    } finally {
      for (const placed of new Set([...inputs, output])) placed.release();
    }
    expect(context.arena.usedBytes, 'everything staged is given back').toBe(0);
  }
}

/** Elements within their bounds; NaN where NaN is expected and nowhere else, infinities exactly. */
function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: (index: number) => number,
  what: string,
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(expected[i]) ? Number.isNaN(actual[i]) : actual[i] === expected[i]) continue;
    const error = Math.abs(actual[i] - expected[i]);
    const allowed = bound(i);
    if (!(error <= allowed) || allowed === Infinity) {
      throw new Error(`${what} at ${i}: got ${actual[i]}, expected ${expected[i]}, error ${error}, allowed ${allowed}`);
    }
  }
}

/** What a draw of values holds beside ordinary numbers. */
export type Spice = 'none' | 'zeros' | 'special';
export const spice = fc.constantFrom<Spice>('none', 'none', 'zeros', 'special');

/** Values in [−4, 4); some equal to others; with 'special', one in six is NaN, ±∞ or ±0. */
export function valuesOf(size: number, seed: number, kind: Spice = 'none'): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: size }, () => {
    const value = next() * 4;
    const choice = next();
    if (kind === 'none' || choice < 0.66) return choice < -0.8 ? Math.round(value) : value;
    const specials = kind === 'zeros' ? [0, -0] : [NaN, Infinity, -Infinity, 0, -0];
    return specials[Math.floor(((next() + 1) / 2) * specials.length)];
  });
}

export const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });
/** Small extents, one the most often. */
export const extent = (max: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max }) });

/** An argument of a shape, its layout drawn. */
export function argumentOf(shape: readonly number[], kind: Spice = 'none'): fc.Arbitrary<Argument> {
  return fc
    .record({ seed, layout: layoutOf(shape.length) })
    .map(({ seed: s, layout }) => ({ shape, layout, values: valuesOf(sizeOf(shape), s, kind) }));
}
