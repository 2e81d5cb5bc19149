/** Padding by a value, mirrored and repeated, element by element against what stands where. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padOutput } from '../../src/index.ts';
import {
  type Argument,
  argumentOf,
  checkLayer,
  contextsForFile,
  DENSE,
  extent,
  type Layout,
  layoutOf,
  runs,
  sizeOf,
  spice,
  valuesOf,
} from './support.ts';

const contexts = contextsForFile();

interface Sides {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}
type Mode = 'constant' | 'reflect' | 'edge';

/** The places 0 … size − 1 with those before and after them, one put on at a time; −1 is the constant. */
function placesAlong(size: number, before: number, after: number, mode: Mode): number[] {
  const places = Array.from({ length: size }, (_, i) => i);
  const next = (i: number) => (mode === 'constant' ? -1 : mode === 'edge' ? 0 : i);
  for (let i = 1; i <= before; i++) places.unshift(next(i));
  for (let i = 1; i <= after; i++) places.push(mode === 'constant' ? -1 : size - 1 - next(i));
  return places;
}

function padded({ shape, values }: Argument, sides: Sides, mode: Mode, value: number): Float32Array {
  const [height, width] = shape.slice(-2);
  const planes = sizeOf(shape.slice(0, -2));
  const rows = placesAlong(height, sides.top, sides.bottom, mode);
  const columns = placesAlong(width, sides.left, sides.right, mode);
  const elements = Array.from({ length: planes }, (_, plane) =>
    rows.flatMap((row) =>
      columns.map((column) => (row < 0 || column < 0 ? value : values[(plane * height + row) * width + column])),
    ),
  );
  return Float32Array.from(elements.flat());
}

function check(x: Argument, sides: Sides, mode: Mode, value: number | undefined, outputLayout: Layout): void {
  const [height, width] = x.shape.slice(-2);
  checkLayer(contexts, {
    inputs: [x],
    outputShape: [...x.shape.slice(0, -2), sides.top + height + sides.bottom, sides.left + width + sides.right],
    outputLayout,
    expected: padded(x, sides, mode, value ?? 0),
    run: ([input], output, context) => padOutput({ input, padding: sides, mode, value, output, context }),
  });
}

describe('padOutput', () => {
  it('puts the right element at every place, for every side, mode and layout', () => {
    const drawn = fc.tuple(fc.array(extent(6), { minLength: 3, maxLength: 4 }), spice).chain(([shape, kind]) =>
      fc.record({
        x: argumentOf(shape, kind),
        outputLayout: layoutOf(shape.length),
        sides: fc.record({ top: fc.nat(7), right: fc.nat(7), bottom: fc.nat(7), left: fc.nat(7) }),
        mode: fc.constantFrom<Mode>('constant', 'reflect', 'edge'),
        value: fc.constantFrom(undefined, 0, -0, 0.1, -Infinity),
      }),
    );
    fc.assert(
      fc.property(drawn, ({ x, outputLayout, sides, mode, value }) => {
        const [height, width] = x.shape.slice(-2);
        const { top, right, bottom, left } = sides;
        // Fewer than there are to be mirrored.
        const fit = {
          top: top % height,
          right: right % width,
          bottom: bottom % height,
          left: left % width,
        };
        const isConstant = mode === 'constant';
        check(x, mode === 'reflect' ? fit : sides, mode, isConstant ? value : undefined, outputLayout);
      }),
      { numRuns: runs(150) },
    );
  });

  it('is what its description draws', () => {
    const input = { data: Float32Array.of(1, 2, 3), shape: [1, 1, 3] };
    const padding = { left: 2, right: 2 };
    const rowOf = (rest: object) => [...padOutput({ input, padding, context: contexts[0], ...rest }).data];
    expect(rowOf({})).toEqual([0, 0, 1, 2, 3, 0, 0]);
    expect(rowOf({ value: 7 })).toEqual([7, 7, 1, 2, 3, 7, 7]);
    expect(rowOf({ mode: 'reflect' })).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(rowOf({ mode: 'edge' })).toEqual([1, 1, 1, 2, 3, 3, 3]);
  });

  it.each(['constant', 'reflect', 'edge'] as const)('works in items shared by threads (%s)', (mode) => {
    const shape = [2, 9, 61, 67];
    const x = { shape, values: valuesOf(sizeOf(shape), 1, 'special'), layout: DENSE(4, true) };
    check(x, { top: 3, right: 1, bottom: 2, left: 5 }, mode, undefined, DENSE(4, true));
  });
});
