/** Concatenation and resizing against their definitions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatenationOutput, resizeOutput } from '../../src/index.ts';
import {
  argumentOf,
  checkLayer,
  contextsForFile,
  DENSE,
  EPSILON,
  extent,
  layoutOf,
  runs,
  sizeOf,
  spice,
  TINY,
  valuesOf,
} from './support.ts';

const contexts = contextsForFile();

/** The element of a dense tensor at a place. */
function at(values: Float32Array, shape: readonly number[], place: readonly number[]): number {
  return values[place.reduce((index, p, axis) => index * shape[axis] + p, 0)];
}

/** Every place of a shape, in row-major order. */
function placesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
}

describe('concatenationOutput', () => {
  const cases = fc
    .record({
      shape: fc.array(extent(5), { minLength: 1, maxLength: 5 }),
      along: fc.array(extent(5), { minLength: 1, maxLength: 4 }),
      axis: fc.integer({ min: 0, max: 4 }),
      isDefault: fc.boolean(),
      kind: spice,
    })
    .chain(({ shape, along, axis, isDefault, kind }) => {
      const chosen = isDefault ? ([1, 3].includes(shape.length) ? 0 : 1) : axis % shape.length;
      const inputs = along.map((size) => argumentOf(shape.with(chosen, size), kind));
      return fc.record({
        inputs: fc.tuple(...inputs),
        outputLayout: layoutOf(shape.length),
        axis: fc.constant(chosen),
        option: fc.constant(isDefault ? undefined : chosen),
      });
    });

  it('is each input in turn along the axis, that of the channels when none is given', () => {
    fc.assert(
      fc.property(cases, ({ inputs, outputLayout, axis, option }) => {
        const sizes = inputs.map(({ shape }) => shape[axis]);
        const outputShape = inputs[0].shape.with(
          axis,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        const expected = placesOf(outputShape).map((place) => {
          let [input, along] = [0, place[axis]];
          while (along >= sizes[input]) along -= sizes[input++];
          return at(inputs[input].values, inputs[input].shape, place.with(axis, along));
        });
        checkLayer(contexts, {
          inputs,
          outputShape,
          outputLayout,
          expected,
          run: (tensors, output, context) => concatenationOutput({ inputs: tensors, output, context, axis: option }),
        });
      }),
      { numRuns: runs(150) },
    );
  });

  it('shares large inputs among threads', () => {
    const shapes = [
      [3, 30, 40, 41],
      [3, 1, 40, 41],
      [3, 51, 40, 41],
    ];
    const inputs = shapes.map((shape, i) => ({
      shape,
      values: valuesOf(sizeOf(shape), i + 1),
      layout: DENSE(4, true),
    }));
    const expected = Array.from({ length: 3 }, (_, n) =>
      inputs.flatMap(({ values }) => [...values.subarray((n * values.length) / 3, ((n + 1) * values.length) / 3)]),
    ).flat();
    checkLayer(contexts, {
      inputs,
      outputShape: [3, 82, 40, 41],
      outputLayout: DENSE(4, true),
      expected,
      run: (tensors, output, context) => concatenationOutput({ inputs: tensors, output, context }),
    });
  });
});

describe('resizeOutput', () => {
  const cases = fc
    .tuple(fc.array(extent(3), { minLength: 1, maxLength: 2 }), extent(9), extent(9), spice)
    .chain(([leading, height, width, kind]) =>
      fc.record({
        x: argumentOf([...leading, height, width], kind),
        // Bilinear of ∞ depends on weights that are zero but for a rounding.
        finite: argumentOf([...leading, height, width]),
        outputLayout: layoutOf(leading.length + 2),
        size: fc.record({ height: extent(20), width: extent(20) }),
      }),
    );

  it('nearest takes x(⌊i · H / H′⌋, ⌊j · W / W′⌋)', () => {
    fc.assert(
      fc.property(cases, ({ x, outputLayout, size }) => {
        const [height, width] = x.shape.slice(-2);
        const outputShape = [...x.shape.slice(0, -2), size.height, size.width];
        const expected = placesOf(outputShape).map((place) => {
          const [i, j] = place.slice(-2);
          // Whole numbers divided: exact where the quotient is whole.
          const source = [
            (i * height - ((i * height) % size.height)) / size.height,
            (j * width - ((j * width) % size.width)) / size.width,
          ];
          return at(x.values, x.shape, [...place.slice(0, -2), ...source]);
        });
        checkLayer(contexts, {
          inputs: [x],
          outputShape,
          outputLayout,
          expected,
          run: ([input], output, context) => resizeOutput({ input, output, context, mode: 'nearest', size }),
        });
      }),
      { numRuns: runs(100) },
    );
  });

  it('bilinear weighs all samples by a tent around the place, edges repeated', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), ({ finite: x, outputLayout, size }, alignCorners) => {
        const [height, width] = x.shape.slice(-2);
        const outputShape = [...x.shape.slice(0, -2), size.height, size.width];
        const placeOf = (i: number, n: number, m: number): number => {
          if (alignCorners) return m === 1 ? 0 : (i * (n - 1)) / (m - 1);
          return Math.min(Math.max(((i + 0.5) * n) / m - 0.5, 0), n - 1);
        };
        const tent = (distance: number) => Math.max(0, 1 - Math.abs(distance));
        const expected = placesOf(outputShape).map((place) => {
          const row = placeOf(place.at(-2)!, height, size.height);
          const column = placeOf(place.at(-1)!, width, size.width);
          let sum = 0;
          for (let h = 0; h < height; h++) {
            for (let w = 0; w < width; w++) {
              sum += tent(row - h) * tent(column - w) * at(x.values, x.shape, [...place.slice(0, -2), h, w]);
            }
          }
          return sum;
        });
        checkLayer(contexts, {
          inputs: [x],
          outputShape,
          outputLayout,
          expected,
          // One rounding to float32; places and weights are rounded in double, of values below 4.
          bound: (i) => EPSILON * Math.abs(expected[i]) + 256 * 2 ** -52 * 4 + TINY,
          run: ([input], output, context) =>
            resizeOutput({ input, output, context, mode: 'bilinear', size, alignCorners }),
        });
      }),
      { numRuns: runs(100) },
    );
  });

  it('takes a scale for the size, rounded down', () => {
    const [context] = contexts;
    const input = { data: new Float32Array(2 * 5 * 7), shape: [2, 5, 7] };
    expect(resizeOutput({ input, context, mode: 'bilinear', scale: 2 }).shape).toEqual([2, 10, 14]);
    const scale = { height: 0.5, width: 1.5 };
    expect(resizeOutput({ input, context, mode: 'nearest', scale }).shape).toEqual([2, 2, 10]);
  });

  it('gives a NaN to those outputs alone that lie beside it', () => {
    const [context] = contexts;
    const input = { data: Float32Array.from([1, 2, NaN, 4, 5, 6]), shape: [1, 1, 6] };
    const y = resizeOutput({ input, context, mode: 'bilinear', size: { height: 1, width: 12 } });
    // Output j lies at j / 2 − 1/4: outputs 3 to 6 lie between samples 1 and 3.
    expect([...y.data].flatMap((value, j) => (Number.isNaN(value) ? [j] : []))).toEqual([3, 4, 5, 6]);
  });

  it('shares many planes among threads', () => {
    const shape = [40, 33, 34];
    const x = { shape, values: valuesOf(sizeOf(shape), 4), layout: DENSE(3, true) };
    checkLayer(contexts, {
      inputs: [x],
      outputShape: [40, 66, 68],
      outputLayout: DENSE(3, true),
      expected: placesOf([40, 66, 68]).map(([c, h, w]) => at(x.values, shape, [c, h >> 1, w >> 1])),
      run: ([input], output, context) => resizeOutput({ input, output, context, mode: 'nearest', scale: 2 }),
    });
  });
});
