/** Mistakes are refused at the line that emits: by TypeScript where it can see them, and by an error that says which. */
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import {
  call,
  type FunctionBuilder,
  f32,
  f32x4,
  i8x16,
  i32,
  i32x4,
  type Local,
  Module,
  memory,
  select,
  shuffle32,
  v128,
} from '../../src/wasm/index.ts';

const PARAMETERS = { i: 'i32', x: 'f32', v: 'v128' } as const;
interface Locals {
  i: Local<'i32'>;
  x: Local<'f32'>;
  v: Local<'v128'>;
}

function refusal(body: (f: FunctionBuilder, locals: Locals, module: Module) => void): string {
  const module = new Module();
  try {
    module.function('test', PARAMETERS, [], (f, locals) => body(f, locals, module));
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    expect((error as NnpackError).code).toBe('invalid-argument');
    return (error as NnpackError).message;
  }
  return 'accepted';
}

describe('operands', () => {
  it.each<[string, (f: FunctionBuilder, locals: Locals) => void]>([
    // @ts-expect-error a float where a vector is meant
    ['f32x4.add: expected v128, got f32 (operand 2)', (_, { v, x }) => f32x4.add(v, x)],
    // @ts-expect-error
    ['f32x4.add: expected v128, got 2 (operand 1)', (_, { v }) => f32x4.add(2, v)],
    // @ts-expect-error
    ['f32.add: expected f32, got i32 (operand 1)', (_, { i, x }) => f32.add(i, x)],
    // @ts-expect-error
    ['f32.add: expected 2 operands, got 1', (_, { x }) => f32.add(x)],
    // @ts-expect-error
    ['f32x4.relaxed_madd: expected 3 operands, got 4', (_, { v }) => f32x4.relaxed_madd(v, v, v, v)],
    // @ts-expect-error
    ['i32x4.shl: expected i32, got v128 (operand 2)', (_, { v }) => i32x4.shl(v, v)],
    // @ts-expect-error
    ['f32.mul: expected f32, got undefined (operand 2)', (_, { x }) => f32.mul(x, undefined)],
    // @ts-expect-error
    ['f32.mul: expected f32, got the statement f32.store (operand 2)', (_, { i, x }) => f32.mul(x, f32.store(i, x))],
    ['i32.add: expected an integer of -2147483648 to 4294967295, got 1.5 (operand 2)', (_, { i }) => i32.add(i, 1.5)],
    ['i32.const: expected an integer of -2147483648 to 4294967295, got NaN', () => i32.const(Number.NaN)],
    // @ts-expect-error
    ["f32.const: expected a number, got '1'", () => f32.const('1')],
    // @ts-expect-error
    ['select: expected v128, got f32 (operand 2)', (_, { i, v, x }) => select(v, x, i)],
    // @ts-expect-error
    ['select: expected i32, got f32 (operand 3)', (_, { v, x }) => select(v, v, x)],
    // @ts-expect-error
    ['memory.copy: expected i32, got f32 (operand 3)', (_, { i, x }) => memory.copy(i, i, x)],
  ])('%s', (message, body) => expect(refusal(body)).toBe(message));
});

const tooFar = [65536, 0, 0, 0, 0, 0, 0, 0];

function storeTooFar(_: FunctionBuilder, { i, x }: Locals): void {
  f32.store(i, x, { offset: 2 ** 32 });
}

describe('immediates', () => {
  it.each<[string, (f: FunctionBuilder, locals: Locals) => void]>([
    ['v128.load: expected an integer of 0 to 4294967295, got -4 (offset)', (_, { i }) => v128.load(i, { offset: -4 })],
    ['f32.store: expected an integer of 0 to 4294967295, got 4294967296 (offset)', storeTooFar],
    // @ts-expect-error
    ['v128.load: expected { offset } after the operands, got 16', (_, { i }) => v128.load(i, 16)],
    // @ts-expect-error
    ['v128.load: expected { offset } after the operands, got an object of Local', (_, { i }) => v128.load(i, i)],
    // @ts-expect-error
    ['v128.store: expected 2 operands, got 1', (_, { i }) => v128.store(i)],
    ['f32x4.extract_lane: expected an integer of 0 to 3, got 4 (lane)', (_, { v }) => f32x4.extract_lane(v, 4)],
    ['f32x4.replace_lane: expected an integer of 0 to 3, got -1 (lane)', (_, { v }) => f32x4.replace_lane(v, -1, 0)],
    ['v128.store64_lane: expected an integer of 0 to 1, got 2 (lane)', (_, { i, v }) => v128.store64_lane(i, v, 2)],
    ['i8x16.shuffle: expected 16 lanes, got 4', (_, { v }) => i8x16.shuffle(v, v, [0, 1, 2, 3])],
    ['shuffle32: expected an integer of 0 to 7, got 8 (lane)', (_, { v }) => shuffle32(v, v, [0, 4, 8, 5])],
    // @ts-expect-error
    ['shuffle32: expected 4 lanes, got 3', (_, { v }) => shuffle32(v, v, [0, 4, 1])],
    ['v128.const: expected 4 lanes, got 2', () => v128.const('f32x4', 1, 2)],
    ['v128.const: expected an integer of -32768 to 65535, got 65536 (lane)', () => v128.const('i16x8', ...tooFar)],
    // @ts-expect-error
    ["v128.const: no shape 'f16x8'", () => v128.const('f16x8', 1)],
  ])('%s', (message, body) => expect(refusal(body)).toBe(message));
});

describe('statements', () => {
  it.each<[string, (f: FunctionBuilder, locals: Locals) => void]>([
    // @ts-expect-error
    ['f.emit: expected a statement, got an expression of v128', (f, { v }) => f.emit(f32x4.add(v, v))],
    // @ts-expect-error
    ['f.set: expected f32, got i32 (value)', (f, { i, x }) => f.set(x, i)],
    // @ts-expect-error
    ['f.set: expected a local, got an object of Code', (f, { i }) => f.set(i32.add(i, 1), 1)],
    // @ts-expect-error
    ['f.tee: expected v128, got 0 (value)', (f, { v }) => f.tee(v, 0)],
    // @ts-expect-error
    ['f.let: expected an expression, got 5 (value)', (f) => f.let(5)],
    // @ts-expect-error
    ['f.loop: expected i32, got v128 (condition)', (f, { v }) => f.loop(v, () => {})],
    // @ts-expect-error
    ['f.do: expected i32, got f32 (condition)', (f, { x }) => f.do(() => {}, x)],
    // @ts-expect-error
    ['f.if: expected i32, got f32 (condition)', (f, { x }) => f.if(x, () => {})],
    ['f.return: expected 0 operands, got 1', (f) => f.return(1)],
  ])('%s', (message, body) => {
    const got = refusal(body);
    expect(got).toBe(message.replace('f.return', 'return'));
  });

  it('a branch leaves a block around it, no other', () => {
    const message = 'f.br: the label is not of a block around it';
    expect(
      refusal((f) => {
        f.block((label) => {
          f.block(() => {});
          f.br(label);
        });
      }),
    ).toBe('accepted');
    expect(
      refusal((f) => {
        let kept = { id: 0 };
        f.block((label) => {
          kept = label;
        });
        f.block(() => f.br(kept));
      }),
    ).toBe(message);
  });
});

describe('functions', () => {
  it('keep their locals to themselves', () => {
    const foreign = (use: (f: FunctionBuilder, local: Local<'i32'>, own: Local<'i32'>) => void): string => {
      const module = new Module();
      let local: Local<'i32'> | undefined;
      module.function('first', {}, [], (f) => {
        local = f.local('i32');
      });
      return refusal((_f, _locals, other) => {
        other.function('second', { own: 'i32' }, [], (f, { own }) => use(f, local as Local<'i32'>, own));
      });
    };
    const text = (who: string): string => `${who}: a local of another function than 'second'`;
    expect(foreign((f, local) => f.set(local, 1))).toBe(text('f.set'));
    expect(foreign((f, local) => f.add(local, 1))).toBe(text('f.add'));
    expect(foreign((f, local) => f.tee(local, 1))).toBe(text('f.tee'));
    expect(foreign((f, local) => f.let(local))).toBe(text('f.let'));
    expect(foreign((f, local) => f.emit(i32.store(local, 1)))).toBe(text('f.emit'));
    expect(foreign((f, local) => f.if(local, () => {}))).toBe(text('f.if'));
    expect(foreign((_, local, own) => i32.add(own, local))).toBe('i32.add: a local of another function (operand 2)');
  });

  it('are called with what they take', () => {
    const module = new Module();
    const value = module.function('value', { x: 'f32' }, ['f32'], (f, { x }) => f.return(x));
    const nothing = module.function('nothing', { i: 'i32' }, [], () => {});
    expect(refusal((_, { i }) => call(value, i))).toBe('call: expected f32, got i32 (operand 1)');
    expect(refusal((f) => f.call(nothing))).toBe('call: expected 1 operand, got 0');
    // @ts-expect-error a value must be used
    expect(refusal((f, { x }) => f.call(value, x))).toBe("f.call: 'value' has a result: call(…) is an expression");
    expect(refusal((_, { i }) => call(nothing, i))).toBe("call: 'nothing' has no result: f.call(…) is a statement");
  });

  it('have one name each, and end with their result', () => {
    const module = new Module();
    const define =
      (name: string, parameters: Record<string, 'i32'> = {}) =>
      () =>
        module.function(name, parameters, [], () => {});
    define('twice')();
    expect(define('twice')).toThrow("module.function: 'twice' is there already");
    expect(define('a b')).toThrow("module.function: expected a name of letters, digits and _, got 'a b'");
    expect(define('ordered', { 1: 'i32' })).toThrow(
      "module.function: expected a name of letters, digits and _, got '1'",
    );
    expect(() => module.function('no_result', {}, ['f32'], () => {})).toThrow(
      'no_result: its last statement must be f.return(f32)',
    );
    expect(() => module.function('wrong', {}, ['f32'], (f) => f.return(f.local('i32')))).toThrow(
      'return: expected f32, got i32 (operand 1)',
    );
  });

  it('have one memory, within limits', () => {
    const module = new Module();
    const limits = { initial: 1, maximum: 2, shared: true };
    expect(() => module.importMemory('env', 'memory', { ...limits, maximum: 65537 })).toThrow(
      'importMemory: expected an integer of 0 to 65536, got 65537 (maximum)',
    );
    expect(() => module.importMemory('env', 'memory', { ...limits, initial: 3 })).toThrow(
      'importMemory: expected an integer of 0 to 2, got 3 (initial)',
    );
    module.importMemory('env', 'memory', limits);
    expect(() => module.importMemory('env', 'memory', limits)).toThrow(
      'importMemory: the module has its memory already',
    );
  });
});

describe('a module that was refused', () => {
  it('can go on: the function is not in it', () => {
    const module = new Module();
    // @ts-expect-error
    expect(() => module.function('bad', { v: 'v128' }, [], (f, { v }) => f.let(f32.neg(v)))).toThrow(NnpackError);
    module.function('bad', { v: 'v128' }, [], (f, { v }) => f.let(f32x4.neg(v)));
    expect(WebAssembly.validate(module.encode())).toBe(true);
  });
});
