/** Files of one node, drawn over padding, strides, dilations, groups and versions, against ONNX's text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../support/runs.ts';
import { type Given, type Numbers, node, run, type Value } from './one-node.ts';
import {
  axisOf,
  convolved,
  overWindows,
  pooled,
  sizeOf,
  type Transposed,
  transposed,
  transposedAxis,
  type Windows,
} from './windows-by-text.ts';

const times = (count: number, of: fc.Arbitrary<number>) => fc.array(of, { minLength: count, maxLength: count });
const upTo = (most: number, least = 0) => fc.integer({ min: least, max: most });

/** Small whole numbers, so that sums are exact. */
const numbersOf = (shape: readonly number[], seed: number): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + seed * 13 + (i % 5) * seed) % 9) - 4);

const autoPad = fc.constantFrom('NOTSET', 'NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER');

const windowsOver = (rank: number, mayCeil: boolean, mayDilate = true): fc.Arbitrary<Windows> =>
  fc
    .record({
      kernel: times(rank, upTo(4, 1)),
      strides: times(rank, upTo(3, 1)),
      dilations: mayDilate ? times(rank, upTo(3, 1)) : fc.constant(new Array<number>(rank).fill(1)),
      shares: times(2 * rank, upTo(3)),
      autoPad,
      ceilMode: mayCeil ? fc.boolean() : fc.constant(false),
    })
    // Padding is less than the kernel, as all engines want it.
    .map(({ shares, ...of }) => ({ ...of, pads: shares.map((share, i) => Math.min(share, of.kernel[i % rank] - 1)) }));

/** Whether each window has an element, of which there is at least one. */
function isWhole(windows: Windows, sizes: readonly number[]): boolean {
  if (sizes.some((size, axis) => axisOf(windows, axis, size).out < 1)) return false;
  let whole = true;
  overWindows(windows, sizes, (_, taps) => {
    whole &&= taps.length > 0;
  });
  return whole;
}

/** The attributes of windows; what is the default may be left out, and pads stand beside no automatic ones. */
function attributesOf({ kernel, strides, dilations, pads, autoPad, ceilMode }: Windows, terse: boolean) {
  const attributes: Record<string, Value> = { kernel_shape: kernel };
  if (!terse || strides.some((stride) => stride !== 1)) attributes.strides = strides;
  if (dilations.some((dilation) => dilation !== 1)) attributes.dilations = dilations;
  if (autoPad === 'NOTSET' && (!terse || pads.some((pad) => pad !== 0))) attributes.pads = pads;
  if (autoPad !== 'NOTSET' || !terse) attributes.auto_pad = autoPad;
  if (ceilMode) attributes.ceil_mode = 1;
  return attributes;
}

function expectNear(
  got: { shape: number[]; numbers: number[] },
  expected: { shape: number[]; numbers: number[] },
): void {
  expect(got.shape).toEqual(expected.shape);
  got.numbers.forEach((y, i) => {
    const x = expected.numbers[i];
    if (!(Math.abs(y - x) <= 1e-5 * (1 + Math.abs(x)))) expect([i, y]).toEqual([i, x]);
  });
}

const common = { rank: fc.constantFrom(1, 2, 2, 2, 3), terse: fc.boolean(), seed: upTo(100), batch: upTo(2, 1) };
const drawn = (mayCeil: boolean, mayDilate = true) =>
  fc
    .record(common)
    .chain(({ rank, ...rest }) =>
      fc
        .record({ windows: windowsOver(rank, mayCeil, mayDilate), sizes: times(rank, upTo(rank === 3 ? 4 : 9, 1)) })
        .map((of) => ({ ...rest, ...of })),
    );

describe('Conv', () => {
  const property = fc.property(
    drawn(false),
    fc.constantFrom([1, 2, 3], [2, 1, 1], [2, 2, 1], [3, 1, 2]),
    fc.constantFrom(7, 11, 22),
    fc.boolean(),
    ({ windows, sizes, terse, seed, batch }, [groups, groupInputs, groupOutputs], opset, hasBias) => {
      fc.pre(sizes.every((size, axis) => axisOf(windows, axis, size).out > 0));
      const xShape = [batch, groups * groupInputs, ...sizes];
      const wShape = [groups * groupOutputs, groupInputs, ...windows.kernel];
      const [x, w] = [numbersOf(xShape, seed), numbersOf(wShape, seed + 1)];
      const b = hasBias ? numbersOf([wShape[0]], seed + 2) : new Array<number>(wShape[0]).fill(0);
      const constants: Record<string, Numbers> = { w: { shape: wShape, numbers: w } };
      if (hasBias) constants.b = { shape: [wShape[0]], numbers: b };
      const attributes = { ...attributesOf(windows, terse), ...(groups > 1 || !terse ? { group: groups } : {}) };
      const nodes = [node('Conv', ['x', ...Object.keys(constants)], ['y'], attributes)];
      const made = run(nodes, { opset, inputs: { x: { shape: xShape, numbers: x } }, constants });
      expectNear(made.y, convolved(windows, groups, x, xShape, w, wShape, b));
    },
  );
  it('is what the text says', () => fc.assert(property, { numRuns: runs(200) }));
});

describe('pools', () => {
  const draws = fc.tuple(drawn(true), drawn(true, false), fc.boolean(), upTo(3, 1));
  const poolOf = (
    opType: string,
    opset: number,
    { windows, sizes, terse, seed, batch }: Drawn,
    more: Record<string, Value>,
  ) => {
    const shape = [batch, 2, ...sizes];
    const x = numbersOf(shape, seed);
    const given: Given = { opset, inputs: { x: { shape, numbers: x } } };
    const attributes = { ...attributesOf(windows, terse), ...more };
    return { x, shape, made: run([node(opType, ['x'], ['y'], attributes)], given).y };
  };
  type Drawn = typeof draws extends fc.Arbitrary<readonly [infer D, ...unknown[]]> ? D : never;
  const pass = (of: Drawn) => fc.pre(isWhole(of.windows, of.sizes));

  it('of maxima are what the text says, dilated from version 10 on', () => {
    const property = fc.property(draws, fc.constantFrom(10, 12, 22), ([of], opset) => {
      pass(of);
      const { x, shape, made } = poolOf('MaxPool', opset, of, {});
      expectNear(
        made,
        pooled(of.windows, x, shape, (elements) => Math.max(...elements)),
      );
    });
    fc.assert(property, { numRuns: runs(150) });
  });

  it('of averages divide by what is there, or by what is padded, and never by what hangs over', () => {
    const property = fc.property(draws, fc.constantFrom(10, 11, 19, 22), ([dilated, plain, counts], opset) => {
      const of = opset >= 19 ? dilated : plain;
      pass(of);
      const { x, shape, made } = poolOf('AveragePool', opset, of, counts ? { count_include_pad: 1 } : {});
      const average = (elements: number[], padded: number) =>
        elements.reduce((a, b) => a + b, 0) / (counts ? padded : elements.length);
      expectNear(made, pooled(of.windows, x, shape, average));
    });
    fc.assert(property, { numRuns: runs(200) });
  });

  it('of norms are what the text says', () => {
    const property = fc.property(draws, ([of, , , p]) => {
      pass(of);
      const { x, shape, made } = poolOf('LpPool', 18, of, { p });
      const norm = (elements: number[]) => elements.reduce((sum, v) => sum + Math.abs(v) ** p, 0) ** (1 / p);
      expectNear(made, pooled(of.windows, x, shape, norm));
    });
    fc.assert(property, { numRuns: runs(100) });
  });

  it('with automatic padding pad for the dilated kernel, and shrink by the stride alone', () => {
    const x = { shape: [1, 1, 6], numbers: [1, 2, 3, 4, 5, 6] };
    const same = (opType: string, attributes: Record<string, Value>) =>
      run([node(opType, ['x'], ['y'], { auto_pad: 'SAME_UPPER', ...attributes })], { opset: 22, inputs: { x } }).y
        .numbers;
    // An extent of 5: two before and two after.
    expect(same('MaxPool', { kernel_shape: [3], dilations: [2] })).toEqual([3, 4, 5, 6, 5, 6]);
    expect(same('AveragePool', { kernel_shape: [3], dilations: [2] })).toEqual([2, 3, 3, 4, 4, 5]);
    expect(same('LpPool', { kernel_shape: [3], dilations: [2], p: 1 })).toEqual([4, 6, 9, 12, 8, 10]);
    // A stride beyond the kernel pads nothing.
    expect(same('MaxPool', { kernel_shape: [1], strides: [2] })).toEqual([1, 3, 5]);
  });

  it('of a ceiling leave out the window that begins in the padding', () => {
    const x = { shape: [1, 1, 5], numbers: [1, 2, 3, 4, 5] };
    const attributes = { kernel_shape: [2], strides: [3], pads: [1, 1], ceil_mode: 1 };
    for (const opset of [11, 22]) {
      expect(run([node('MaxPool', ['x'], ['y'], attributes)], { opset, inputs: { x } }).y.numbers).toEqual([1, 4]);
    }
    // Four places of 0 to 3 with the padding are three, and 2 hangs over.
    const average = { kernel_shape: [3], strides: [3], pads: [0, 0], ceil_mode: 1, count_include_pad: 1 };
    expect(run([node('AveragePool', ['x'], ['y'], average)], { inputs: { x } }).y.numbers).toEqual([2, 4.5]);
  });

  it('behind a padding of zeros see zeros', () => {
    const x = { shape: [1, 1, 2, 2], numbers: [-1, -2, -3, -4] };
    const pads = { shape: [8], numbers: [0, 0, 1, 1, 0, 0, 1, 1], dtype: 'int64' as const };
    const nodes = [node('Pad', ['x', 'p'], ['q']), node('MaxPool', ['q'], ['y'], { kernel_shape: [3, 3] })];
    expect(run(nodes, { inputs: { x }, constants: { p: pads } }).y.numbers).toEqual([0, 0, 0, 0]);
  });
});

describe('ConvTranspose', () => {
  const property = fc.property(
    drawn(false),
    fc.constantFrom([1, 2, 3], [2, 1, 2], [2, 2, 1]),
    fc.constantFrom(7, 11, 22),
    times(3, upTo(2)),
    times(3, upTo(2)),
    fc.boolean(),
    ({ windows, sizes, terse, seed, batch }, [groups, groupInputs, groupOutputs], opset, adds, grows, tells) => {
      const rank = sizes.length;
      const outputPadding = sizes.map((_, i) =>
        Math.min(adds[i], Math.max(windows.strides[i], windows.dilations[i]) - 1),
      );
      const free: Transposed = { ...windows, outputPadding };
      const outputShape = sizes.map(
        (size, axis) => transposedAxis({ ...free, autoPad: 'VALID' }, axis, size).out - grows[axis],
      );
      const of: Transposed = tells ? { ...free, outputShape } : free;
      fc.pre(
        sizes.every(
          (size, axis) => transposedAxis(of, axis, size).total >= 0 && transposedAxis(of, axis, size).out > 0,
        ),
      );
      const xShape = [batch, groups * groupInputs, ...sizes];
      const wShape = [groups * groupInputs, groupOutputs, ...windows.kernel];
      const [x, w, b] = [
        numbersOf(xShape, seed),
        numbersOf(wShape, seed + 1),
        numbersOf([groups * groupOutputs], seed + 2),
      ];
      const attributes: Record<string, Value> = { ...attributesOf(windows, terse), group: groups };
      if (!terse || outputPadding.some((pad) => pad > 0)) attributes.output_padding = outputPadding;
      if (tells) attributes.output_shape = outputShape;
      // A size that is told comes beside the kind of automatic padding alone.
      if (tells && of.autoPad === 'VALID') attributes.auto_pad = 'NOTSET';
      const constants = { w: { shape: wShape, numbers: w }, b: { shape: [groups * groupOutputs], numbers: b } };
      const made = run([node('ConvTranspose', ['x', 'w', 'b'], ['y'], attributes)], {
        opset,
        inputs: { x: { shape: xShape, numbers: x } },
        constants,
      });
      expect(made.y.shape.length).toBe(rank + 2);
      expectNear(made.y, transposed(of, groups, x, xShape, w, wShape, b));
    },
  );
  it('is what the text says', () => fc.assert(property, { numRuns: runs(200) }));

  const row = (w: number[], attributes: Record<string, Value>, numbers = [1, 2, 3]) =>
    run([node('ConvTranspose', ['x', 'w'], ['y'], attributes)], {
      inputs: { x: { shape: [1, 1, numbers.length], numbers } },
      constants: { w: { shape: [1, 1, w.length], numbers: w } },
    }).y.numbers;

  it('fills what its output padding adds', () => {
    const attributes = { strides: [2], pads: [1, 1], output_padding: [1] };
    expect(row([100, 10, 1], attributes)).toEqual([10, 201, 20, 302, 30, 3]);
  });

  it('takes an output padding as great as the stride where the dilation is greater', () => {
    expect(row([1, 10], { strides: [1], dilations: [2], output_padding: [1] })).toEqual([1, 2, 13, 20, 30, 0]);
  });

  it('is as long as its input times the stride with automatic padding, where the kernel is shorter too', () => {
    expect(row([1, 1], { strides: [3], auto_pad: 'SAME_UPPER' }).length).toBe(9);
  });
});

describe('normalisations of numbers far from 0', () => {
  const spread = [-1.5, -0.5, 0.25, 1.75, 0, -1, 2, -1];
  const mean = spread.reduce((a, b) => a + b) / spread.length;
  const deviation = Math.sqrt(spread.reduce((sum, v) => sum + (v - mean) ** 2, 0) / spread.length);
  const expected = spread.map((v) => (v - mean) / deviation);
  const ones = (count: number) => ({ shape: [count], numbers: new Float64Array(count).fill(1) });
  const zeros = (count: number) => ({ shape: [count], numbers: new Float64Array(count) });

  it.each([0, 1000, 10_000, 1_000_000])('take two passes: at a mean of %d', (at) => {
    const numbers = spread.map((v) => v + at);
    const normal = (
      opType: string,
      shape: readonly number[],
      count: number,
      attributes: Record<string, Value>,
      opset: number,
    ) =>
      run([node(opType, ['x', 's', 'b'], ['y'], { epsilon: { float: 0 }, ...attributes })], {
        opset,
        inputs: { x: { shape, numbers } },
        constants: { s: ones(count), b: zeros(count) },
      }).y.numbers;
    // Of the numbers as single precision holds them: 1,000,000 + ¼ is exact.
    const near = (got: readonly number[]) => {
      expect(Math.max(...got.map((y, i) => Math.abs(y - expected[i])))).toBeLessThan(1e-5);
    };
    near(normal('InstanceNormalization', [1, 1, 2, 4], 1, {}, 22));
    near(normal('GroupNormalization', [1, 2, 4], 1, { num_groups: 1 }, 18));
    near(normal('GroupNormalization', [1, 2, 4], 2, { num_groups: 1 }, 21));
    near(normal('LayerNormalization', [1, 8], 8, {}, 17));
  });
});

describe('averages over whole pictures', () => {
  const size = 2000;
  const x = { shape: [1, 1, size, size], numbers: new Float64Array(size * size).fill(0.1) };
  it.each<[string, Record<string, Value>]>([
    ['GlobalAveragePool', {}],
    ['AveragePool', { kernel_shape: [size, size] }],
    ['ReduceMean', {}],
  ])('by %s stay exact: of 0.1 they are 0.1', (opType, attributes) => {
    expect(run([node(opType, ['x'], ['y'], attributes)], { opset: 17, inputs: { x } }).y.numbers).toEqual([
      Math.fround(0.1),
    ]);
  });
});
