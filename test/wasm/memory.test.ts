/** Loads and stores: which bytes, of which address; shared memory; addresses beyond 2 GiB. */
import { describe, expect, it } from 'vitest';
import type { Code } from '../../src/wasm/code.ts';
import { memory as bulk, f32, f32x4, i32, Module, v128 } from '../../src/wasm/index.ts';
import { OPERATIONS, type Operation } from './operations.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Exports = Record<string, (...given: number[]) => number>;

const PAGE = 65536;

function instantiate(memory: WebAssembly.Memory, shared: boolean, define: (module: Module) => void): Exports {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65536, shared });
  define(module);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  return exports as Exports;
}

/** What each load makes of the bytes that it reads. */
const LOADS: Record<string, (read: Bytes) => ArrayLike<number>> = {
  'v128.load16x4_s': (read) => new Uint8Array(Int32Array.from(new Int16Array(read.buffer)).buffer),
  'v128.load16x4_u': (read) => new Uint8Array(Int32Array.from(new Uint16Array(read.buffer)).buffer),
  'v128.load8_splat': repeat,
  'v128.load16_splat': repeat,
  'v128.load32_splat': repeat,
  'v128.load64_splat': repeat,
};

function repeat(read: Bytes): number[] {
  return Array.from({ length: 16 }, (_, i) => read[i % read.length]);
}

/** The rest are the bytes themselves, and zeros above them. */
function loaded(name: string, read: Bytes, size: number): number[] {
  const bytes = name in LOADS ? LOADS[name](read) : read;
  return Array.from({ length: size }, (_, i) => bytes[i] ?? 0);
}

const SIZE = { i32: 4, f32: 4, f64: 8, v128: 16, none: 0 };
const [ADDRESS, OFFSET, VALUE, RESULT] = [1024, 3 * 16, 2048, 3072];
const ACCESSES = OPERATIONS.filter(({ kind }) => kind !== 'plain' && kind !== 'lane');
const find = (name: string): Operation => OPERATIONS.find((operation) => operation.name === name) as Operation;
const isAtomic = (name: string): boolean => name.includes('atomic');

describe('accesses', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const bytes = new Uint8Array(memory.buffer);

  /** For each lane, a function of the address. */
  function compile({ operands, result, lanes, emit }: Operation): Exports {
    return instantiate(memory, true, (module) => {
      for (let lane = 0; lane < lanes; lane++) {
        module.function(
          `lane${lane}`,
          { address: 'i32' },
          [],
          (f, { address }) => {
            const others = operands.slice(1).map((type) => find(`${type}.load`).emit([i32.const(VALUE)]));
            const code = emit([address, ...others], lane, OFFSET);
            if (result === 'none') f.emit(code as Code<'none'>);
            else f.emit(find(`${result}.store`).emit([i32.const(RESULT), code]) as Code<'none'>);
          },
          { export: true },
        );
      }
    });
  }

  it.each(ACCESSES)('$name', (operation) => {
    const { name, result, lanes, access } = operation;
    const compiled = compile(operation);
    for (let lane = 0; lane < lanes; lane++) {
      for (const shift of isAtomic(name) ? [0, 4] : [0, 1, 2, 3, 4, 5, 6, 7]) {
        bytes.fill(0xa5, 0, 4096);
        for (let i = 0; i < 64; i++) bytes[ADDRESS + OFFSET + i] = 0x77 + 11 * i;
        for (let i = 0; i < 16; i++) bytes[VALUE + i] = 0x93 + 7 * i;
        const before = bytes.slice(0, 4096);
        compiled[`lane${lane}`](ADDRESS + shift);
        const expected = before.slice();
        const at = ADDRESS + OFFSET + shift;
        const read = before.slice(at, at + access);
        const given = before.slice(VALUE, VALUE + 16);
        if (name === 'i32.atomic.rmw.add') {
          const sum = new Int32Array(read.buffer)[0] + new Int32Array(given.buffer)[0];
          expected.set(new Uint8Array(new Int32Array([sum]).buffer), at);
        } else if (name.includes('store')) {
          expected.set(given.slice(lane * access, (lane + 1) * access), at);
        } else if (name.endsWith('_lane')) {
          given.set(read, lane * access);
          expected.set(given, RESULT);
        }
        if (result !== 'none' && !name.endsWith('_lane')) expected.set(loaded(name, read, SIZE[result]), RESULT);
        expect(Buffer.compare(Buffer.from(bytes.slice(0, 4096)), Buffer.from(expected))).toBe(0);
      }
    }
  });

  it('atomics demand alignment, the others do not', () => {
    for (const name of ['i32.atomic.load', 'i32.atomic.store', 'i32.atomic.rmw.add']) {
      const { lane0 } = compile(find(name));
      expect(() => lane0(ADDRESS + 2), name).toThrow(/unaligned/);
    }
    const { lane0 } = compile(find('v128.load'));
    expect(() => lane0(ADDRESS + 1)).not.toThrow();
  });

  it('copies, overlapping or not, and fills', () => {
    const { copy, fill } = instantiate(memory, true, (module) => {
      const parameters = { a: 'i32', b: 'i32', n: 'i32' } as const;
      const options = { export: true };
      module.function('copy', parameters, [], (f, { a, b, n }) => f.emit(bulk.copy(a, b, n)), options);
      module.function('fill', parameters, [], (f, { a, b, n }) => f.emit(bulk.fill(a, b, n)), options);
    });
    const expected = bytes.slice(0, 256);
    copy(16, 10, 100);
    fill(200, 0x1ff, 20);
    expected.copyWithin(16, 10, 110).fill(0xff, 200, 220);
    expect([...bytes.slice(0, 256)]).toEqual([...expected]);
  });
});

/** y = x[address + offset], through each of the two ways to reach far: a large address, a large offset. */
function defineFar(module: Module, offset: number): void {
  module.function('load', { address: 'i32' }, ['f32'], (f, { address }) => f.return(f32.load(address, { offset })), {
    export: true,
  });
  module.function(
    'store',
    { address: 'i32', value: 'f32' },
    [],
    (f, { address, value }) => f.emit(v128.store(address, f32x4.splat(value), { offset })),
    { export: true },
  );
}

describe('memories beyond 2 GiB', () => {
  // reserved, not used: only the pages that are touched are committed
  const pages = (3 * 2 ** 30) / PAGE;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const last = 3 * 2 ** 30 - 16;

  it.each([
    { offset: 0, address: last },
    { offset: 2 ** 31 + 64, address: last - 2 ** 31 - 64 },
    { offset: last, address: 0 },
    { offset: 16, address: 2 ** 31 - 8 },
  ])('address $address, offset $offset', ({ offset, address }) => {
    const { load, store } = instantiate(memory, true, (module) => defineFar(module, offset));
    store(address, 1.5);
    expect(load(address)).toBe(1.5);
    expect([...new Float32Array(memory.buffer, address + offset, 4)]).toEqual([1.5, 1.5, 1.5, 1.5]);
    new Float32Array(memory.buffer, address + offset, 4).fill(0);
  });

  it.each([
    { offset: 0, address: last + 4 },
    { offset: 0, address: 2 ** 32 - 4 },
    { offset: 2 ** 32 - 1, address: 0 },
    { offset: 2 ** 32 - 1, address: 2 ** 32 - 1 }, // the sum does not wrap
    { offset: 16, address: -8 },
  ])('address $address, offset $offset is out of bounds', ({ offset, address }) => {
    const { store } = instantiate(memory, true, (module) => defineFar(module, offset));
    expect(() => store(address, 1)).toThrow(/out of bounds/);
  });

  it('constants are addresses as they are written, and comparisons of addresses are unsigned', () => {
    const { fill } = instantiate(memory, true, (module) => {
      module.function(
        'fill',
        { n: 'i32' },
        [],
        (f, { n }) => {
          const x = f.let(i32.const(2 ** 31 - 32));
          const end = f.let(i32.add(x, n));
          f.loop(i32.lt_u(x, end), () => {
            f.emit(v128.store(x, v128.const('f32x4', 1, 2, 3, 4)));
            f.add(x, 16);
          });
          f.emit(f32.store(last, 7));
        },
        { export: true },
      );
    });
    fill(64);
    const written = new Float32Array(memory.buffer, 2 ** 31 - 32, 20);
    expect([...written]).toEqual([...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4], 0, 0, 0, 0]);
    expect(new Float32Array(memory.buffer, last, 1)[0]).toBe(7);
  });
});

describe('the imported memory', () => {
  const define = (module: Module): void => {
    module.function('store', {}, [], (f) => f.emit(i32.store(0, 42)), { export: true });
  };

  it('is shared or not, as it is declared', () => {
    const plain = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    instantiate(plain, false, define).store();
    instantiate(shared, true, define).store();
    expect(new Int32Array(plain.buffer)[0]).toBe(42);
    expect(new Int32Array(shared.buffer)[0]).toBe(42);
    expect(() => instantiate(plain, true, define)).toThrow(WebAssembly.LinkError);
    expect(() => instantiate(shared, false, define)).toThrow(WebAssembly.LinkError);
  });

  it('serves several instances of one module at once', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const define = (module: Module): void => {
      const body = { export: true };
      module.function('add', { n: 'i32' }, ['i32'], (f, { n }) => f.return(i32.atomic.rmw.add(8, n)), body);
    };
    const [first, second] = [instantiate(memory, true, define), instantiate(memory, true, define)];
    expect([first.add(1), second.add(2), first.add(3)]).toEqual([0, 1, 3]);
    expect(Atomics.load(new Int32Array(memory.buffer), 2)).toBe(6);
  });
});
