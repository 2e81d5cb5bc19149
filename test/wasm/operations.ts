/** Every operation that the assembler knows, by name, from its tables: how to call it, and what it takes and leaves. */
import type { Code, ResultType, ValueType } from '../../src/wasm/code.ts';
import * as wasm from '../../src/wasm/index.ts';
import { LANE, MEMORY, MEMORY_LANE, PLAIN } from '../../src/wasm/tables.ts';

export interface Operation {
  readonly name: string;
  readonly kind: 'plain' | 'memory' | 'lane' | 'memory lane';
  /** The address among them. */
  readonly operands: readonly ValueType[];
  readonly result: ResultType;
  /** How many there are to choose from. */
  readonly lanes: number;
  /** Bytes of memory that it reads or writes. */
  readonly access: number;
  /** The expression or statement of these operands, with the lane or offset where it has one. */
  emit(operands: readonly Code[], lane?: number, offset?: number): Code;
}

type Callable = (...given: readonly unknown[]) => Code;

/** `i32.atomic.load` is `wasm.i32.atomic.load`. */
function find(name: string): Callable {
  let found: unknown = wasm;
  for (const part of name.split('.')) found = (found as Record<string, unknown>)[part];
  if (typeof found !== 'function') throw new Error(`${name} is in a table, but no function`);
  return found as Callable;
}

function rows<Row>(tables: Record<string, Record<string, Row>>, make: (name: string, row: Row) => Operation) {
  return Object.entries(tables).flatMap(([prefix, table]) =>
    Object.entries(table).map(([name, row]) => make(`${prefix}.${name}`, row)),
  );
}

const NO_LANES = { lanes: 1, access: 0 };

export const OPERATIONS: readonly Operation[] = [
  ...rows<readonly [number, readonly ValueType[], ResultType]>(PLAIN, (name, [, operands, result]) => {
    return { ...NO_LANES, name, kind: 'plain', operands, result, emit: (given) => find(name)(...given) };
  }),
  ...rows<readonly [number, number, readonly ValueType[], ResultType]>(MEMORY, (name, [, access, types, result]) => {
    const emit: Operation['emit'] = (given, _lane, offset = 0) => find(name)(...given, { offset });
    return { name, kind: 'memory', operands: ['i32', ...types], result, lanes: 1, access, emit };
  }),
  ...rows<readonly [number, number, readonly ValueType[], ValueType]>(LANE, (name, [, lanes, types, result]) => {
    const emit: Operation['emit'] = ([vector, ...others], lane = 0) => find(name)(vector, lane, ...others);
    return { name, kind: 'lane', operands: ['v128', ...types], result, lanes, access: 0, emit };
  }),
  ...rows<readonly [number, number, ResultType]>(MEMORY_LANE, (name, [, access, result]) => {
    const emit: Operation['emit'] = (given, lane = 0, offset = 0) => find(name)(...given, lane, { offset });
    return { name, kind: 'memory lane', operands: ['i32', 'v128'], result, lanes: 16 / access, access, emit };
  }),
];

/** Relaxed SIMD: newer engines only. */
export const isRelaxed = (name: string): boolean => name.includes('relaxed');
