/** Pooling against windows that are collected, sorted and summed one by one. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import {
  averagePoolingOutput,
  createContext,
  explainPooling,
  globalAveragePoolingOutput,
  maxPoolingOutput,
  maxPoolingOutputWithIndices,
  type PoolingGeometry,
} from '../../src/index.ts';
import {
  type Argument,
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

const perAxis = (value: unknown): [number, number] =>
  typeof value === 'number'
    ? [value, value]
    : [(value as { height: number }).height, (value as { width: number }).width];

/** Windows along an axis by definition: places first … of the input that each covers, clipped to it. */
function windowsAlong(axis: 0 | 1, size: number, geometry: PoolingGeometry): number[][] {
  const { poolingSize, stride = poolingSize, padding = 0, convention = 'valid' } = geometry;
  const [k, s] = [perAxis(poolingSize)[axis], perAxis(stride)[axis]];
  const sides =
    typeof padding === 'number' ? { top: padding, bottom: padding, left: padding, right: padding } : padding;
  let before = (axis === 0 ? sides.top : sides.left) ?? 0;
  const after = (axis === 0 ? sides.bottom : sides.right) ?? 0;
  let count = 0;
  if (convention === 'same') {
    while (count * s < size) count++;
    before = Math.floor(Math.max(0, (count - 1) * s + k - size) / 2);
  } else {
    // Windows are added as long as they fit; 'full' adds one more if any of the padded input is left over.
    const padded = before + size + after;
    while (count * s + k <= padded) count++;
    if (convention === 'full' && (count === 0 || (count - 1) * s + k < padded)) count++;
  }
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: k }, (_, r) => i * s - before + r).filter((place) => place >= 0 && place < size),
  );
}

/** Every window of every plane, as the places that it covers in the plane. */
function poolBy(
  x: Argument,
  geometry: PoolingGeometry,
  pool: (values: number[], places: number[]) => number,
): { shape: number[]; y: Float64Array } {
  const [height, width] = x.shape.slice(-2);
  const [rows, columns] = [windowsAlong(0, height, geometry), windowsAlong(1, width, geometry)];
  const shape = [...x.shape.slice(0, -2), rows.length, columns.length];
  const y = new Float64Array(sizeOf(shape));
  let o = 0;
  for (let plane = 0; plane < sizeOf(x.shape.slice(0, -2)); plane++) {
    for (const row of rows) {
      for (const column of columns) {
        const places = row.flatMap((r) => column.map((c) => r * width + c));
        y[o++] = pool(
          places.map((place) => x.values[plane * height * width + place]),
          places,
        );
      }
    }
  }
  return { shape, y };
}

function greatest(values: number[]): number {
  if (values.length === 0) return -Infinity;
  return values.some(Number.isNaN) ? NaN : values.toSorted((a, b) => a - b).at(-1)!;
}

const size = fc.oneof(extent(5), fc.record({ height: extent(5), width: extent(5) }));
const geometry: fc.Arbitrary<PoolingGeometry> = fc
  .record({
    poolingSize: fc.oneof(fc.constantFrom(2, 3), size),
    stride: fc.option(size, { nil: undefined }),
    padding: fc.oneof(
      fc.constant(undefined),
      fc.integer({ min: 0, max: 3 }),
      fc.record({ top: extent(3), left: extent(4), right: extent(2) }),
    ),
    convention: fc.constantFrom(undefined, 'valid' as const, 'full' as const, 'same' as const),
  })
  .map((drawn) => (drawn.convention === 'same' ? { ...drawn, padding: undefined } : drawn));

const cases = fc
  .tuple(fc.array(extent(3), { minLength: 1, maxLength: 2 }), extent(17), extent(17), spice)
  .chain(([leading, height, width, kind]) =>
    fc.record({
      x: argumentOf([...leading, height, width], kind),
      geometry,
      outputLayout: layoutOf(leading.length + 2),
    }),
  );

/** Whether a window has a size that `valid` refuses. */
const isTooLarge = ({ x, geometry: g }: { x: Argument; geometry: PoolingGeometry }): boolean =>
  windowsAlong(0, x.shape.at(-2)!, g).length === 0 || windowsAlong(1, x.shape.at(-1)!, g).length === 0;

describe('maxPoolingOutput', () => {
  it('is the last of each sorted window, for any size, stride, padding and convention', () => {
    fc.assert(
      fc.property(
        cases.filter((drawn) => !isTooLarge(drawn)),
        ({ x, geometry: options, outputLayout }) => {
          const { shape, y } = poolBy(x, options, greatest);
          checkLayer(contexts, {
            inputs: [x],
            outputShape: shape,
            outputLayout,
            expected: y,
            run: ([input], output, context) => maxPoolingOutput({ input, output, context, ...options }),
          });
        },
      ),
      { numRuns: runs(250) },
    );
  });

  it('gives the place of each maximum in its plane', () => {
    fc.assert(
      fc.property(
        cases.filter((drawn) => !isTooLarge(drawn)),
        ({ x, geometry: options, outputLayout }) => {
          const { shape, y } = poolBy(x, options, greatest);
          const expected = poolBy(x, options, (values, places) => {
            const nan = values.findIndex(Number.isNaN);
            const at = nan >= 0 ? nan : values.indexOf(greatest(values));
            return at < 0 ? -1 : places[at];
          });
          checkLayer(contexts, {
            inputs: [x],
            outputShape: shape,
            outputLayout,
            expected: y,
            run: ([input], given, context) => {
              const { output, indices } = maxPoolingOutputWithIndices({ input, output: given, context, ...options });
              expect([...indices]).toEqual([...expected.y]);
              return output;
            },
          });
        },
      ),
      { numRuns: runs(120) },
    );
  });

  it.each([
    [{ poolingSize: 2 }],
    [{ poolingSize: 3, stride: 2, convention: 'full' as const }],
    [{ poolingSize: { height: 5, width: 4 }, stride: 3, padding: 2 }],
  ])('shares many planes among threads: %j', (options) => {
    const shape = [2, 24, 55, 56];
    const x = { shape, values: valuesOf(sizeOf(shape), 21, 'zeros'), layout: DENSE(4, true) };
    const { shape: outputShape, y } = poolBy(x, options, greatest);
    checkLayer(contexts, {
      inputs: [x],
      outputShape,
      outputLayout: DENSE(4, true),
      expected: y,
      run: ([input], output, context) => maxPoolingOutput({ input, output, context, ...options }),
    });
  });

  it('reads views of ndarray: NHWC, steps and negative steps', () => {
    const [context] = contexts;
    const nhwc = ndarray(valuesOf(2 * 9 * 8 * 3, 31), [2, 9, 8, 3]);
    const view = nhwc.transpose(0, 3, 1, 2).step(1, 1, -1, 2);
    const values = new Float32Array(2 * 3 * 9 * 4);
    let o = 0;
    for (let n = 0; n < 2; n++)
      for (let c = 0; c < 3; c++)
        for (let h = 0; h < 9; h++) for (let w = 0; w < 4; w++) values[o++] = nhwc.get(n, 8 - h, 2 * w, c);
    const options = { poolingSize: 3, stride: 2, convention: 'full' as const };
    const expected = poolBy({ shape: [2, 3, 9, 4], values, layout: DENSE(4) }, options, greatest);
    const y = maxPoolingOutput({ input: view, context, ...options });
    expect(y.shape).toEqual(expected.shape);
    expect([...y.data]).toEqual([...expected.y]);
    // The result is an ndarray like any other.
    expect(y.transpose(1, 0, 2, 3).get(2, 1, 0, 1)).toBe(y.get(1, 2, 0, 1));
  });

  it('has the published sizes of valid, full and same', () => {
    const [context] = contexts;
    const sizes = (extents: [number, number], options: PoolingGeometry) =>
      maxPoolingOutput({
        input: { data: new Float32Array(sizeOf(extents)), shape: [1, ...extents] },
        context,
        ...options,
      }).shape.slice(1);
    // MXNet: 1 + ⌊(H + 2p − k) / s⌋ and 1 + ⌈(H + 2p − k) / s⌉
    expect(sizes([112, 55], { poolingSize: 3, stride: 2 })).toEqual([55, 27]);
    expect(sizes([112, 55], { poolingSize: 3, stride: 2, convention: 'full' })).toEqual([56, 27]);
    expect(sizes([28, 14], { poolingSize: 3, stride: 2, padding: 1 })).toEqual([14, 7]);
    expect(sizes([7, 5], { poolingSize: 2, convention: 'full' })).toEqual([4, 3]);
    // TensorFlow: ⌈H / s⌉
    expect(sizes([7, 112], { poolingSize: 3, stride: 2, convention: 'same' })).toEqual([4, 56]);
    // NNPACK: a window that is larger than the input is still one window.
    expect(sizes([1, 2], { poolingSize: 3, stride: 2, convention: 'full' })).toEqual([1, 1]);
  });

  it("pads 'same' as TensorFlow does: the odd one below and right", () => {
    const [context] = contexts;
    const input = { data: Float32Array.from([4, 1, 2, 3]), shape: [1, 1, 4] };
    // One of padding in all, on the right: windows {4, 1}, {1, 2}, {2, 3}, {3}.
    const y = maxPoolingOutput({ input, poolingSize: { height: 1, width: 2 }, stride: 1, convention: 'same', context });
    expect([...y.data]).toEqual([4, 2, 3, 3]);
  });
});

describe('averagePoolingOutput', () => {
  it('is the sum of each window over its elements, or over its size', () => {
    fc.assert(
      fc.property(
        cases.filter((drawn) => !isTooLarge(drawn)),
        fc.constantFrom(undefined, false, true),
        ({ x, geometry: options, outputLayout }, countPadding) => {
          const [kh, kw] = perAxis(options.poolingSize);
          const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
          const divisor = (values: number[]) => (countPadding === true ? kh * kw : values.length);
          const { shape, y } = poolBy(x, options, (v) => (v.length === 0 ? 0 : sum(v) / divisor(v)));
          const scale = poolBy(x, options, (v) => (v.length === 0 ? 0 : sum(v.map(Math.abs)) / divisor(v))).y;
          checkLayer(contexts, {
            inputs: [x],
            outputShape: shape,
            outputLayout,
            expected: y,
            // One rounding to float32, and those of 25 additions in double.
            bound: (i) => EPSILON * Math.abs(y[i]) + 50 * 2 ** -52 * scale[i] + TINY,
            run: ([input], output, context) =>
              averagePoolingOutput({ input, output, context, countPadding, ...options }),
          });
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('shares many planes among threads', () => {
    const shape = [70, 61, 60];
    const options = { poolingSize: 3, stride: 1, padding: 1 };
    const x = { shape, values: valuesOf(sizeOf(shape), 22), layout: DENSE(3, true) };
    const mean = (v: number[]) => v.reduce((total, value) => total + value, 0) / v.length;
    const { shape: outputShape, y } = poolBy(x, options, mean);
    checkLayer(contexts, {
      inputs: [x],
      outputShape,
      outputLayout: DENSE(3, true),
      expected: y,
      bound: (i) => EPSILON * Math.abs(y[i]) + 20 * 2 ** -52 * 4 + TINY,
      run: ([input], output, context) => averagePoolingOutput({ input, output, context, ...options }),
    });
  });
});

describe('globalAveragePoolingOutput', () => {
  it('is the mean of each plane, [N, C]', () => {
    fc.assert(
      fc.property(cases, layoutOf(1), layoutOf(2), ({ x }, vector, matrix) => {
        const shape = x.shape.slice(0, -2);
        const pixels = sizeOf(x.shape.slice(-2));
        const y = new Float64Array(sizeOf(shape)).map((_, plane) => {
          const values = x.values.slice(plane * pixels, (plane + 1) * pixels);
          return values.reduce((total, value) => total + value, 0) / pixels;
        });
        checkLayer(contexts, {
          inputs: [x],
          outputShape: shape,
          outputLayout: shape.length === 1 ? vector : matrix,
          expected: y,
          bound: (i) => EPSILON * Math.abs(y[i]) + pixels * 2 ** -52 * 4 + TINY,
          run: ([input], output, context) => globalAveragePoolingOutput({ input, output, context }),
        });
      }),
      { numRuns: runs(80) },
    );
  });
});

describe('explainPooling', () => {
  it('applies the documented rules, with the value that decided each', () => {
    const input = { shape: [1, 64, 224, 224] };
    const eligible = explainPooling({ input, poolingSize: 2, convention: 'full' });
    expect(eligible.eligible).toBe(true);
    expect(String(eligible)).toContain('max pooling 1×64×224×224 → 1×64×112×112, 2×2, stride 2×2, full');
    const refused = explainPooling({ input, type: 'average', poolingSize: 3, stride: { height: 2, width: 1 } });
    expect(refused.eligible).toBe(false);
    expect(refused.rules.map(({ passed, value }) => [passed, value])).toEqual([
      [false, 'average'],
      [false, '(3,3)'],
      [false, '(2,1)'],
      [false, 'valid'],
    ]);
    expect(refused.why).toBe('default implementation: max pooling does not hold (average)');
  });
});

it('reads and writes tensors of the context where they are', async () => {
  const context = await createContext({ threads: 1 });
  const [input, output] = [context.allocate([1, 4, 8, 8]), context.allocate([1, 4, 4, 4])];
  const peak = context.describe().peakBytes;
  maxPoolingOutput({ input, output, poolingSize: 2, context });
  averagePoolingOutput({ input, output, poolingSize: 2, context });
  expect(context.describe().peakBytes).toBe(peak);
  context.dispose();
});
