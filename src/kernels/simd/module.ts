/** All emitted kernels as one module: emitted and compiled once a process, instantiated once a thread. */
import { Module } from '../../wasm/index.ts';
import { emitArithmetic } from './arithmetic.ts';
import { emitDots } from './dots.ts';
import { type SimdTableName, variantOf } from './engine.ts';
import type { SimdExports } from './exports.ts';
import { emitFourier } from './fourier.ts';
import { emitGates } from './gates.ts';
import { emitGemm } from './gemm.ts';
import { emitHalfDots } from './half-dots.ts';
import { emitLocalResponse } from './local-response.ts';
import { emitPointwise } from './pointwise.ts';
import { emitAveragePooling, emitMaxPooling } from './pooling.ts';
import { emitSoftmax } from './softmax.ts';
import { emitWeights } from './weights.ts';
import { emitWinograd } from './winograd.ts';

/** The most pages there are, 4 GiB: what the memory of every context may grow to. */
const MAXIMUM_PAGES = 65_536;

/** The kernels of a table as text and bytes, for a memory that threads share or not. */
export function emitKernels(name: SimdTableName, shared: boolean): Module {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: MAXIMUM_PAGES, shared });
  emitAll(module, name);
  return module;
}

function emitAll(module: Module, name: SimdTableName) {
  const { tiles, multiplyAdd } = variantOf(name);
  return [
    ...emitGemm(module, tiles, multiplyAdd),
    ...emitWinograd(module, name === 'simd-relaxed'),
    ...emitFourier(module),
    ...emitPointwise(module, multiplyAdd),
    ...emitArithmetic(module),
    ...emitGates(module),
    ...emitWeights(module),
    ...emitSoftmax(module),
    ...emitLocalResponse(module, multiplyAdd),
    ...emitMaxPooling(module),
    ...emitAveragePooling(module),
    ...emitDots(module, multiplyAdd),
    ...emitHalfDots(module, multiplyAdd),
  ];
}

/** The exports of an instance, bound to one memory. */
export type KernelExports = SimdExports<typeof emitAll>;

const compiled = new Map<string, WebAssembly.Module>();

/** Compiled once a process; may throw where a policy forbids it. */
export function compileKernels(name: SimdTableName, shared: boolean): WebAssembly.Module {
  const key = `${name} ${shared}`;
  const known = compiled.get(key) ?? new WebAssembly.Module(emitKernels(name, shared).encode());
  compiled.set(key, known);
  return known;
}
