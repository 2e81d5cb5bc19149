import type { SimdExports } from '../../src/kernels/simd/exports.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { Module } from '../../src/wasm/index.ts';
import { testMemory } from './harness.ts';

/** Emitted kernels over a memory, that of the tests if no other is given. Their scratch is its first bytes. */
export function emitted(emit: (module: Module) => void, memory: Memory = testMemory): SimdExports {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65_536, shared: true });
  emit(module);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    env: { memory: memory.wasm as WebAssembly.Memory },
  });
  return exports as unknown as SimdExports;
}

/** Byte address of the scratch. */
export const SCRATCH = 0;

/** A memory of more than 2 GiB, of which little is ever touched: what lies there has addresses with the sign bit set. */
export function largeMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: (2 ** 31 + 2 ** 24) / 65_536, maximum: 65_536, shared: true });
}
