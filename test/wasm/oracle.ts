/**
 * What each instruction computes, in JavaScript: from the bytes of its operands to the bytes of its result. A scalar is
 * a vector of one lane, so that `f32.add` and `f32x4.add` are the same text.
 */
type View =
  | Uint8ArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

export interface Oracle {
  /** How the result is compared: as floats every NaN is as good as another, as integers every bit counts. */
  readonly view: View;
  readonly compute: (...operands: Uint8Array<ArrayBuffer>[]) => ArrayLike<number>;
}

const U8 = Uint8Array;
const I16 = Int16Array;
const U16 = Uint16Array;
const I32 = Int32Array;
const U32 = Uint32Array;
const F32 = Float32Array;
const F64 = Float64Array;

const read = (view: View, bytes: Uint8Array<ArrayBuffer>): number[] => [...new view(bytes.slice().buffer)];

/** Lane by lane. A scalar beside a vector (the count of a shift) stands for every lane. Storing it rounds or wraps. */
function lanes(input: View, output: View, compute: (...lane: number[]) => number): Oracle {
  return {
    view: output,
    compute: (...operands) => {
      const given = operands.map((bytes) => read(input, bytes));
      return given[0].map((_, i) => compute(...given.map((values) => values[i % values.length])));
    },
  };
}

/** True is 1 in a scalar, all ones in a lane, of which one of 64 bits is two words. */
function compare(input: View, test: (...lane: number[]) => boolean): Oracle {
  const compute: Oracle['compute'] = (...operands) => {
    const isVector = operands[0].length === 16;
    const truths = Array.from(lanes(input, F64, (...lane) => Number(test(...lane))).compute(...operands));
    if (!isVector) return truths;
    return truths.flatMap((yes) => Array.from({ length: 4 / truths.length }, () => -yes | 0));
  };
  return { view: I32, compute };
}

/** One of two floats, bits untouched. */
function pick(view: View, takeSecond: (a: number, b: number) => boolean): Oracle {
  const compute: Oracle['compute'] = (a, b) => {
    const [x, y] = [read(view, a), read(view, b)];
    const laneOf = (byte: number): number => Math.floor((byte * x.length) / a.length);
    return [...a].map((first, i) => (takeSecond(x[laneOf(i)], y[laneOf(i)]) ? b[i] : first));
  };
  return { view: U8, compute };
}

/** The sign is the top bit of the last byte of each lane. */
function sign(size: number, change: (byte: number) => number): Oracle {
  return { view: U8, compute: (a) => [...a].map((byte, i) => (i % size === size - 1 ? change(byte) : byte)) };
}

const identity: Oracle = { view: U8, compute: (a) => a };
const splat = (size: number): Oracle => ({
  view: U8,
  compute: (a) => Array.from({ length: 16 }, (_, i) => a[i % size]),
});
const truth = (test: (lanes: number[]) => number): Oracle => ({ view: I32, compute: (a) => [test(read(I32, a))] });

const clamp = (low: number, high: number) => (x: number) => (Number.isNaN(x) ? 0 : Math.min(high, Math.max(low, x)));
const saturate = (x: number): number => clamp(-(2 ** 31), 2 ** 31 - 1)(Math.trunc(x));

/** Half to even, and the sign of zero kept. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 23) return x;
  const below = Math.floor(x);
  const rest = x - below;
  const rounded = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

function positive(b: number): number {
  if (b === 0) throw new RangeError('trap: divide by zero');
  return b;
}

const narrow = (low: number, high: number, view: View): Oracle => ({
  view,
  compute: (a, b) => [...read(I32, a), ...read(I32, b)].map(clamp(low, high)),
});
const extend = (view: View, from: number): Oracle => ({
  view: I32,
  compute: (a) => read(view, a).slice(from, from + 4),
});

function prefixed(prefix: string, oracles: Record<string, Oracle>): Record<string, Oracle> {
  return Object.fromEntries(Object.entries(oracles).map(([name, oracle]) => [`${prefix}.${name}`, oracle]));
}

const comparisons = (view: View, suffix: string): Record<string, Oracle> => ({
  [`lt${suffix}`]: compare(view, (a, b) => a < b),
  [`gt${suffix}`]: compare(view, (a, b) => a > b),
  [`le${suffix}`]: compare(view, (a, b) => a <= b),
  [`ge${suffix}`]: compare(view, (a, b) => a >= b),
});

const integers: Record<string, Oracle> = {
  eq: compare(I32, (a, b) => a === b),
  ne: compare(I32, (a, b) => a !== b),
  ...comparisons(I32, '_s'),
  ...comparisons(U32, '_u'),
  add: lanes(I32, I32, (a, b) => a + b),
  sub: lanes(I32, I32, (a, b) => a - b),
  mul: lanes(I32, I32, Math.imul),
  shl: lanes(I32, I32, (a, count) => a << count),
  shr_s: lanes(I32, I32, (a, count) => a >> count),
  shr_u: lanes(U32, U32, (a, count) => a >>> count),
};

/** Double precision has more than twice the bits of single and two: rounding to both is rounding once. */
const floats = (view: View, size: number): Record<string, Oracle> => ({
  eq: compare(view, (a, b) => a === b),
  ne: compare(view, (a, b) => a !== b),
  ...comparisons(view, ''),
  abs: sign(size, (byte) => byte & 0x7f),
  neg: sign(size, (byte) => byte ^ 0x80),
  floor: lanes(view, view, Math.floor),
  nearest: lanes(view, view, nearest),
  sqrt: lanes(view, view, Math.sqrt),
  add: lanes(view, view, (a, b) => a + b),
  sub: lanes(view, view, (a, b) => a - b),
  mul: lanes(view, view, (a, b) => a * b),
  div: lanes(view, view, (a, b) => a / b),
  min: lanes(view, view, Math.min),
  max: lanes(view, view, Math.max),
});

/** By name; an instruction that the assembler does not have may be among them. */
export const ORACLES: Record<string, Oracle> = {
  ...prefixed('i32', {
    ...integers,
    eqz: compare(I32, (a) => a === 0),
    div_u: lanes(U32, U32, (a, b) => Math.floor(a / positive(b))),
    rem_u: lanes(U32, U32, (a, b) => a % positive(b)),
    and: lanes(I32, I32, (a, b) => a & b),
    or: lanes(I32, I32, (a, b) => a | b),
    xor: lanes(I32, I32, (a, b) => a ^ b),
    reinterpret_f32: identity,
    trunc_sat_f32_s: lanes(F32, I32, saturate),
  }),
  ...prefixed('f32', {
    ...floats(F32, 4),
    convert_i32_s: lanes(I32, F32, (a) => a),
    convert_i32_u: lanes(U32, F32, (a) => a),
    demote_f64: lanes(F64, F32, (a) => a),
    reinterpret_i32: identity,
  }),
  ...prefixed('f64', {
    ...floats(F64, 8),
    convert_i32_s: lanes(I32, F64, (a) => a),
    convert_i32_u: lanes(U32, F64, (a) => a),
    promote_f32: lanes(F32, F64, (a) => a),
  }),
  ...prefixed('v128', {
    not: lanes(U32, U32, (a) => ~a),
    and: lanes(U32, U32, (a, b) => a & b),
    andnot: lanes(U32, U32, (a, b) => a & ~b),
    or: lanes(U32, U32, (a, b) => a | b),
    xor: lanes(U32, U32, (a, b) => a ^ b),
    bitselect: lanes(U32, U32, (a, b, mask) => (a & mask) | (b & ~mask)),
    any_true: truth((a) => Number(a.some((lane) => lane !== 0))),
  }),
  ...prefixed('i8x16', {
    splat: splat(1),
    swizzle: { view: U8, compute: (a, indices) => [...indices].map((index) => (index < 16 ? a[index] : 0)) },
  }),
  ...prefixed('i16x8', {
    splat: splat(2),
    narrow_i32x4_s: narrow(-(2 ** 15), 2 ** 15 - 1, I16),
    narrow_i32x4_u: narrow(0, 2 ** 16 - 1, U16),
    shl: shift16(U16, (a, count) => a << count),
    shr_s: shift16(I16, (a, count) => a >> count),
    shr_u: shift16(U16, (a, count) => a >> count),
    add: lanes(I16, I16, (a, b) => a + b),
    sub: lanes(I16, I16, (a, b) => a - b),
    max_u: lanes(U16, U16, Math.max),
  }),
  ...prefixed('i32x4', {
    ...integers,
    splat: splat(4),
    all_true: truth((a) => Number(a.every((lane) => lane !== 0))),
    bitmask: truth((a) => a.reduce((bits, lane, i) => bits | (lane < 0 ? 1 << i : 0), 0)),
    extend_low_i16x8_s: extend(I16, 0),
    extend_high_i16x8_s: extend(I16, 4),
    extend_low_i16x8_u: extend(U16, 0),
    extend_high_i16x8_u: extend(U16, 4),
    min_s: lanes(I32, I32, Math.min),
    min_u: lanes(U32, U32, Math.min),
    max_s: lanes(I32, I32, Math.max),
    max_u: lanes(U32, U32, Math.max),
    dot_i16x8_s: {
      view: I32,
      compute: (a, b) => {
        const products = read(I16, a).map((lane, i) => lane * read(I16, b)[i]);
        return [0, 2, 4, 6].map((i) => (products[i] + products[i + 1]) | 0);
      },
    },
    trunc_sat_f32x4_s: lanes(F32, I32, saturate),
  }),
  ...prefixed('f32x4', {
    ...floats(F32, 4),
    splat: splat(4),
    demote_f64x2_zero: { view: F32, compute: (a) => [...read(F64, a), 0, 0] },
    pmin: pick(F32, (a, b) => b < a),
    pmax: pick(F32, (a, b) => a < b),
    convert_i32x4_s: lanes(I32, F32, (a) => a),
  }),
  ...prefixed('f64x2', {
    ...floats(F64, 8),
    splat: splat(8),
    pmin: pick(F64, (a, b) => b < a),
    pmax: pick(F64, (a, b) => a < b),
    promote_low_f32x4: { view: F64, compute: (a) => read(F32, a).slice(0, 2) },
  }),
};

/** The count is an i32, and counts modulo 16. */
function shift16(view: View, shift: (a: number, count: number) => number): Oracle {
  return { view, compute: (a, count) => read(view, a).map((lane) => shift(lane, count[0] % 16)) };
}

/** The result as bytes, in the width of what the instruction leaves. */
export function expectedBytes({ view, compute }: Oracle, operands: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new view(compute(...operands)).buffer);
}

/** Whether the bits agree; in a result of floats, any NaN with any NaN. */
export function agree({ view }: Oracle, a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): boolean {
  if (a.every((byte, i) => byte === b[i])) return true;
  if (view !== F32 && view !== F64) return false;
  const [x, y] = [read(view, a), read(view, b)];
  return x.every((value, i) => Object.is(value, y[i]));
}
