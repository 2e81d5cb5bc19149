/** Every instruction run by the engine, against what JavaScript says that it computes, bit for bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Code, ResultType, ValueType } from '../../src/wasm/code.ts';
import { type FunctionBuilder, f32, f64, i8x16, i32, Module, select, shuffle32, v128 } from '../../src/wasm/index.ts';
import { runs } from '../support/runs.ts';
import { isRelaxed, OPERATIONS, type Operation } from './operations.ts';
import { agree, expectedBytes, ORACLES } from './oracle.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Value = Code<ValueType>;

const SIZE: Record<ValueType, number> = { i32: 4, f32: 4, f64: 8, v128: 16 };
/** Where the operands stand in memory, and the result. */
const OPERAND = [64, 128, 192];
const RESULT = 256;

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const bytes = new Uint8Array(memory.buffer);

/** A function that reads the operands from memory, computes, and writes the result back. */
function defineRun(module: Module, name: string, operands: readonly ValueType[], compute: (given: Value[]) => Code) {
  module.function(
    name,
    {},
    [],
    (f) => {
      const result = compute(operands.map((type, index) => loadOf(type, OPERAND[index])));
      store(f, result);
    },
    { export: true },
  );
}

function loadOf(type: ValueType, address: number): Value {
  const loads = { i32: i32.load, f32: f32.load, f64: f64.load, v128: v128.load };
  return loads[type](address) as Value;
}

function store(f: FunctionBuilder, result: Code): void {
  if (result.type === 'i32') f.emit(i32.store(RESULT, result as Code<'i32'>));
  else if (result.type === 'f32') f.emit(f32.store(RESULT, result as Code<'f32'>));
  else if (result.type === 'f64') f.emit(f64.store(RESULT, result as Code<'f64'>));
  else f.emit(v128.store(RESULT, result as Code<'v128'>));
}

function instantiate(define: (module: Module) => void): Record<string, () => void> {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 1, shared: true });
  define(module);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  return exports as Record<string, () => void>;
}

/** The result's bytes; what surrounds them must stay as it was. */
function run(compiled: () => void, operands: readonly Bytes[], result: ResultType): Bytes {
  bytes.fill(0xa5, 0, RESULT + 64);
  operands.forEach((operand, index) => {
    bytes.set(operand, OPERAND[index]);
  });
  compiled();
  const size = SIZE[result as ValueType];
  if (bytes[RESULT - 1] !== 0xa5 || bytes[RESULT + size] !== 0xa5) expect.fail('wrote beside its result');
  return bytes.slice(RESULT, RESULT + size) as Bytes;
}

const NAN_WITH_PAYLOAD = [0x7fa00001, 0xffc12345, 0x7fc00000];
const INTEGERS = [0, 1, -1, 2, 15, 16, 31, 32, 33, 127, 128, 255, -128, 32767, 32768, 65535, -32768, 0x12345678];
const EDGES = {
  i32: new Int32Array([...INTEGERS, 2 ** 31 - 1, -(2 ** 31)]),
  f32: new Float32Array([
    ...[0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, Math.PI, 65504, 8388607.5, 2147483520, -2147483648, 2147483648],
    ...[1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 3.4028235e38, -3.4028235e38, Infinity, -Infinity],
    ...new Float32Array(new Uint32Array(NAN_WITH_PAYLOAD).buffer),
  ]),
  f64: new Float64Array([
    ...[
      0,
      -0,
      1,
      -1,
      0.1,
      -Math.PI,
      1 + 2 ** -24,
      1 + 3 * 2 ** -24,
      3.4028235677973366e38,
      -1e39,
      2 ** -150,
      2 ** -149,
    ],
    ...[5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, Infinity, -Infinity, Number.NaN],
  ]),
};

function scalars(type: 'i32' | 'f32' | 'f64'): Bytes[] {
  const all = new Uint8Array(EDGES[type].buffer);
  const size = SIZE[type];
  return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size) as Bytes);
}

/** Vectors that begin at every edge in turn: any two of them side by side pair every edge with every edge. */
function vectors(type: 'i32' | 'f32' | 'f64'): Bytes[] {
  const items = scalars(type);
  return items.map((_, i) => {
    const lanes = Array.from({ length: 16 / SIZE[type] }, (_, lane) => items[(i + lane) % items.length]);
    return new Uint8Array(lanes.flatMap((lane) => [...lane]));
  });
}

const POOL: Record<ValueType, Bytes[]> = {
  i32: scalars('i32'),
  f32: scalars('f32'),
  f64: scalars('f64'),
  v128: [...vectors('i32'), ...vectors('f32'), ...vectors('f64')],
};

function* edgeOperands(types: readonly ValueType[]): Generator<Bytes[]> {
  const [first, second = [], third = []] = types.map((type) => POOL[type]);
  for (const [i, a] of first.entries()) {
    if (types.length === 1) yield [a];
    for (const [j, b] of second.entries()) yield [a, b, ...(types.length === 3 ? [third[(i + j) % third.length]] : [])];
  }
}

function expectAsOracle(operation: Operation, compiled: () => void, operands: Bytes[]): void {
  const oracle = ORACLES[operation.name];
  let expected: Bytes;
  try {
    expected = expectedBytes(oracle, operands);
  } catch {
    expect(() => run(compiled, operands, operation.result)).toThrow(WebAssembly.RuntimeError);
    return;
  }
  const got = run(compiled, operands, operation.result);
  if (agree(oracle, got, expected)) return;
  expect.fail(`${operation.name}(${operands.map(hex)}): ${hex(got)}, expected ${hex(expected)}`);
}

const hex = (value: Bytes): string => Buffer.from(value).toString('hex');

const PLAIN = OPERATIONS.filter(({ kind, name }) => kind === 'plain' && !isRelaxed(name));

describe('operations', () => {
  const compiled = instantiate((module) => {
    for (const { name, operands, emit } of PLAIN) defineRun(module, name.replaceAll('.', '_'), operands, emit);
  });
  const runOf = ({ name }: Operation): (() => void) => compiled[name.replaceAll('.', '_')];

  it.each(PLAIN)('$name', (operation) => {
    expect(Object.keys(ORACLES), 'the oracle knows it').toContain(operation.name);
    for (const operands of edgeOperands(operation.operands)) expectAsOracle(operation, runOf(operation), operands);
  });

  it('all of them, on random bits', () => {
    const bits = fc.uint8Array({ minLength: 48, maxLength: 48 });
    fc.assert(
      fc.property(bits, (given) => {
        for (const operation of PLAIN) {
          const operands = operation.operands.map((type, i) => given.slice(16 * i, 16 * i + SIZE[type]) as Bytes);
          expectAsOracle(operation, runOf(operation), operands);
        }
      }),
      { numRuns: runs(50) },
    );
  });
});

describe('lanes', () => {
  const LANES = OPERATIONS.filter(({ kind }) => kind === 'lane');
  const vector = Uint8Array.from({ length: 16 }, (_, i) => 0x70 + 5 * i);
  const value = new Uint8Array([0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x48]);

  it.each(LANES)('$name', ({ name, operands, result, lanes, emit }) => {
    const compiled = instantiate((module) => {
      for (let lane = 0; lane < lanes; lane++) defineRun(module, `run${lane}`, operands, (given) => emit(given, lane));
    });
    const width = 16 / lanes;
    for (let lane = 0; lane < lanes; lane++) {
      const got = run(compiled[`run${lane}`], [vector, value], result);
      if (result === 'v128') {
        const expected = vector.slice();
        expected.set(value.slice(0, width), lane * width);
        expect([...got]).toEqual([...expected]);
      } else {
        const fill = name.endsWith('_s') && vector[(lane + 1) * width - 1] >= 0x80 ? 0xff : 0;
        const expected = new Uint8Array(SIZE[result as ValueType]).fill(fill);
        expected.set(vector.slice(lane * width, (lane + 1) * width));
        expect([...got]).toEqual([...expected]);
      }
    }
  });

  it('i8x16.shuffle takes bytes of both, shuffle32 lanes of 32 bits', () => {
    const both = new Uint8Array([...vector, ...vector.map((byte) => byte ^ 0xff)]);
    const lanes32 = fc.tuple(
      ...([0, 1, 2, 3].map(() => fc.nat(7)) as [fc.Arbitrary<number>, ...fc.Arbitrary<number>[]]),
    );
    const lanes8 = fc.array(fc.nat(31), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(lanes8, lanes32, (bytewise, wide) => {
        const compiled = instantiate((module) => {
          const operands = ['v128', 'v128'] as const;
          defineRun(module, 'bytewise', operands, ([a, b]) =>
            i8x16.shuffle(a as Code<'v128'>, b as Code<'v128'>, bytewise),
          );
          defineRun(module, 'wide', operands, ([a, b]) =>
            shuffle32(a as Code<'v128'>, b as Code<'v128'>, wide as [number, number, number, number]),
          );
        });
        const given = [both.slice(0, 16), both.slice(16)];
        expect([...run(compiled.bytewise, given, 'v128')]).toEqual(bytewise.map((lane) => both[lane]));
        const expected = wide.flatMap((lane) => [...both.slice(4 * lane, 4 * lane + 4)]);
        expect([...run(compiled.wide, given, 'v128')]).toEqual(expected);
      }),
      { numRuns: runs(20) },
    );
  });

  it('select takes the first where the condition is not zero', () => {
    const operands = ['v128', 'v128', 'i32'] as const;
    const { run: choose } = instantiate((module) => {
      defineRun(module, 'run', operands, ([a, b, condition]) =>
        select(a as Code<'v128'>, b as Code<'v128'>, condition as Code<'i32'>),
      );
    });
    const other = vector.map((byte) => byte + 1);
    for (const condition of [0, 1, -1]) {
      const got = run(choose, [vector, other, new Uint8Array(new Int32Array([condition]).buffer)], 'v128');
      expect([...got]).toEqual([...(condition === 0 ? other : vector)]);
    }
  });
});

describe('relaxed SIMD', () => {
  const RELAXED = OPERATIONS.filter(({ name }) => isRelaxed(name));
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 1, shared: true });
  for (const { name, operands, emit } of RELAXED) defineRun(module, name.replaceAll('.', '_'), operands, emit);
  const isSupported = WebAssembly.validate(module.encode());

  it('is four operations', () => {
    expect(RELAXED.map(({ name }) => name)).toEqual([
      'f32x4.relaxed_madd',
      'f32x4.relaxed_nmadd',
      'f64x2.relaxed_madd',
      'f64x2.relaxed_nmadd',
    ]);
  });

  it.runIf(isSupported)('multiplies and adds, rounding once or twice: the same where all is exact', () => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
    const compiled = instance.exports as Record<string, () => void>;
    const [a, b, c] = [
      [1, -2, 3, 0],
      [5, 7, -11, 4],
      [100, 200, 0.5, -8],
    ];
    for (const { name } of RELAXED) {
      const view = name.startsWith('f32') ? Float32Array : Float64Array;
      const operands = [a, b, c].map((x) => new Uint8Array(new view(x).buffer).slice(0, 16));
      const got = new view(run(compiled[name.replaceAll('.', '_')], operands, 'v128').buffer);
      const sign = name.endsWith('nmadd') ? -1 : 1;
      expect([...got]).toEqual([...new view(got.map((_, i) => sign * a[i] * b[i] + c[i]))]);
    }
  });
});
