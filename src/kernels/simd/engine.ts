/**
 * What this engine can run, found by validating tiny modules, and the micro-tiles that suit its compiler.
 *
 * The micro-kernels' shapes were measured (docs/kernels.md): an old compiler places all loads of a loop's body before the
 * arithmetic, and spills from 15 live registers on; a newer one keeps the order of the text. Engines that know relaxed SIMD
 * are of the newer kind.
 */
import { f32x4, Module } from '../../wasm/index.ts';
import type { GemmUnits } from '../table.ts';
import { type Micro, type MicroTiles, mulAdd } from './gemm-micro.ts';

export type NarrowTableName = 'simd' | 'simd-relaxed';

/** A wide table's kernels do two vectors abreast wherever they can, for engines that make one operation of 256 bits of such a pair. */
export type SimdTableName = NarrowTableName | `${NarrowTableName}-wide`;

export const SIMD_TABLES: readonly SimdTableName[] = ['simd', 'simd-relaxed', 'simd-wide', 'simd-relaxed-wide'];

/** The table of the same kernels by single vectors, which give the same bits. */
export function narrowTwin(name: SimdTableName): NarrowTableName {
  return isFused(name) ? 'simd-relaxed' : 'simd';
}

export const isWide = (name: SimdTableName): boolean => name !== narrowTwin(name);

/** Whether a table's products are fused with the sums that they go into, by relaxed SIMD. */
export const isFused = (name: SimdTableName): boolean => name.startsWith('simd-relaxed');

/** Why a table cannot run here; null when it can, if only by single vectors. */
export function refuseSimd(name: SimdTableName): string | null {
  if (typeof WebAssembly === 'undefined') return 'WebAssembly is not available';
  if (!validates((a) => f32x4.add(a, a))) return 'WebAssembly has no SIMD here';
  if (isFused(name) && !hasRelaxed()) return 'WebAssembly has no relaxed SIMD here';
  return null;
}

function hasRelaxed(): boolean {
  return validates((a) => f32x4.relaxed_madd(a, a, a));
}

function validates(operation: (a: ReturnType<typeof f32x4.splat>) => ReturnType<typeof f32x4.splat>): boolean {
  const module = new Module();
  module.function('probe', { x: 'f32' }, ['v128'], (f, { x }) => f.return(operation(f.let(f32x4.splat(x)))));
  try {
    return WebAssembly.validate(module.encode());
  } catch {
    return false;
  }
}

/** Rows beside 1, 2, … vectors of columns, for a compiler that spills early. */
const OLD_TILES: MicroTiles = [4, 4, 2, 2];

/**
 * Full panels are four vectors wide, and so is what the transforms do: twelve pairs of sums, two of B and one of A are what
 * fits into 16 registers.
 */
const WIDE_TILES: MicroTiles = [6, 6, 6, 6];

interface Variant extends Micro {
  /**
   * The units, and the micro-tiles that say how kernels lie in panels. They are a table's, the same on any engine: the
   * estimates that choose an algorithm are made of them, and the choice decides the bits of a result. A wide table has
   * those of its twin, whose bits it gives.
   */
  readonly units: GemmUnits;
  readonly panels: MicroTiles;
}

/** Micro-tiles and multiply-add of a table on this engine. */
export function variantOf(name: SimdTableName): Variant {
  const narrow = isFused(name) ? fusedVariant() : plainVariant();
  return isWide(name) ? { ...narrow, tiles: WIDE_TILES, panels: WIDE_TILES, abreast: 2 } : narrow;
}

function fusedVariant(): Variant {
  const units = { multiplyAdd: 0.034, holdA: 0.04, packB: 0, writeC: 0.15, rowStep: 2, step: 8 };
  return { tiles: [6, 6], panels: [6, 6], multiplyAdd: f32x4.relaxed_madd, keepsOrder: true, units };
}

function plainVariant(): Variant {
  const units = { multiplyAdd: 0.046, holdA: 0.01, packB: 0, writeC: 0.18, rowStep: 2, step: 8 };
  const keepsOrder = hasRelaxed();
  return { tiles: keepsOrder ? [6, 4, 3, 2] : OLD_TILES, panels: OLD_TILES, multiplyAdd: mulAdd, keepsOrder, units };
}
