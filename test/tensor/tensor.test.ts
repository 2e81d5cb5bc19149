/** Strided views: read, written and refused as `ndarray` itself would have them. */
import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { denseStrides, makeTensor, PlainView, sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { checkShape, checkTensor, copyIn, copyOut, isDense, overlaps } from '../../src/tensor/tensor.ts';
import { runs } from '../support/runs.ts';

type View = NdArray<Float32Array>;

/** One call on a view, as data, so that two kinds of view can be put through the same calls. */
type Operation =
  | { name: 'transpose'; order: number[] }
  | { name: 'step' | 'lo' | 'hi'; values: (number | null)[] }
  | { name: 'pick'; axis: number; at: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ name: fc.constant('transpose' as const), order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }) }),
  fc.record({
    name: fc.constant('step' as const),
    values: fc.array(fc.constantFrom(1, -1, 2, -2, 3), { maxLength: 4 }),
  }),
  fc.record({
    name: fc.constantFrom('lo' as const, 'hi' as const),
    values: fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 4 }),
  }),
);

const picking = fc.record({ name: fc.constant('pick' as const), axis: fc.nat(3), at: fc.nat(5) });

const extents = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 });

/** Applies a call, its arguments cut to what the view has. */
function apply(view: View, call: Operation): View {
  const { shape } = view;
  const rank = shape.length;
  switch (call.name) {
    case 'transpose':
      return view.transpose(...call.order.filter((axis) => axis < rank));
    case 'step':
      return view.step(...(call.values.slice(0, rank) as number[]));
    case 'lo':
      return view.lo(
        ...(call.values
          .slice(0, rank)
          .map((value, axis) => (value === null ? value : Math.min(value, shape[axis] - 1))) as number[]),
      );
    case 'hi':
      return view.hi(
        ...(call.values
          .slice(0, rank)
          .map((value, axis) => (value === null ? value : value === 0 ? 1 : Math.min(value, shape[axis]))) as number[]),
      );
    case 'pick': {
      const place = shape.map((extent, axis) => (axis === call.axis ? call.at % extent : null));
      return view.pick(...place);
    }
  }
}

/** Every place of a shape in row-major order. */
function* places(shape: readonly number[]): Generator<number[]> {
  const size = sizeOf(shape);
  const strides = denseStrides(shape);
  for (let i = 0; i < size; i++) yield shape.map((extent, axis) => Math.floor(i / strides[axis]) % extent);
}

/** A view over an array with margins, after the calls; its data are 0, 1, 2, … */
function viewOf(shape: number[], calls: readonly Operation[], margin: number): View {
  const data = Float32Array.from({ length: margin + sizeOf(shape) + 5 }, (_, i) => i);
  return calls.reduce(apply, ndarray(data, shape, undefined, margin) as View);
}

const views = fc
  .tuple(extents, fc.array(operation, { maxLength: 5 }), fc.nat(9))
  .map(([shape, calls, margin]) => viewOf(shape, calls, margin));

describe('copyIn and copyOut', () => {
  it('read every element of any view as ndarray.get does, into a dense run and nowhere else', () => {
    fc.assert(
      fc.property(views, fc.nat(7), (view, start) => {
        const checked = checkTensor('test', 'view', view, [view.shape.length]);
        const size = sizeOf(view.shape);
        const f32 = new Float32Array(start + size + 4).fill(Number.NaN);
        copyIn(checked, f32, start);
        const expected = [...places(view.shape)].map((place) => view.get(...place));
        expect([...f32.subarray(start, start + size)]).toEqual(expected);
        expect([...f32.subarray(0, start), ...f32.subarray(start + size)].every(Number.isNaN)).toBe(true);
      }),
      { numRuns: runs(400) },
    );
  });

  it('write every element of any view as ndarray.set does, and no other', () => {
    fc.assert(
      fc.property(views, fc.nat(7), (view, start) => {
        const size = sizeOf(view.shape);
        const f32 = Float32Array.from({ length: start + size }, (_, i) => 1000 + i);
        const before = view.data.slice();
        copyOut(f32, start, checkTensor('test', 'view', view, [view.shape.length]));
        let at = start;
        for (const place of places(view.shape)) before[view.index(...place)] = f32[at++];
        expect([...view.data]).toEqual([...before]);
      }),
      { numRuns: runs(400) },
    );
  });

  it('do nothing for a view without elements, whatever its data', () => {
    const none = checkTensor('test', 'none', { data: new Float32Array(0), shape: [2, 0, 3] }, [3]);
    const f32 = new Float32Array(4).fill(9);
    copyIn(none, f32, 0);
    copyOut(f32, 0, none);
    expect([...f32]).toEqual([9, 9, 9, 9]);
  });

  it('take a single element of rank 0', () => {
    const one = checkTensor('test', 'one', { data: Float32Array.of(1, 2, 3), shape: [], offset: 2 }, [0]);
    const f32 = new Float32Array(2);
    copyIn(one, f32, 1);
    expect([...f32]).toEqual([0, 3]);
  });
});

describe('checkTensor', () => {
  /** The first and last element that a view touches, by enumeration. */
  function reach(view: View): [number, number] {
    const indices = [...places(view.shape)].map((place) => view.index(...place));
    return [Math.min(...indices), Math.max(...indices)];
  }

  it('fills in row-major strides and offset 0', () => {
    const { shape, stride, offset } = checkTensor('test', 'x', { data: new Float32Array(24), shape: [2, 3, 4] }, [3]);
    expect([shape, stride, offset]).toEqual([[2, 3, 4], [12, 4, 1], 0]);
  });

  it('accepts exactly the views that lie inside their data', () => {
    const stride = fc.integer({ min: -7, max: 7 });
    const any = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
      stride: fc.array(stride, { minLength: 3, maxLength: 3 }),
      offset: fc.integer({ min: -2, max: 30 }),
      length: fc.integer({ min: 0, max: 40 }),
    });
    let inside = 0;
    fc.assert(
      fc.property(any, ({ length, ...rest }) => {
        const view = { ...rest, data: new Float32Array(length) };
        const [low, high] = reach(ndarray(view.data, view.shape, view.stride, view.offset) as View);
        const fits = low >= 0 && high < length;
        if (fits) inside++;
        let text = '';
        try {
          checkTensor('test', 'x', view, [3]);
        } catch (error) {
          expect((error as NnpackError).code).toBe('invalid-tensor');
          text = (error as NnpackError).message;
        }
        if (fits) expect(text).toBe('');
        else expect(text).toContain(`reaches elements ${low} to ${high}, but its data has `);
      }),
      { numRuns: runs(500) },
    );
    expect(inside).toBeGreaterThan(50);
  });

  it('knows density as "each element follows the one before"', () => {
    fc.assert(
      fc.property(views, (view) => {
        const indices = [...places(view.shape)].map((place) => view.index(...place));
        const follows = indices.every((index, i) => i === 0 || index === indices[i - 1] + 1);
        expect(isDense(view)).toBe(follows);
      }),
      { numRuns: runs(400) },
    );
  });

  const data = new Float32Array(24);
  const BAD: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['nothing', undefined, 'invalid-tensor', /^f: x is undefined, expected an ndarray of float32$/],
    ['null', null, 'invalid-tensor', /x is null/],
    ['a number', 5, 'invalid-tensor', /x is 5/],
    ['a string', 'abc', 'invalid-tensor', /x is 'abc'/],
    ['an array', [1, 2], 'invalid-tensor', /x is \[1, 2\]/],
    ['a bare Float32Array', data, 'invalid-tensor', /x is an object of Float32Array/],
    ['rank 1', { data, shape: [24] }, 'invalid-rank', /^f: x has rank 1 \(shape \[24\]\), expected 2 or 3$/],
    ['rank 4', { data, shape: [1, 2, 3, 4] }, 'invalid-rank', /rank 4/],
    ['a shape of strings', { data, shape: ['4', '6'] }, 'invalid-tensor', /shape \['4', '6'\], expected whole numbers/],
    ['a fractional extent', { data, shape: [4, 1.5] }, 'invalid-tensor', /shape \[4, 1.5\]/],
    ['a negative extent', { data, shape: [4, -6] }, 'invalid-tensor', /shape \[4, -6\]/],
    ['a NaN extent', { data, shape: [4, Number.NaN] }, 'invalid-tensor', /shape \[4, NaN\]/],
    ['an infinite extent', { data, shape: [4, Infinity] }, 'invalid-tensor', /shape \[4, Infinity\]/],
    ['a hole in the shape', { data, shape: [4, undefined] }, 'invalid-tensor', /expected whole numbers/],
    [
      'too many elements',
      { data, shape: [2 ** 20, 2 ** 20] },
      'out-of-memory',
      /1099511627776 elements, expected at most 1073741824$/,
    ],
    ['overflowing sizes', { data, shape: [2 ** 53, 2 ** 53, 2 ** 53] }, 'out-of-memory', /e\+47 elements/],
    ['no data', { shape: [4, 6] }, 'invalid-tensor-type', /^f: x holds undefined, expected a Float32Array$/],
    ['doubles', { data: new Float64Array(24), shape: [4, 6] }, 'invalid-tensor-type', /an object of Float64Array/],
    ['bytes', { data: new Uint8Array(24), shape: [4, 6] }, 'invalid-tensor-type', /an object of Uint8Array/],
    ['a plain array', { data: [1, 2, 3, 4], shape: [2, 2] }, 'invalid-tensor-type', /holds \[1, 2, 3, 4\]/],
    [
      'too little data',
      { data: data.subarray(1), shape: [4, 6] },
      'invalid-tensor',
      /^f: x of shape \[4, 6\] reaches elements 0 to 23, but its data has 23 elements$/,
    ],
    ['an empty buffer', { data: new Float32Array(0), shape: [4, 6] }, 'invalid-tensor', /an empty or detached buffer/],
    ['an offset beyond', { data, shape: [4, 6], offset: 1 }, 'invalid-tensor', /elements 1 to 24/],
    ['an offset before', { data, shape: [2, 2], offset: -1 }, 'invalid-tensor', /elements -1 to 2/],
    [
      'a fractional offset',
      { data, shape: [2, 2], offset: 0.5 },
      'invalid-tensor',
      /offset 0.5, expected 2 whole strides and a whole offset/,
    ],
    ['an offset of text', { data, shape: [2, 2], offset: '1' }, 'invalid-tensor', /offset '1'/],
    ['too few strides', { data, shape: [2, 2], stride: [1] }, 'invalid-tensor', /strides \[1\]/],
    ['fractional strides', { data, shape: [2, 2], stride: [2, 0.5] }, 'invalid-tensor', /strides \[2, 0.5\]/],
    ['strides that lead out', { data, shape: [2, 2], stride: [23, 1] }, 'invalid-tensor', /elements 0 to 24/],
    [
      'strides that lead out below',
      { data, shape: [2, 2], stride: [1, -3], offset: 2 },
      'invalid-tensor',
      /elements -1 to 3/,
    ],
    ['huge strides', { data, shape: [2, 2], stride: [1e300, 1] }, 'invalid-tensor', /elements 0 to 1e\+300/],
    ['infinite strides', { data, shape: [2, 2], stride: [Infinity, 1] }, 'invalid-tensor', /strides \[Infinity, 1\]/],
    ['strides of text', { data, shape: [2, 2], stride: 'ab' }, 'invalid-tensor', /strides 'ab'/],
    ['a number for strides', { data, shape: [2, 2], stride: 2 }, 'invalid-tensor', /strides 2/],
    [
      'an object for strides',
      { data, shape: [2, 2], stride: { length: 2 } },
      'invalid-tensor',
      /strides an object of Object/,
    ],
  ];

  it.each(BAD)('refuses %s', (_name, value, code, text) => {
    let caught: unknown;
    try {
      checkTensor('f', 'x', value, [2, 3]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(NnpackError);
    expect((caught as NnpackError).code).toBe(code);
    expect((caught as NnpackError).message).toMatch(text);
  });

  it('asks for no data where shapes alone matter', () => {
    expect(checkShape('f', 'x', { shape: [2, 3] }, [2]).shape).toEqual([2, 3]);
  });
});

describe('overlaps', () => {
  it('is true for any two views that share an element, over one buffer however it is viewed', () => {
    const part = fc.record({ shift: fc.nat(12), shape: extents, calls: fc.array(operation, { maxLength: 4 }) });
    const seen = { shared: 0, apart: 0 };
    fc.assert(
      fc.property(part, part, (a, b) => {
        const bytes = new ArrayBuffer(4 * 3000);
        const make = ({ shift, shape, calls }: typeof a): View =>
          calls.reduce(apply, ndarray(new Float32Array(bytes, 4 * shift * 50), shape) as View);
        const [first, second] = [make(a), make(b)];
        const touched = (view: View) =>
          [...places(view.shape)].map((place) => view.data.byteOffset / 4 + view.index(...place));
        const inFirst = new Set(touched(first));
        const shares = touched(second).some((element) => inFirst.has(element));
        const found = overlaps(checkTensor('test', 'a', first, [4]), checkTensor('test', 'b', second, [4]));
        if (shares) expect(found).toBe(true);
        seen[found ? 'shared' : 'apart']++;
        const elsewhere = { ...checkTensor('test', 'b', second, [4]), data: new Float32Array(3000) };
        expect(overlaps(checkTensor('test', 'a', first, [4]), elsewhere)).toBe(false);
      }),
      { numRuns: runs(200) },
    );
    expect(Math.min(seen.shared, seen.apart)).toBeGreaterThan(20);
  });
});

describe('PlainView', () => {
  /** Everything that can be seen of a view; the order of equal strides is nobody's business. */
  function seen(view: View): unknown {
    const { shape, stride, offset, dimension, size, dtype } = view;
    const order = view.order.map((axis) => Math.abs(stride[axis]));
    const contents = [...places(shape)].map((place) => [view.index(...place), view.get(...place)]);
    return { shape: [...shape], stride: [...stride], offset, dimension, size, dtype, order, contents };
  }

  it('is what ndarray makes of the same calls', () => {
    const values = fc.array(fc.option(fc.constantFrom(-1, 0, 1, 2, 3)), { maxLength: 4 });
    const steps = fc.array(fc.option(fc.constantFrom(1, -1, 2, -2, 3)), { maxLength: 4 });
    // As ndarray has it, an argument that is no number leaves its axis alone.
    const skipping = fc.oneof(
      operation,
      picking,
      fc.record({ name: fc.constantFrom('lo' as const, 'hi' as const), values }),
      fc.record({ name: fc.constant('step' as const), values: steps }),
    );
    fc.assert(
      fc.property(extents, fc.array(skipping, { maxLength: 5 }), fc.nat(9), (shape, calls, margin) => {
        const data = randomArray(margin + sizeOf(shape) + 5, uniform(margin + 1));
        let theirs = ndarray(data, shape, undefined, margin) as View;
        let ours: View = new PlainView(data, [...shape], denseStrides(shape), margin);
        for (const call of calls) {
          if (call.name === 'pick' && theirs.shape.length < 2) continue;
          theirs = apply(theirs, call);
          ours = apply(ours, call);
          expect([ours.shape, ours.stride, ours.offset]).toEqual([
            [...theirs.shape],
            [...theirs.stride],
            theirs.offset,
          ]);
          expect(seen(ours)).toEqual(seen(theirs));
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it('writes where ndarray writes, and returns the value', () => {
    const [ours, theirs] = [new Float32Array(24), new Float32Array(24)];
    const a = new PlainView(ours, [2, 3, 4], [12, 4, 1], 0).transpose(2, 0, 1).step(-1, 1, 2);
    const b = (ndarray(theirs, [2, 3, 4]) as View).transpose(2, 0, 1).step(-1, 1, 2);
    for (const place of places(b.shape)) {
      const value = sizeOf(place) + place[0];
      expect(a.set(...place, value)).toBe(b.set(...place, value));
    }
    expect([...ours]).toEqual([...theirs]);
  });

  it('picks down to a single element', () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    const ours = new PlainView(data, [2, 3, 4], [12, 4, 1], 0).pick(1, 2, 3);
    const theirs = (ndarray(data, [2, 3, 4]) as View).pick(1, 2, 3);
    expect([ours.get(), ours.dimension, ours.size]).toEqual([theirs.get(), theirs.dimension, theirs.size]);
  });
});

describe('makeTensor', () => {
  it('makes an ndarray', () => {
    const made = makeTensor(new Float32Array(10), [2, 3], 4);
    expect(made).toBeInstanceOf(Object.getPrototypeOf(ndarray(new Float32Array(6), [2, 3])).constructor);
    expect([made.shape, made.stride, made.offset]).toEqual([[2, 3], [3, 1], 4]);
  });
});
