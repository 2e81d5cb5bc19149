/** Every instruction, immediate and section, byte for byte against another assembler's reading of the module's text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Code, Expression, ValueType } from '../../src/wasm/code.ts';
import {
  call,
  type FunctionBuilder,
  type FunctionReference,
  f32,
  f64,
  i8x16,
  i32,
  type Local,
  Module,
  memory,
  type Operand,
  select,
  v128,
} from '../../src/wasm/index.ts';
import { runs } from '../support/runs.ts';
import { OPERATIONS } from './operations.ts';
import { assemble } from './wabt.ts';

const PARAMETERS = { i: 'i32', f: 'f32', d: 'f64', v: 'v128' } as const;
type Parameters = { i: Local<'i32'>; f: Local<'f32'>; d: Local<'f64'>; v: Local<'v128'> };

function moduleOf(body: (f: FunctionBuilder, locals: Parameters) => void): Module {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65536, shared: true });
  module.function('test', PARAMETERS, [], body, { export: true });
  return module;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function expectSameBytes(module: Module): void {
  expect(hex(module.encode())).toBe(hex(assemble(module.toText())));
}

/** Emits a statement, or sets a new local to an expression. */
function use(f: FunctionBuilder, code: Code): void {
  if (code.type === 'none') f.emit(code as Code<'none'>);
  else f.let(code as Expression);
}

function emitAll(f: FunctionBuilder, codes: readonly Code[]): void {
  for (const code of codes) use(f, code);
}

const localOf = (type: ValueType, { i, f, d, v }: Parameters): Code => ({ i32: i, f32: f, f64: d, v128: v })[type];

describe('instructions', () => {
  it('are many, each with a name of its own', () => {
    expect(OPERATIONS.length).toBeGreaterThan(150);
    expect(new Set(OPERATIONS.map(({ name }) => name)).size).toBe(OPERATIONS.length);
  });

  it.each(OPERATIONS)('$name', ({ operands, lanes, access, emit }) => {
    const offsets = access > 0 ? [0, 1, 127, 128, 65535, 2 ** 31, 2 ** 32 - 1] : [0];
    const module = moduleOf((f, locals) => {
      const given = operands.map((type) => localOf(type, locals));
      for (let lane = 0; lane < lanes; lane++) {
        for (const offset of offsets) use(f, emit(given, lane, offset));
      }
    });
    expectSameBytes(module);
  });

  it.each([
    ['select', (f: FunctionBuilder, { i, v }: Parameters) => use(f, select(v, v, i))],
    ['memory.copy', (f: FunctionBuilder, { i }: Parameters) => use(f, memory.copy(i, i, 16))],
    ['memory.fill', (f: FunctionBuilder, { i }: Parameters) => use(f, memory.fill(i, 0, i))],
    ['local.tee', (f: FunctionBuilder, { i }: Parameters) => use(f, f.tee(f.local('i32'), i))],
    ['return', (f: FunctionBuilder) => f.return()],
  ])('%s', (_name, body) => expectSameBytes(moduleOf(body)));

  it('i8x16.shuffle of any lanes', () => {
    const lanes = fc.array(fc.integer({ min: 0, max: 31 }), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(lanes, (chosen) => expectSameBytes(moduleOf((f, { v }) => use(f, i8x16.shuffle(v, v, chosen))))),
      { numRuns: runs(20) },
    );
  });
});

describe('constants', () => {
  it('i32, signed and unsigned, at every length of LEB128', () => {
    const edges = [6, 7, 13, 14, 20, 21, 27, 28, 31].flatMap((bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits)]);
    const values = [0, -1, ...edges, ...edges.filter((x) => x > -(2 ** 31)).map((x) => x - 1), 2 ** 32 - 1];
    expectSameBytes(
      moduleOf((f) =>
        emitAll(
          f,
          values.map((value) => i32.const(value)),
        ),
      ),
    );
  });

  it.each(['f32', 'f64'] as const)('%s: the bits, NaN as the canonical one', (type) => {
    const special = [
      0,
      -0,
      1,
      -1.5,
      Number.NaN,
      Infinity,
      -Infinity,
      1e-45,
      1.1754942e-38,
      3.4028234e38,
      Math.PI,
      1e300,
    ];
    const operations = { f32, f64 };
    expectSameBytes(
      moduleOf((f) =>
        emitAll(
          f,
          special.map((value) => operations[type].const(value)),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.double()), (values) => {
        expectSameBytes(
          moduleOf((f) =>
            emitAll(
              f,
              values.map((value) => operations[type].const(value)),
            ),
          ),
        );
      }),
      { numRuns: runs(50) },
    );
  });

  it('v128, in every shape', () => {
    const lanes = <T>(count: number, lane: fc.Arbitrary<T>) => fc.array(lane, { minLength: count, maxLength: count });
    const integer = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** bits - 1 });
    const vectors = fc.record({
      i8x16: lanes(16, integer(8)),
      i16x8: lanes(8, integer(16)),
      i32x4: lanes(4, integer(32)),
      f32x4: lanes(4, fc.oneof(fc.float(), fc.constant(Number.NaN))),
      f64x2: lanes(2, fc.oneof(fc.double(), fc.constant(Number.NaN))),
    });
    fc.assert(
      fc.property(vectors, (given) => {
        const shapes = Object.keys(given) as (keyof typeof given)[];
        const module = moduleOf((f) => {
          for (const shape of shapes) f.let(v128.const(shape, ...given[shape]));
        });
        expectSameBytes(module);
        // and as the text format says it, lane by lane
        const texts = shapes.map((shape) => `v128.const ${shape} ${given[shape].map(literal).join(' ')} drop`);
        const bytes = hex(assemble(`(module (func ${texts.join(' ')}))`));
        const constants = shapes.map((shape) => v128.const(shape, ...given[shape]).immediates);
        for (const constant of constants) expect(bytes).toContain(hex(new Uint8Array(constant)));
      }),
      { numRuns: runs(50) },
    );
  });
});

const literal = (value: number): string => {
  if (Number.isNaN(value)) return 'nan';
  return Object.is(value, -0) ? '-0' : `${value}`.replace('Infinity', 'inf');
};

describe('modules', () => {
  it('one function that does nothing', () => {
    const module = new Module();
    module.function('nothing', {}, [], () => {});
    expectSameBytes(module);
  });

  it.each([
    { initial: 0, maximum: 0, shared: false },
    { initial: 1, maximum: 65536, shared: false },
    { initial: 200, maximum: 65536, shared: true },
  ])('the memory %j', (limits) => {
    const module = new Module();
    module.importMemory('from', 'arena', limits);
    module.function('nothing', {}, [], () => {});
    expectSameBytes(module);
  });

  it('signatures are written once, locals in runs of one type, parameters by name', () => {
    const module = new Module();
    const twice = module.function('twice', { x: 'f32' }, ['f32'], (f, { x }) => f.return(f32.add(x, x)));
    module.function('nothing', {}, [], () => {});
    module.function('four_times', { x: 'f32' }, ['f32'], (f, { x }) => f.return(call(twice, call(twice, x))));
    module.function('locals', {}, [], (f) => {
      for (const type of ['i32', 'i32', 'v128', 'i32', 'f64', 'f64', 'f64'] as const) f.local(type);
    });
    expectSameBytes(module);
    const text = String.fromCharCode(...module.encode());
    expect(text.split('\x60\x01\x7d\x01\x7d')).toHaveLength(2); // (f32) → f32
    for (const name of ['twice', 'nothing', 'four_times', 'locals']) expect(text).toContain(name);
  });

  it('a parameter of any name', () => {
    const module = new Module();
    const name: string = '__proto__';
    const parameters = Object.fromEntries([[name, 'f32'] as const]);
    module.function('same', parameters, ['f32'], (f, given) => {
      expect(Object.keys(given)).toEqual([name]);
      f.return(given[name]);
    });
    expect(module.toText()).toContain('local.get $__proto__');
  });

  it('more than 127 functions, locals and bytes: lengths of several bytes', () => {
    const module = new Module();
    let previous: FunctionReference<'i32'> = module.function('f0', { x: 'i32' }, ['i32'], (f, { x }) => f.return(x));
    for (let k = 1; k < 300; k++) {
      previous = module.function(`f${k}`, { x: 'i32' }, ['i32'], (f, { x }) => {
        let last: Local<'i32'> = x;
        for (let i = 0; i < 3; i++) last = f.let(i32.add(call(previous, last), k));
        f.return(last);
      });
    }
    module.function('wide', {}, [], (f) => {
      const types = ['i32', 'f32', 'f64', 'v128'] as const;
      for (let i = 0; i < 200; i++) f.local(types[i % 4]);
      f.set(f.local('i32'), 1);
    });
    expectSameBytes(module);
  });

  it('the same calls give the same bytes, and encoding twice does', () => {
    const make = () => programme(moduleSeeded(7));
    expect(make().encode()).toEqual(make().encode());
    const module = make();
    expect(module.encode()).toEqual(module.encode());
  });
});

/** Choices of a random programme: a number below n. */
type Choose = (n: number) => number;

function moduleSeeded(seed: number): Choose {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A random programme of all the operations, in random blocks. It need not end: it is only written. */
function programme(choose: Choose): Module {
  const pick = <T>(items: readonly T[]): T => items[choose(items.length)];
  return moduleOf((f, locals) => {
    const expression = (type: ValueType, depth: number): Code => {
      const candidates = OPERATIONS.filter(({ result }) => result === type);
      if (depth === 0) return localOf(type, locals);
      return operation(pick(candidates), depth - 1);
    };
    const operation = ({ operands, lanes, emit }: (typeof OPERATIONS)[number], depth: number): Code => {
      const given = operands.map((type) => expression(type, depth));
      return emit(given, choose(lanes), choose(1000));
    };
    const condition = () => expression('i32', choose(3)) as Operand<'i32'>;
    const statement = (depth: number) => {
      const body = () => statements(depth - 1);
      const kinds = [
        () => use(f, operation(pick(OPERATIONS), choose(4))),
        () => f.set(locals.v, expression('v128', choose(4)) as Expression<'v128'>),
        () => f.loop(condition(), body),
        () => f.do(body, condition()),
        () => f.if(condition(), body),
        () => f.if(condition(), body, body),
        () =>
          f.block((label) => {
            body();
            f.br_if(label, condition());
            body();
            f.if(condition(), () => f.br(label));
          }),
      ];
      kinds[choose(depth === 0 ? 2 : kinds.length)]();
    };
    const statements = (depth: number) => {
      for (let count = choose(4); count > 0; count--) statement(depth);
    };
    statements(4);
    statement(1);
  });
}

describe('programmes', () => {
  it('random ones, of every operation in nested blocks', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => expectSameBytes(programme(moduleSeeded(seed)))),
      { numRuns: runs(100) },
    );
  });
});
