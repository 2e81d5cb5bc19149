/**
 * The limits of the machine, measured by WebAssembly that is emitted here and does nothing else:
 *
 *   registersOf   multiplies and adds what stays in registers, in the shape of a table's micro-tile
 *   readerOf      reads bytes of the memory once
 */

import type { Context } from '../src/context/context.ts';
import { type SimdTableName, variantOf } from '../src/kernels/simd/engine.ts';
import { f32, f32x4, i32, i32x4, Module, v128 } from '../src/wasm/index.ts';
import type { Timeable } from './statistics.ts';

/** Something that does so many operations in a run. */
export interface Limit extends Timeable {
  readonly operations: number;
}

/** The micro-tile of a table, whose operands never change their registers. */
export function registersOf(name: SimdTableName): Limit {
  const { tiles, multiplyAdd } = variantOf(name);
  const nv = tiles.length;
  const mr = tiles[nv - 1];
  const module = new Module();
  module.function(
    'registers',
    { turns: 'i32', x: 'f32' },
    ['f32'],
    (f, { turns, x }) => {
      const value = (k: number) => f.let(f32x4.splat(f32.mul(x, k)));
      const sums = Array.from({ length: mr }, () => Array.from({ length: nv }, () => f.local('v128')));
      const bs = sums[0].map((_, j) => value(j + 1));
      // As many rows of A as there are registers for, beside one for a product.
      const as = sums.slice(0, Math.max(1, 15 - mr * nv - nv)).map((_, i) => value(-i - 1));
      f.loop(turns, () => {
        sums.forEach((row, i) => {
          row.forEach((sum, j) => {
            f.set(sum, multiplyAdd(as[i % as.length], bs[j], sum));
          });
        });
        // Products that stayed the same from turn to turn would be computed once.
        const first = f.let(as[0]);
        as.forEach((a, i) => {
          f.set(a, as[i + 1] ?? first);
        });
        f.add(turns, -1);
      });
      const total = f.local('v128');
      for (const sum of sums.flat()) f.set(total, f32x4.add(total, sum));
      f.return(f32x4.extract_lane(total, 0));
    },
    { export: true },
  );
  const { registers } = instanceOf(module);
  // There are many calls, because engines replace code by faster code between calls.
  const [calls, turns] = [100, 1e5];
  return {
    name: `${mr}×${4 * nv} on registers alone`,
    operations: 2 * calls * turns * mr * 4 * nv,
    time: () =>
      timed(() => {
        for (let call = 0; call < calls; call++) registers(turns, 1e-3);
      }),
  };
}

/** Reads the first bytes of the context's memory. */
export function readerOf({ arena }: Context, bytes: number): Timeable {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65_536, shared: arena.shared !== null });
  module.function(
    'read',
    { at: 'i32', end: 'i32' },
    ['i32'],
    (f, { at, end }) => {
      const sums = Array.from({ length: 4 }, () => f.local('v128'));
      f.loop(i32.lt_u(at, end), () => {
        for (let i = 0; i < 8; i++) f.set(sums[i % 4], i32x4.add(sums[i % 4], v128.load(at, { offset: 16 * i })));
        f.add(at, 128);
      });
      const total = f.local('v128');
      for (const sum of sums) f.set(total, i32x4.add(total, sum));
      f.return(v128.any_true(total));
    },
    { export: true },
  );
  const { read } = instanceOf(module, arena.wasm);
  return { name: 'reading alone', time: () => timed(() => read(0, bytes)) };
}

function instanceOf(module: Module, memory: WebAssembly.Memory | null = null) {
  const imports: WebAssembly.Imports = memory === null ? {} : { env: { memory } };
  const compiled = new WebAssembly.Module(module.encode());
  return new WebAssembly.Instance(compiled, imports).exports as Record<string, (...numbers: number[]) => number>;
}

/** Milliseconds of a piece of work. */
export function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
