/** Where engines differ from ONNX's text, or from one another where it is silent: docs/models.md names each test. */
import { describe, expect, it } from 'vitest';
import { type Given, type Numbers, node, run, type Value } from './one-node.ts';

const row = (...numbers: number[]): Numbers => ({ shape: [1, 1, numbers.length], numbers });
const list = (...numbers: number[]): Numbers => ({ shape: [numbers.length], numbers });
const whole = (...numbers: number[]): Numbers => ({ ...list(...numbers), dtype: 'int64' });
const scalar = (number: number, dtype: Numbers['dtype'] = 'float32'): Numbers => ({
  shape: [],
  numbers: [number],
  dtype,
});

/** What one node makes of x and constants. */
function made(
  opType: string,
  x: Numbers,
  attributes: Record<string, Value> = {},
  given: Given & { names?: string[] } = {},
) {
  const { names = Object.keys(given.constants ?? {}), ...rest } = given;
  return run([node(opType, ['x', ...names], ['y'], attributes)], { ...rest, inputs: { x } }).y;
}

describe('normalisations', () => {
  it.each([7, 9, 13, 14, 15])('at opset %d with one output take the statistics that are stored', (opset) => {
    const constants = { s: list(2), b: list(1), m: list(0), v: list(1) };
    expect(made('BatchNormalization', row(1, 3), { epsilon: { float: 0 } }, { opset, constants }).numbers).toEqual([
      3, 7,
    ]);
  });
});

describe('Resize', () => {
  const resized = (
    x: Numbers,
    attributes: Record<string, Value>,
    told: { sizes: number[] } | { scales: number[] },
    opset = 18,
  ) =>
    'sizes' in told
      ? made('Resize', x, attributes, { opset, names: ['', '', 's'], constants: { s: whole(1, 1, ...told.sizes) } })
          .numbers
      : made('Resize', x, attributes, { opset, names: ['', 's'], constants: { s: list(1, 1, ...told.scales) } })
          .numbers;
  const count = (most: number) => row(...Array.from({ length: most }, (_, i) => i));
  const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };

  it('to a length takes pixel ⌊i · in / out⌋, in whole numbers', () => {
    expect(resized(count(14), nearest, { sizes: [2] })).toEqual([0, 7]);
    for (const [size, length] of [
      [14, 18],
      [2, 82],
      [49, 7],
      [90, 63],
    ]) {
      const expected = Array.from({ length }, (_, i) => Number((BigInt(i) * BigInt(size)) / BigInt(length)));
      expect(resized(count(size), nearest, { sizes: [length] })).toEqual(expected);
    }
  });

  it('copies where a scale leaves the length as it is', () => {
    expect(resized(row(1, 5, 2, 8, 3), { mode: 'linear' }, { scales: [1.1] })).toEqual([1, 5, 2, 8, 3]);
  });

  it('with aligned corners goes from the first pixel to the last, though a scale does not divide', () => {
    const corners = { mode: 'linear', coordinate_transformation_mode: 'align_corners' };
    expect(resized(row(1, 2, 3, 4), corners, { scales: [0.6] })).toEqual([1, 4]);
  });

  it('has no antialias where an axis grows', () => {
    const x = row(...Array.from({ length: 15 }, (_, i) => (i * i) % 7));
    const plain = resized(x, { mode: 'linear' }, { sizes: [21] });
    expect(resized(x, { mode: 'linear', antialias: 1 }, { sizes: [21] })).toEqual(plain);
    // Sample 3 lies on pixel 2: (3 + ½) · 15 / 21 − ½ = 2
    expect(plain[3]).toBe(4);
  });

  it('as Upsample of version 9 begins at the first pixel', () => {
    const given = { opset: 9, constants: { s: list(1, 1, 2) } };
    expect(made('Upsample', row(0, 10), { mode: 'linear' }, given).numbers).toEqual([0, 5, 10, 10]);
  });
});

describe('automatic padding of a convolution', () => {
  it.each([
    ['SAME_UPPER', [123, 345, 560]],
    ['SAME_LOWER', [12, 234, 456]],
  ])('%s has the odd element at its end, and none beyond what the stride needs', (autoPad, expected) => {
    const constants = { w: { shape: [1, 1, 3], numbers: [100, 10, 1] } };
    const attributes = { auto_pad: autoPad, strides: [2] };
    expect(made('Conv', row(1, 2, 3, 4, 5, 6), attributes, { constants }).numbers).toEqual(expected);
  });
});

describe('half precision', () => {
  it('is rounded to at each node: 300² is beyond float16', () => {
    const nodes = [
      node('Cast', ['x'], ['h'], { to: 10 }),
      node('Mul', ['h', 'h'], ['s']),
      node('Div', ['s', 'h'], ['d']),
      node('Cast', ['d'], ['y'], { to: 1 }),
    ];
    expect(run(nodes, { inputs: { x: row(300, 100) } }).y.numbers).toEqual([Number.POSITIVE_INFINITY, 100]);
  });

  it('as bfloat16 is one of all types that operators know', () => {
    const nodes = [
      node('Cast', ['x'], ['h'], { to: 16 }),
      node('Expand', ['h', 's'], ['e']),
      node('Cast', ['w'], ['k'], { to: 16 }),
      node('Conv', ['e', 'k'], ['c']),
      node('Cast', ['c'], ['y'], { to: 1 }),
    ];
    const constants = { s: whole(1, 1, 3), w: { shape: [1, 1, 2], numbers: [1, 2] } };
    expect(run(nodes, { inputs: { x: row(1.5) }, constants }).y.numbers).toEqual([4.5, 4.5]);
  });
});

describe('numbers at the ends', () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

  it('of a small sigmoid are exact enough for a logarithm', () => {
    const nodes = [node('Sigmoid', ['x'], ['s']), node('Log', ['s'], ['y'])];
    const x = [-12, -20, -60, -80];
    const { numbers } = run(nodes, { inputs: { x: row(...x) } }).y;
    numbers.forEach((y, i) => {
      expect(Math.abs(y + Math.log1p(Math.exp(-x[i]))), `at ${x[i]}`).toBeLessThan(1e-5 * Math.abs(x[i]));
    });
  });

  it('are clipped to the least and greatest number where Clip has no bounds: these are its defaults', () => {
    const most = (2 - 2 ** -23) * 2 ** 127;
    for (const opset of [7, 12, 22]) {
      expect(made('Clip', row(-infinity, 0, infinity), {}, { opset }).numbers).toEqual([-most, 0, most]);
    }
  });

  it('stay NaN through Relu, and −∞ through maxima, whether their places are asked for or not', () => {
    expect(made('Relu', row(nan, -1)).numbers).toEqual([nan, 0]);
    const x = row(-infinity, -infinity, nan, 1, 2, -infinity);
    const pool = (outputs: string[]) =>
      run([node('MaxPool', ['x'], outputs, { kernel_shape: [2], strides: [2] })], { inputs: { x }, outputs }).y.numbers;
    const alone = pool(['y']);
    expect(alone[0]).toBe(-infinity);
    expect(alone[2]).toBe(2);
    expect(pool(['y', 'places'])).toEqual(alone);
  });
});

describe('Dropout', () => {
  it.each([7, 10, 12, 13])('at opset %d keeps everything, and its mask says so', (opset) => {
    const outputs = ['y', 'mask'];
    const { y, mask } = run([node('Dropout', ['x'], outputs)], { opset, inputs: { x: row(0, -2, 3) }, outputs });
    expect([y.numbers, mask.numbers]).toEqual([
      [0, -2, 3],
      [1, 1, 1],
    ]);
  });
});

describe('quantised numbers', () => {
  it('before version 19 too are rounded to even and then moved by the zero point', () => {
    const constants = { s: scalar(1), z: scalar(1, 'uint8') };
    expect(made('QuantizeLinear', list(0.5, 1.5, 2.5, -0.5), {}, { opset: 13, constants }).numbers).toEqual([
      1, 3, 3, 1,
    ]);
  });

  it('between dequantising and quantising are real ones', () => {
    const nodes = [
      node('DequantizeLinear', ['x', 's'], ['r']),
      node('DequantizeLinear', ['q', 's'], ['w']),
      node('MatMul', ['r', 'w'], ['p']),
      node('QuantizeLinear', ['p', 's', 'z'], ['y']),
    ];
    const constants = {
      q: { shape: [1, 1], numbers: [3], dtype: 'uint8' as const },
      s: scalar(0.5),
      z: scalar(0, 'uint8'),
    };
    const x = { shape: [2, 1], numbers: [1, 2], dtype: 'uint8' as const };
    // 0.5 · 1.5 = 0.75 and 1.5, which are 1.5 and 3 quanta.
    expect(run(nodes, { opset: 13, inputs: { x }, constants }).y.numbers).toEqual([2, 3]);
  });
});

describe('weights', () => {
  it('are taken as they are, however large or small', () => {
    const numbers = [1e6, 1e-30, -3e38, 1e-45].map(Math.fround);
    expect(made('Mul', list(1, 1, 1, 1), {}, { constants: { w: list(...numbers) } }).numbers).toEqual(numbers);
  });
});
