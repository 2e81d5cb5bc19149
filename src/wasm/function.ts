/**
 * One function as it is written: locals, statements in order, structured control. The methods read like the loops
 * they emit:
 *
 *   f.loop(i32.lt_u(x, end), () => {
 *     f.set(sum, f32x4.add(sum, v128.load(x)));
 *     f.add(x, 16);
 *   });
 */
import { show } from '../errors.ts';
import {
  Block,
  Code,
  type Expression,
  emit,
  expectExpression,
  expectOperand,
  fail,
  type Instruction,
  Local,
  NONE,
  type Operand,
  type Statement,
  type ValueType,
} from './code.ts';
import type { FunctionReference } from './content.ts';
import { i32 } from './operations.ts';

/** Where `br` goes: the end of a block. */
export interface Label {
  /** Its number in the function. */
  readonly id: number;
}

export class FunctionBuilder {
  readonly name: string;
  readonly results: readonly ValueType[];
  /** The parameters, then the others, in order of their making. */
  readonly locals: Local[] = [];
  /** What has been emitted so far, in the block that is open. */
  statements: Statement[] = [];
  private readonly openLabels: Label[] = [];
  private labelsCount = 0;

  constructor(name: string, results: readonly ValueType[]) {
    this.name = name;
    this.results = results;
  }

  emit(statement: Statement): void {
    this.check(statement, 'f.emit');
    if (statement.type !== 'none') fail('f.emit', `expected a statement, got an expression of ${statement.type}`);
    this.statements.push(statement);
  }

  /** A new local, zero when the function is entered (not when a loop comes by again). */
  local<T extends ValueType>(type: T): Local<T> {
    return this.addLocal(type, undefined);
  }

  /** A new local that holds the expression's value. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const { type } = this.check(expectExpression(value, 'f.let', 'value'), 'f.let');
    const local = this.addLocal(type, undefined);
    this.pushSet(local, value);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, value: Operand<NoInfer<T>>): void {
    this.assign('f.set', local, value);
  }

  /** Sets the local, and is its new value. */
  tee<T extends ValueType>(local: Local<T>, value: Operand<NoInfer<T>>): Expression<T> {
    this.own(local, 'f.tee');
    const { type, immediates } = local;
    const operand = this.check(expectOperand(value, type, 'f.tee', 'value'), 'f.tee');
    return new Code(type, LOCAL_TEE, [operand], immediates, this);
  }

  /** local += amount. */
  add(local: Local<'i32'>, amount: Operand<'i32'>): void {
    this.assign('f.add', local, i32.add(local, amount));
  }

  /** While the condition holds: `if (condition) do { … } while (condition)`, the form with one branch a turn. */
  loop(condition: Operand<'i32'>, body: () => void): void {
    const test = this.condition(condition, 'f.loop');
    this.if(test, () => this.do(body, test));
  }

  /** The body, again as long as the condition holds at its end. */
  do(body: () => void, condition: Operand<'i32'>): void {
    const test = this.condition(condition, 'f.do');
    const label = this.newLabel();
    const statements = this.collect(label, () => {
      body();
      this.br_if(label, test);
    });
    this.statements.push(new Block(LOOP, label.id, NONE, statements, NONE, this));
  }

  if(condition: Operand<'i32'>, then: () => void, otherwise?: () => void): void {
    const test = this.condition(condition, 'f.if');
    const label = this.newLabel();
    const thenStatements = this.collect(label, then);
    const otherwiseStatements = otherwise === undefined ? NONE : this.collect(label, otherwise);
    this.statements.push(new Block(IF, label.id, [test], thenStatements, otherwiseStatements, this));
  }

  /** A block, which `f.br(label)` inside it leaves. */
  block(body: (label: Label) => void): void {
    const label = this.newLabel();
    const statements = this.collect(label, () => body(label));
    this.statements.push(new Block(BLOCK, label.id, NONE, statements, NONE, this));
  }

  br(label: Label): void {
    this.branch(BR, label, NONE);
  }

  br_if(label: Label, condition: Operand<'i32'>): void {
    this.branch(BR_IF, label, [this.condition(condition, 'f.br_if')]);
  }

  /** Calls a function that has no result. */
  call(callee: FunctionReference<never>, ...operands: Operand<ValueType>[]): void {
    if (callee.results.length > 0) fail('f.call', `'${callee.name}' has a result: call(…) is an expression`);
    this.emit(emit(CALL, { operands: callee.parameters, result: 'none' }, operands, [callee.index]));
  }

  return(value?: Operand<ValueType>): void {
    const operands = value === undefined ? [] : [value];
    this.emit(emit(RETURN, { operands: this.results, result: 'none' }, operands));
  }

  /** A new local; parameters, which are the first, have names. */
  addLocal<T extends ValueType>(type: T, name: string | undefined): Local<T> {
    const local = new Local(type, this.locals.length, name, this);
    this.locals.push(local);
    return local;
  }

  private assign(who: string, local: Local, value: unknown): void {
    this.own(local, who);
    this.pushSet(local, this.check(expectOperand(value, local.type, who, 'value'), who));
  }

  private pushSet(local: Local, value: Code): void {
    this.statements.push(new Code('none', LOCAL_SET, [value], local.immediates, this));
  }

  private branch(instruction: Instruction, label: Label, operands: readonly Code[]): void {
    if (!this.openLabels.includes(label)) fail(`f.${instruction.name}`, 'the label is not of a block around it');
    this.statements.push(new Code('none', instruction, operands, [label.id], this));
  }

  private newLabel(): Label {
    return { id: this.labelsCount++ };
  }

  private collect(label: Label, body: () => void): Statement[] {
    const outer = this.statements;
    const inner: Statement[] = [];
    this.statements = inner;
    this.openLabels.push(label);
    body();
    this.openLabels.pop();
    this.statements = outer;
    return inner;
  }

  private condition(condition: Operand<'i32'>, who: string): Expression<'i32'> {
    return this.check(expectOperand(condition, 'i32', who, 'condition'), who);
  }

  private own(local: Local, who: string): void {
    if (!(local instanceof Local)) fail(who, `expected a local, got ${show(local)}`);
    this.check(local, who);
  }

  private check<T extends Code>(code: T, who: string): T {
    if (code.owner !== undefined && code.owner !== this) fail(who, `a local of another function than '${this.name}'`);
    return code;
  }
}

/** Calls a function that has one result. */
export function call<Result extends ValueType>(
  callee: FunctionReference<Result>,
  ...operands: Operand<ValueType>[]
): Expression<Result> {
  if (callee.results.length !== 1) fail('call', `'${callee.name}' has no result: f.call(…) is a statement`);
  return emit(CALL, { operands: callee.parameters, result: callee.results[0] }, operands, [callee.index]);
}

const LOCAL_SET: Instruction = { name: 'local.set', opcode: 0x21, immediate: 'local' };
const LOCAL_TEE: Instruction = { name: 'local.tee', opcode: 0x22, immediate: 'local' };
const BLOCK: Instruction = { name: 'block', opcode: 0x02, immediate: 'block' };
const LOOP: Instruction = { name: 'loop', opcode: 0x03, immediate: 'block' };
const IF: Instruction = { name: 'if', opcode: 0x04, immediate: 'block' };
const BR: Instruction = { name: 'br', opcode: 0x0c, immediate: 'label' };
const BR_IF: Instruction = { name: 'br_if', opcode: 0x0d, immediate: 'label' };
const RETURN: Instruction = { name: 'return', opcode: 0x0f, immediate: 'none' };
const CALL: Instruction = { name: 'call', opcode: 0x10, immediate: 'function' };
