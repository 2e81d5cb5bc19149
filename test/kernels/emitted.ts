import { SCRATCH_BYTES, type SimdExports } from '../../src/kernels/simd/exports.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { type FunctionReference, Module } from '../../src/wasm/index.ts';
import { memoryOver, testMemory } from './harness.ts';

/** Emitted kernels over a memory, that of the tests if no other is given. Their scratch is its first bytes. */
export function emitted<E extends (module: Module) => readonly FunctionReference[]>(
  emit: E,
  memory: Memory = testMemory,
): SimdExports<E> {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65_536, shared: true });
  emit(module);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
    env: { memory: memory.wasm as WebAssembly.Memory },
  });
  return exports as unknown as SimdExports<E>;
}

/** Byte address of the scratch. */
export const SCRATCH = 0;

/**
 * Where addresses have their sign bit set: a memory of more than 2 GiB, of which little is ever touched. Its scratch
 * begins below 2 GiB and ends above; the data follow on it, at a word that is the first of nothing.
 */
export const farMemory = memoryOver(
  new WebAssembly.Memory({ initial: (2 ** 31 + 2 ** 24) / 65_536, maximum: 65_536, shared: true }),
);
/** In bytes, and in words. */
export const FAR = { scratch: 2 ** 31 - SCRATCH_BYTES / 2, firstWord: 2 ** 29 + SCRATCH_BYTES / 8 + 1 };
