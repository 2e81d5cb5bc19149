/** Emitted functions are typed by their definitions; WebAssembly itself takes a missing argument for a zero. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { emitDots } from '../../src/kernels/simd/dots.ts';
import { SIMD_TABLES } from '../../src/kernels/simd/engine.ts';
import type { SimdExports } from '../../src/kernels/simd/exports.ts';
import { FAMILY_NAMES, type FamilyExports } from '../../src/kernels/simd/families.ts';
import { emitFourier } from '../../src/kernels/simd/fourier.ts';
import { emitFamily } from '../../src/kernels/simd/modules.ts';
import { emitWeights } from '../../src/kernels/simd/weights.ts';
import { Module } from '../../src/wasm/index.ts';
import { emitted } from './emitted.ts';

it('have the parameters and the result of their definitions: `npm run check` asks the compiler', () => {
  type Flush = FamilyExports<'weights'>['flush__simd'];
  type Dots = SimdExports<typeof emitDots>['dots__simd'];
  expectTypeOf<Parameters<Flush>>().toEqualTypeOf<[number, number, number]>();
  expectTypeOf<ReturnType<Flush>>().toEqualTypeOf<void>();
  expectTypeOf<Parameters<Dots>['length']>().toEqualTypeOf<7>();
  expectTypeOf<ReturnType<Dots>>().toEqualTypeOf<number>();
  expectTypeOf<'winograd_output_apart_10__simd'>().toExtend<keyof FamilyExports<'winograd10'>>();
  expectTypeOf<'sgemm__simd'>().toExtend<keyof FamilyExports<'products'>>();
  expectTypeOf<'flushh__simd'>().not.toExtend<keyof FamilyExports<'weights'>>();
  expectTypeOf<'ft8x16_input__simd'>().not.toExtend<keyof FamilyExports<'fourier8'>>();
  expectTypeOf<'flush__simd'>().not.toExtend<keyof SimdExports<typeof emitFourier>>();
});

it.each(['emitWeights', 'emitFourier'] as const)('%s gives what it exports, and nothing else', (name) => {
  const emit = { emitWeights, emitFourier: (module: Module) => emitFourier(module, 8, 1) }[name];
  const given = emit(new Module()).map((reference) => reference.name);
  const exported: string[] = Object.keys(emitted<(module: Module) => ReturnType<typeof emit>>(emit));
  expect([...given].sort()).toEqual(exported.sort());
});

describe.each(SIMD_TABLES)('%s', (name) => {
  it.each(FAMILY_NAMES)('%s exports all that it gives, each once', (family) => {
    const exported = emitFamily(name, family, true).functions.filter((f) => f.export);
    expect(new Set(exported.map((f) => f.name)).size).toBe(exported.length);
    expect(exported.length).toBeGreaterThan(0);
  });
});
