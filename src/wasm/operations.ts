/**
 * The instructions as typed functions, named as in the WebAssembly specification:
 *
 *   f32x4.add(f32x4.mul(a, b), v128.load(x, { offset: 16 }))
 *
 * is the expression (f32x4.add (f32x4.mul a b) (v128.load offset=16 x)). Operands are expressions; where a scalar
 * constant is meant, a number. Order of arguments: address, operands, lane, offset. A store is a statement: it becomes
 * part of a function by `f.emit(v128.store(…))`.
 */
import { show } from '../errors.ts';
import { floatBytes } from './bytes.ts';
import {
  Code,
  constant,
  type Expression,
  emit,
  expectExpression,
  expectInteger,
  fail,
  type Instruction,
  NONE,
  type Operand,
  type Operands,
  type Signature,
  type Statement,
} from './code.ts';
import {
  LANE,
  type LaneRow,
  MEMORY,
  MEMORY_LANE,
  type MemoryLaneRow,
  type MemoryRow,
  PLAIN,
  type PlainRow,
} from './tables.ts';

export interface Access {
  /** Bytes added to the address, without wrapping: 0 … 2³² − 1. Costs nothing. */
  readonly offset?: number;
}

type PlainOperation<Row> = Row extends readonly [
  number,
  infer Types extends readonly Value[],
  infer Result extends Type,
]
  ? (...operands: Operands<Types>) => Code<Result>
  : never;

type MemoryOperation<Row> = Row extends readonly [
  number,
  number,
  infer Types extends readonly Value[],
  infer Result extends Type,
]
  ? (address: Operand<'i32'>, ...rest: [...operands: Operands<Types>, access?: Access]) => Code<Result>
  : never;

type LaneOperation<Row> = Row extends readonly [
  number,
  number,
  infer Types extends readonly Value[],
  infer Result extends Type,
]
  ? (vector: Operand<'v128'>, lane: number, ...operands: Operands<Types>) => Code<Result>
  : never;

type MemoryLaneOperation<Row> = Row extends readonly [number, number, infer Result extends Type]
  ? (address: Operand<'i32'>, vector: Operand<'v128'>, lane: number, access?: Access) => Code<Result>
  : never;

type Value = Expression['type'];
type Type = Code['type'];

function plain<Table extends Record<string, PlainRow>>(prefix: string, table: Table) {
  return mapRows(prefix, table, (name, [opcode, operands, result]) => {
    const instruction: Instruction = { name, opcode, immediate: 'none' };
    const signature = { operands, result };
    return (...given: unknown[]) => emit(instruction, signature, given);
  }) as { readonly [Name in keyof Table]: PlainOperation<Table[Name]> };
}

function memoryAccess<Table extends Record<string, MemoryRow>>(prefix: string, table: Table) {
  return mapRows(prefix, table, (name, [opcode, access, types, result]) => {
    const instruction: Instruction = { name, opcode, immediate: 'memory', access };
    const signature: Signature = { operands: ['i32', ...types], result };
    const count = signature.operands.length;
    return (...given: unknown[]) => {
      const offset = given.length > count ? offsetOf(given.pop(), name) : 0;
      return emit(instruction, signature, given, [offset]);
    };
  }) as { readonly [Name in keyof Table]: MemoryOperation<Table[Name]> };
}

function laneAccess<Table extends Record<string, LaneRow>>(prefix: string, table: Table) {
  return mapRows(prefix, table, (name, [opcode, lanes, types, result]) => {
    const instruction: Instruction = { name, opcode, immediate: 'lanes' };
    const signature: Signature = { operands: ['v128', ...types], result };
    return (vector: unknown, lane: unknown, ...rest: readonly unknown[]) =>
      emit(instruction, signature, [vector, ...rest], [expectInteger(lane, 0, lanes - 1, name, 'lane')]);
  }) as { readonly [Name in keyof Table]: LaneOperation<Table[Name]> };
}

function memoryLaneAccess<Table extends Record<string, MemoryLaneRow>>(prefix: string, table: Table) {
  return mapRows(prefix, table, (name, [opcode, access, result]) => {
    const instruction: Instruction = { name, opcode, immediate: 'memory lane', access };
    const signature: Signature = { operands: ['i32', 'v128'], result };
    return (address: unknown, vector: unknown, lane: unknown, options?: unknown) => {
      const immediates = [offsetOf(options, name), expectInteger(lane, 0, 16 / access - 1, name, 'lane')];
      return emit(instruction, signature, [address, vector], immediates);
    };
  }) as { readonly [Name in keyof Table]: MemoryLaneOperation<Table[Name]> };
}

function mapRows<Row>(prefix: string, table: Record<string, Row>, make: (name: string, row: Row) => unknown): unknown {
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, make(`${prefix}.${name}`, row)]));
}

function offsetOf(access: unknown, name: string): number {
  if (access === undefined) return 0;
  if (access === null || typeof access !== 'object' || access instanceof Code) {
    fail(name, `expected { offset } after the operands, got ${show(access)}`);
  }
  const { offset = 0 } = access as Access;
  return expectInteger(offset, 0, 2 ** 32 - 1, name, 'offset');
}

/** A vector of the lanes given, in one of the shapes that the text format has: v128.const('f32x4', 1, 2, 3, 4). */
function vectorConstant(shape: keyof typeof LANE_BYTES, ...lanes: readonly number[]): Expression<'v128'> {
  const size = Object.hasOwn(LANE_BYTES, shape) ? LANE_BYTES[shape] : fail('v128.const', `no shape ${show(shape)}`);
  if (lanes.length !== 16 / size) fail('v128.const', `expected ${16 / size} lanes, got ${lanes.length}`);
  const bytes = lanes.flatMap((lane) => {
    if (shape === 'f32x4' || shape === 'f64x2') return [...floatBytes(lane, LANE_BYTES[shape])];
    const bits = 8 * size;
    expectInteger(lane, -(2 ** (bits - 1)), 2 ** bits - 1, 'v128.const', 'lane');
    return Array.from({ length: size }, (_, i) => (lane >> (8 * i)) & 0xff);
  });
  return emit(V128_CONST, { operands: NONE, result: 'v128' }, [], bytes);
}

const LANE_BYTES = { i8x16: 1, i16x8: 2, i32x4: 4, f32x4: 4, f64x2: 8 } as const;
const V128_CONST: Instruction = { name: 'v128.const', opcode: 0xfd_000c, immediate: 'bytes' };
const SHUFFLE: Instruction = { name: 'i8x16.shuffle', opcode: 0xfd_000d, immediate: 'lanes' };

/** Sixteen bytes out of thirty-two: 0 … 15 are those of a, 16 … 31 those of b. */
function shuffle(a: Operand<'v128'>, b: Operand<'v128'>, lanes: readonly number[]): Expression<'v128'> {
  if (lanes.length !== 16) fail(SHUFFLE.name, `expected 16 lanes, got ${lanes.length}`);
  const checked = lanes.map((lane) => expectInteger(lane, 0, 31, SHUFFLE.name, 'lane'));
  return emit(SHUFFLE, { operands: ['v128', 'v128'], result: 'v128' }, [a, b], checked);
}

export const i32 = {
  const: (value: number): Expression<'i32'> => constant('i32', value, 'i32.const'),
  ...plain('i32', PLAIN.i32),
  ...memoryAccess('i32', MEMORY.i32),
  atomic: {
    ...memoryAccess('i32.atomic', MEMORY['i32.atomic']),
    rmw: memoryAccess('i32.atomic.rmw', MEMORY['i32.atomic.rmw']),
  },
};

export const f32 = {
  const: (value: number): Expression<'f32'> => constant('f32', value, 'f32.const'),
  ...plain('f32', PLAIN.f32),
  ...memoryAccess('f32', MEMORY.f32),
};

export const f64 = {
  const: (value: number): Expression<'f64'> => constant('f64', value, 'f64.const'),
  ...plain('f64', PLAIN.f64),
  ...memoryAccess('f64', MEMORY.f64),
};

export const v128 = {
  const: vectorConstant,
  ...plain('v128', PLAIN.v128),
  ...memoryAccess('v128', MEMORY.v128),
  ...memoryLaneAccess('v128', MEMORY_LANE.v128),
};

export const i8x16 = { shuffle, ...plain('i8x16', PLAIN.i8x16) };
export const i16x8 = { ...plain('i16x8', PLAIN.i16x8), ...laneAccess('i16x8', LANE.i16x8) };
export const i32x4 = { ...plain('i32x4', PLAIN.i32x4), ...laneAccess('i32x4', LANE.i32x4) };
export const f32x4 = { ...plain('f32x4', PLAIN.f32x4), ...laneAccess('f32x4', LANE.f32x4) };
export const f64x2 = { ...plain('f64x2', PLAIN.f64x2), ...laneAccess('f64x2', LANE.f64x2) };

const MEMORY_COPY: Instruction = { name: 'memory.copy', opcode: 0xfc_000a, immediate: 'memory index' };
const MEMORY_FILL: Instruction = { name: 'memory.fill', opcode: 0xfc_000b, immediate: 'memory index' };
const BULK = { operands: ['i32', 'i32', 'i32'], result: 'none' } as const;

export const memory = {
  copy: (destination: Operand<'i32'>, source: Operand<'i32'>, bytes: Operand<'i32'>): Statement =>
    emit(MEMORY_COPY, BULK, [destination, source, bytes], [0, 0]),
  fill: (destination: Operand<'i32'>, byte: Operand<'i32'>, bytes: Operand<'i32'>): Statement =>
    emit(MEMORY_FILL, BULK, [destination, byte, bytes], [0]),
};

const SELECT: Instruction = { name: 'select', opcode: 0x1b, immediate: 'none' };

/** a where the condition is not zero, else b. Both are computed. */
export function select<T extends Value>(
  a: Expression<T>,
  b: Expression<NoInfer<T>>,
  condition: Operand<'i32'>,
): Expression<T> {
  const { type } = expectExpression(a, 'select', 1);
  return emit(SELECT, { operands: [type, type, 'i32'], result: type }, [a, b, condition]);
}
