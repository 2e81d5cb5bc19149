/**
 * The instructions that the assembler knows, as data: opcode, types of the operands, type of the result. The names are
 * the specification's, split at the dot: `f32x4: { add }` is `f32x4.add`. A prefixed opcode is written prefix_code:
 * 0xfd_00e4 is the byte 0xfd (SIMD), then 0xe4 in LEB128; 0xfc holds the later additions, 0xfe the atomics.
 *
 * What is not here is not needed: an instruction comes in with the kernel that uses it. The tests walk the tables and
 * hold every row against another assembler.
 */
import type { ResultType, ValueType } from './code.ts';

const I = ['i32'] as const;
const II = ['i32', 'i32'] as const;
const F = ['f32'] as const;
const FF = ['f32', 'f32'] as const;
const D = ['f64'] as const;
const DD = ['f64', 'f64'] as const;
const V = ['v128'] as const;
const VV = ['v128', 'v128'] as const;
const VVV = ['v128', 'v128', 'v128'] as const;
const VI = ['v128', 'i32'] as const;

/** Operands only. */
export type PlainRow = readonly [opcode: number, operands: readonly ValueType[], result: ResultType];

export const PLAIN = {
  i32: {
    eqz: [0x45, I, 'i32'],
    eq: [0x46, II, 'i32'],
    ne: [0x47, II, 'i32'],
    lt_s: [0x48, II, 'i32'],
    lt_u: [0x49, II, 'i32'],
    gt_s: [0x4a, II, 'i32'],
    gt_u: [0x4b, II, 'i32'],
    le_s: [0x4c, II, 'i32'],
    le_u: [0x4d, II, 'i32'],
    ge_s: [0x4e, II, 'i32'],
    ge_u: [0x4f, II, 'i32'],
    add: [0x6a, II, 'i32'],
    sub: [0x6b, II, 'i32'],
    mul: [0x6c, II, 'i32'],
    div_u: [0x6e, II, 'i32'],
    rem_u: [0x70, II, 'i32'],
    and: [0x71, II, 'i32'],
    or: [0x72, II, 'i32'],
    xor: [0x73, II, 'i32'],
    shl: [0x74, II, 'i32'],
    shr_s: [0x75, II, 'i32'],
    shr_u: [0x76, II, 'i32'],
    reinterpret_f32: [0xbc, F, 'i32'],
    trunc_sat_f32_s: [0xfc_0000, F, 'i32'],
  },
  f32: {
    eq: [0x5b, FF, 'i32'],
    ne: [0x5c, FF, 'i32'],
    lt: [0x5d, FF, 'i32'],
    gt: [0x5e, FF, 'i32'],
    le: [0x5f, FF, 'i32'],
    ge: [0x60, FF, 'i32'],
    abs: [0x8b, F, 'f32'],
    neg: [0x8c, F, 'f32'],
    floor: [0x8e, F, 'f32'],
    nearest: [0x90, F, 'f32'],
    sqrt: [0x91, F, 'f32'],
    add: [0x92, FF, 'f32'],
    sub: [0x93, FF, 'f32'],
    mul: [0x94, FF, 'f32'],
    div: [0x95, FF, 'f32'],
    min: [0x96, FF, 'f32'],
    max: [0x97, FF, 'f32'],
    convert_i32_s: [0xb2, I, 'f32'],
    convert_i32_u: [0xb3, I, 'f32'],
    demote_f64: [0xb6, D, 'f32'],
    reinterpret_i32: [0xbe, I, 'f32'],
  },
  f64: {
    eq: [0x61, DD, 'i32'],
    ne: [0x62, DD, 'i32'],
    lt: [0x63, DD, 'i32'],
    gt: [0x64, DD, 'i32'],
    le: [0x65, DD, 'i32'],
    ge: [0x66, DD, 'i32'],
    abs: [0x99, D, 'f64'],
    neg: [0x9a, D, 'f64'],
    sqrt: [0x9f, D, 'f64'],
    add: [0xa0, DD, 'f64'],
    sub: [0xa1, DD, 'f64'],
    mul: [0xa2, DD, 'f64'],
    div: [0xa3, DD, 'f64'],
    min: [0xa4, DD, 'f64'],
    max: [0xa5, DD, 'f64'],
    convert_i32_s: [0xb7, I, 'f64'],
    convert_i32_u: [0xb8, I, 'f64'],
    promote_f32: [0xbb, F, 'f64'],
  },
  v128: {
    not: [0xfd_004d, V, 'v128'],
    and: [0xfd_004e, VV, 'v128'],
    andnot: [0xfd_004f, VV, 'v128'],
    or: [0xfd_0050, VV, 'v128'],
    xor: [0xfd_0051, VV, 'v128'],
    bitselect: [0xfd_0052, VVV, 'v128'],
    any_true: [0xfd_0053, V, 'i32'],
  },
  i8x16: {
    swizzle: [0xfd_000e, VV, 'v128'],
    splat: [0xfd_000f, I, 'v128'],
  },
  i16x8: {
    splat: [0xfd_0010, I, 'v128'],
    narrow_i32x4_s: [0xfd_0085, VV, 'v128'],
    narrow_i32x4_u: [0xfd_0086, VV, 'v128'],
    shl: [0xfd_008b, VI, 'v128'],
    shr_s: [0xfd_008c, VI, 'v128'],
    shr_u: [0xfd_008d, VI, 'v128'],
    add: [0xfd_008e, VV, 'v128'],
    sub: [0xfd_0091, VV, 'v128'],
    max_u: [0xfd_0099, VV, 'v128'],
  },
  i32x4: {
    splat: [0xfd_0011, I, 'v128'],
    eq: [0xfd_0037, VV, 'v128'],
    ne: [0xfd_0038, VV, 'v128'],
    lt_s: [0xfd_0039, VV, 'v128'],
    lt_u: [0xfd_003a, VV, 'v128'],
    gt_s: [0xfd_003b, VV, 'v128'],
    gt_u: [0xfd_003c, VV, 'v128'],
    le_s: [0xfd_003d, VV, 'v128'],
    ge_s: [0xfd_003f, VV, 'v128'],
    all_true: [0xfd_00a3, V, 'i32'],
    bitmask: [0xfd_00a4, V, 'i32'],
    extend_low_i16x8_s: [0xfd_00a7, V, 'v128'],
    extend_high_i16x8_s: [0xfd_00a8, V, 'v128'],
    extend_low_i16x8_u: [0xfd_00a9, V, 'v128'],
    extend_high_i16x8_u: [0xfd_00aa, V, 'v128'],
    shl: [0xfd_00ab, VI, 'v128'],
    shr_s: [0xfd_00ac, VI, 'v128'],
    shr_u: [0xfd_00ad, VI, 'v128'],
    add: [0xfd_00ae, VV, 'v128'],
    sub: [0xfd_00b1, VV, 'v128'],
    mul: [0xfd_00b5, VV, 'v128'],
    min_s: [0xfd_00b6, VV, 'v128'],
    min_u: [0xfd_00b7, VV, 'v128'],
    max_s: [0xfd_00b8, VV, 'v128'],
    max_u: [0xfd_00b9, VV, 'v128'],
    dot_i16x8_s: [0xfd_00ba, VV, 'v128'],
    trunc_sat_f32x4_s: [0xfd_00f8, V, 'v128'],
  },
  f32x4: {
    splat: [0xfd_0013, F, 'v128'],
    eq: [0xfd_0041, VV, 'v128'],
    ne: [0xfd_0042, VV, 'v128'],
    lt: [0xfd_0043, VV, 'v128'],
    gt: [0xfd_0044, VV, 'v128'],
    le: [0xfd_0045, VV, 'v128'],
    ge: [0xfd_0046, VV, 'v128'],
    demote_f64x2_zero: [0xfd_005e, V, 'v128'],
    floor: [0xfd_0068, V, 'v128'],
    nearest: [0xfd_006a, V, 'v128'],
    abs: [0xfd_00e0, V, 'v128'],
    neg: [0xfd_00e1, V, 'v128'],
    sqrt: [0xfd_00e3, V, 'v128'],
    add: [0xfd_00e4, VV, 'v128'],
    sub: [0xfd_00e5, VV, 'v128'],
    mul: [0xfd_00e6, VV, 'v128'],
    div: [0xfd_00e7, VV, 'v128'],
    min: [0xfd_00e8, VV, 'v128'],
    max: [0xfd_00e9, VV, 'v128'],
    pmin: [0xfd_00ea, VV, 'v128'],
    pmax: [0xfd_00eb, VV, 'v128'],
    convert_i32x4_s: [0xfd_00fa, V, 'v128'],
    relaxed_madd: [0xfd_0105, VVV, 'v128'],
    relaxed_nmadd: [0xfd_0106, VVV, 'v128'],
  },
  f64x2: {
    splat: [0xfd_0014, D, 'v128'],
    lt: [0xfd_0049, VV, 'v128'],
    promote_low_f32x4: [0xfd_005f, V, 'v128'],
    abs: [0xfd_00ec, V, 'v128'],
    neg: [0xfd_00ed, V, 'v128'],
    sqrt: [0xfd_00ef, V, 'v128'],
    add: [0xfd_00f0, VV, 'v128'],
    sub: [0xfd_00f1, VV, 'v128'],
    mul: [0xfd_00f2, VV, 'v128'],
    div: [0xfd_00f3, VV, 'v128'],
    min: [0xfd_00f4, VV, 'v128'],
    max: [0xfd_00f5, VV, 'v128'],
    pmin: [0xfd_00f6, VV, 'v128'],
    pmax: [0xfd_00f7, VV, 'v128'],
    relaxed_madd: [0xfd_0107, VVV, 'v128'],
    relaxed_nmadd: [0xfd_0108, VVV, 'v128'],
  },
} as const satisfies Record<string, Record<string, PlainRow>>;

/** An address first, then the operands, then the offset. `bytes` is the size of the access, and the alignment hinted. */
export type MemoryRow = readonly [opcode: number, bytes: number, operands: readonly ValueType[], result: ResultType];

const NONE = [] as const;

export const MEMORY = {
  i32: {
    load: [0x28, 4, NONE, 'i32'],
    load8_u: [0x2d, 1, NONE, 'i32'],
    load16_u: [0x2f, 2, NONE, 'i32'],
    store: [0x36, 4, I, 'none'],
    store8: [0x3a, 1, I, 'none'],
    store16: [0x3b, 2, I, 'none'],
  },
  f32: {
    load: [0x2a, 4, NONE, 'f32'],
    store: [0x38, 4, F, 'none'],
  },
  f64: {
    load: [0x2b, 8, NONE, 'f64'],
    store: [0x39, 8, D, 'none'],
  },
  v128: {
    load: [0xfd_0000, 16, NONE, 'v128'],
    load16x4_s: [0xfd_0003, 8, NONE, 'v128'],
    load16x4_u: [0xfd_0004, 8, NONE, 'v128'],
    load8_splat: [0xfd_0007, 1, NONE, 'v128'],
    load16_splat: [0xfd_0008, 2, NONE, 'v128'],
    load32_splat: [0xfd_0009, 4, NONE, 'v128'],
    load64_splat: [0xfd_000a, 8, NONE, 'v128'],
    load32_zero: [0xfd_005c, 4, NONE, 'v128'],
    load64_zero: [0xfd_005d, 8, NONE, 'v128'],
    store: [0xfd_000b, 16, V, 'none'],
  },
  'i32.atomic': {
    load: [0xfe_0010, 4, NONE, 'i32'],
    store: [0xfe_0017, 4, I, 'none'],
  },
  'i32.atomic.rmw': {
    add: [0xfe_001e, 4, I, 'i32'],
  },
} as const satisfies Record<string, Record<string, MemoryRow>>;

/** A vector and one of its lanes, by number. */
export type LaneRow = readonly [opcode: number, lanes: number, operands: readonly ValueType[], result: ValueType];

export const LANE = {
  i16x8: {
    extract_lane_s: [0xfd_0018, 8, NONE, 'i32'],
    extract_lane_u: [0xfd_0019, 8, NONE, 'i32'],
    replace_lane: [0xfd_001a, 8, I, 'v128'],
  },
  i32x4: {
    extract_lane: [0xfd_001b, 4, NONE, 'i32'],
    replace_lane: [0xfd_001c, 4, I, 'v128'],
  },
  f32x4: {
    extract_lane: [0xfd_001f, 4, NONE, 'f32'],
    replace_lane: [0xfd_0020, 4, F, 'v128'],
  },
  f64x2: {
    extract_lane: [0xfd_0021, 2, NONE, 'f64'],
    replace_lane: [0xfd_0022, 2, D, 'v128'],
  },
} as const satisfies Record<string, Record<string, LaneRow>>;

/** One lane of a vector, from or to memory. */
export type MemoryLaneRow = readonly [opcode: number, bytes: number, result: ResultType];

export const MEMORY_LANE = {
  v128: {
    load32_lane: [0xfd_0056, 4, 'v128'],
    load64_lane: [0xfd_0057, 8, 'v128'],
    store32_lane: [0xfd_005a, 4, 'none'],
    store64_lane: [0xfd_005b, 8, 'none'],
  },
} as const satisfies Record<string, Record<string, MemoryLaneRow>>;
