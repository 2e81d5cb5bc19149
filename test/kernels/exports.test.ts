/** Emitted functions are typed by their definitions; WebAssembly itself takes a missing argument for a zero. */
import { expect, expectTypeOf, it } from 'vitest';
import type { SimdExports } from '../../src/kernels/simd/exports.ts';
import { emitFourier } from '../../src/kernels/simd/fourier.ts';
import { emitKernels, type KernelExports } from '../../src/kernels/simd/module.ts';
import { emitWeights } from '../../src/kernels/simd/weights.ts';
import { Module } from '../../src/wasm/index.ts';
import { emitted } from './emitted.ts';

it('have the parameters and the result of their definitions: `npm run check` asks the compiler', () => {
  type Flush = KernelExports['flush__simd'];
  type Dots = KernelExports['dots__simd'];
  expectTypeOf<Parameters<Flush>>().toEqualTypeOf<[number, number, number]>();
  expectTypeOf<ReturnType<Flush>>().toEqualTypeOf<void>();
  expectTypeOf<Parameters<Dots>['length']>().toEqualTypeOf<7>();
  expectTypeOf<ReturnType<Dots>>().toEqualTypeOf<number>();
  expectTypeOf<'winograd_output_apart_10__simd' | 'sgemm__simd'>().toExtend<keyof KernelExports>();
  expectTypeOf<'flushh__simd'>().not.toExtend<keyof KernelExports>();
  expectTypeOf<'ft8x16_input__simd'>().not.toExtend<keyof KernelExports>();
  expectTypeOf<'flush__simd'>().not.toExtend<keyof SimdExports<typeof emitFourier>>();
});

it.each(['emitWeights', 'emitFourier'] as const)('%s gives what it exports, and nothing else', (name) => {
  const emit = { emitWeights, emitFourier }[name];
  const given = emit(new Module()).map((reference) => reference.name);
  const exported: string[] = Object.keys(emitted<(module: Module) => ReturnType<typeof emit>>(emit));
  expect([...given].sort()).toEqual(exported.sort());
});

it.each(['simd', 'simd-relaxed'] as const)('%s exports all that its families give, each once', (name) => {
  const exported = emitKernels(name, true).functions.filter((f) => f.export);
  expect(new Set(exported.map((f) => f.name)).size).toBe(exported.length);
  expect(exported.length).toBeGreaterThan(40);
});
