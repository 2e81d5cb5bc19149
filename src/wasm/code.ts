/**
 * What is emitted, as a tree. An *expression* leaves one value on WebAssembly's stack, a *statement* leaves none.
 * Either is an instruction with its immediates (constants, offsets, lanes) and its operands, which are expressions.
 *
 * An expression is a piece of program, not a value: it is computed where it is used, and used twice it is computed
 * twice. `f.let(expression)` computes it once and keeps it in a local.
 */
import { NnpackError, show } from '../errors.ts';

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';
export type ResultType = ValueType | 'none';

/** How the numbers in `immediates` are written after the opcode. */
export type ImmediateKind =
  | 'none'
  | 'memory index' // zero: there is one memory
  | 'memory' // offset; the alignment is the instruction's own
  | 'lanes'
  | 'memory lane' // offset, lane
  | 'bytes' // the sixteen of a vector
  | 'i32'
  | 'f32'
  | 'f64'
  | 'local'
  | 'function'
  | 'label'
  | 'block'; // the label, then the code inside

export interface Instruction {
  /** As in the specification: `f32x4.relaxed_madd`. */
  readonly name: string;
  /** One byte, or a prefix and what follows it: 0xfd_0105 is 0xfd, then 0x105 in LEB128. */
  readonly opcode: number;
  readonly immediate: ImmediateKind;
  /** Bytes that it reads or writes in memory. */
  readonly access?: number;
}

/**
 * An instruction and all that it needs. Immutable. A module has tens of thousands: `declare` keeps a field from being set
 * to undefined before the constructor sets it.
 */
export class Code<T extends ResultType = ResultType> {
  declare readonly type: T;
  declare readonly instruction: Instruction;
  declare readonly operands: readonly Code[];
  declare readonly immediates: readonly number[];
  /** The function whose locals it reads. */
  declare readonly owner: object | undefined;

  constructor(
    type: T,
    instruction: Instruction,
    operands: readonly Code[],
    immediates: readonly number[],
    owner: object | undefined,
  ) {
    this.type = type;
    this.instruction = instruction;
    this.operands = operands;
    this.immediates = immediates;
    this.owner = owner;
  }
}

export type Expression<T extends ValueType = ValueType> = Code<T>;
export type Statement = Code<'none'>;

/** A parameter or a local variable. As an expression, it is read. */
export class Local<T extends ValueType = ValueType> extends Code<T> {
  declare readonly index: number;
  /** Parameters have names; other locals are numbered. */
  declare readonly name: string | undefined;

  constructor(type: T, index: number, name: string | undefined, owner: object) {
    super(type, LOCAL_GET, NONE, [index], owner);
    this.index = index;
    this.name = name;
  }
}

/** No operands, or no immediates. */
export const NONE: readonly never[] = [];

const LOCAL_GET: Instruction = { name: 'local.get', opcode: 0x20, immediate: 'local' };

/** Code that holds other code: `block`, `loop`, `if`. Its immediate is the label that a branch to it names. */
export class Block extends Code<'none'> {
  declare readonly body: readonly Statement[];
  declare readonly otherwise: readonly Statement[];

  constructor(
    instruction: Instruction,
    label: number,
    condition: readonly Code[],
    body: readonly Statement[],
    otherwise: readonly Statement[],
    owner: object,
  ) {
    super('none', instruction, condition, [label], owner);
    this.body = body;
    this.otherwise = otherwise;
  }
}

/** What may stand for an operand: an expression, or a number where a scalar constant is meant. */
export type Operand<T extends ValueType> = T extends 'v128' ? Expression<'v128'> : Expression<T> | number;
export type Operands<Types extends readonly ValueType[]> = { [Index in keyof Types]: Operand<Types[Index]> };

/** What an instruction takes and leaves. */
export interface Signature<T extends ResultType = ResultType> {
  readonly operands: readonly ValueType[];
  readonly result: T;
}

/**
 * An instruction with its operands, checked: the error is thrown at the line that emits. The list that is given becomes
 * the instruction's own, with constants where numbers were.
 */
export function emit<T extends ResultType>(
  instruction: Instruction,
  { operands: types, result }: Signature<T>,
  given: unknown[],
  immediates: readonly number[] = NONE,
): Code<T> {
  const { name } = instruction;
  if (given.length !== types.length) fail(name, `expected ${plural(types.length, 'operand')}, got ${given.length}`);
  let owner: object | undefined;
  for (let i = 0; i < types.length; i++) {
    const operand = expectOperand(given[i], types[i], name, i + 1);
    if (operand.owner !== undefined && operand.owner !== owner) {
      if (owner !== undefined) fail(name, `a local of another function${place(i + 1)}`);
      owner = operand.owner;
    }
    given[i] = operand;
  }
  return new Code(result, instruction, given as Code[], immediates, owner);
}

/** The operand as an expression of the type, or an error in the name of whoever asked. */
export function expectOperand<T extends ValueType>(given: unknown, type: T, who: string, which: Place): Expression<T> {
  if (given instanceof Code && given.type === type) return given as Expression<T>;
  if (typeof given === 'number' && type !== 'v128') return constant(type, given, who, which) as Code as Expression<T>;
  const got = given instanceof Code ? kind(given) : show(given);
  return fail(who, `expected ${type}, got ${got}${place(which)}`);
}

/** An expression of whatever type it has. */
export function expectExpression<T extends ValueType>(given: Expression<T>, who: string, which: Place): Expression<T> {
  if (given instanceof Code && (given.type as ResultType) !== 'none') return given;
  const got = given instanceof Code ? kind(given) : show(given);
  return fail(who, `expected an expression, got ${got}${place(which)}`);
}

const CONSTANTS = {
  i32: { name: 'i32.const', opcode: 0x41, immediate: 'i32' },
  f32: { name: 'f32.const', opcode: 0x43, immediate: 'f32' },
  f64: { name: 'f64.const', opcode: 0x44, immediate: 'f64' },
} as const satisfies Record<string, Instruction>;

/** An i32 may be written signed or, as addresses are, unsigned: −2³¹ … 2³² − 1. An f32 is rounded to nearest. */
export function constant<T extends 'i32' | 'f32' | 'f64'>(type: T, value: number, who: string, which?: Place): Code<T> {
  if (type === 'i32') expectInteger(value, -(2 ** 31), 2 ** 32 - 1, who, which);
  else if (typeof value !== 'number') fail(who, `expected a number, got ${show(value)}${place(which)}`);
  const stored = type === 'i32' ? value | 0 : type === 'f32' ? Math.fround(value) : value;
  return new Code(type, CONSTANTS[type], NONE, [stored], undefined);
}

export function expectInteger(value: unknown, least: number, most: number, who: string, which?: Place): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return fail(who, `expected an integer of ${least} to ${most}, got ${show(value)}${place(which)}`);
}

export function fail(who: string, message: string): never {
  throw new NnpackError('invalid-argument', `${who}: ${message}`);
}

/** Which of the arguments: an operand by its number, from 1, anything else by its name. */
export type Place = number | string | undefined;

function place(which: Place): string {
  if (which === undefined) return '';
  return typeof which === 'number' ? ` (operand ${which})` : ` (${which})`;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const kind = ({ type, instruction }: Code): string => (type === 'none' ? `the statement ${instruction.name}` : type);
