/** The modules of emitted kernels: emitted and compiled once a process, instantiated once a memory and thread. */
import { Module } from '../../wasm/index.ts';
import type { SimdTableName } from './engine.ts';
import type { Modules } from './exports.ts';
import { FAMILIES, type FamilyExports, type FamilyName } from './families.ts';

/** The most pages there are, 4 GiB: what the memory of every context may grow to. */
const MAXIMUM_PAGES = 65_536;

/** The kernels of a family as text and bytes, for a memory that threads share or not. */
export function emitFamily(table: SimdTableName, family: FamilyName, shared: boolean): Module {
  const module = new Module();
  importMemory(module, shared);
  FAMILIES[family](module, table);
  return module;
}

export function importMemory(module: Module, shared: boolean): void {
  module.importMemory('env', 'memory', { initial: 1, maximum: MAXIMUM_PAGES, shared });
}

/** The key of all kernels of a table as one module. */
export const wholeOf = (table: SimdTableName): string => `${table} *`;

/** Those of this process, for memory that is shared and for memory that is not. */
const compiled: readonly [Modules, Modules] = [{}, {}];

/** The modules that this process has compiled so far; more may come. */
export const compiledModules = (shared: boolean): Modules => compiled[shared ? 1 : 0];

export function isShared({ buffer }: WebAssembly.Memory): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/** Gives the exports of a family. */
export type Loader = <Family extends FamilyName>(family: Family) => FamilyExports<Family>;

/**
 * A loader over a memory. A family is instantiated when it is first asked for, and compiled unless `modules` has it, which
 * keeps it then. May throw where a policy forbids it.
 */
export function loaderOf(table: SimdTableName, memory: WebAssembly.Memory, modules: Modules): Loader {
  const loaded: { [family: string]: WebAssembly.Exports } = {};
  const whole = modules[wholeOf(table)];
  let all: WebAssembly.Exports | null = null;
  const instantiate = (family: FamilyName): WebAssembly.Exports => {
    if (whole !== undefined) {
      all ??= new WebAssembly.Instance(whole, { env: { memory } }).exports;
      return all;
    }
    const key = `${table} ${family}`;
    modules[key] ??= new WebAssembly.Module(emitFamily(table, family, isShared(memory)).encode());
    return new WebAssembly.Instance(modules[key], { env: { memory } }).exports;
  };
  return <Family extends FamilyName>(family: Family) => {
    loaded[family] ??= instantiate(family);
    return loaded[family] as FamilyExports<Family>;
  };
}
