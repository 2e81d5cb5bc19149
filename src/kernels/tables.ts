import type { Memory } from '../tensor/memory.ts';
import { referenceFourierTile } from './reference/fourier.ts';
import { referenceGemm } from './reference/gemm.ts';
import { referencePointwise } from './reference/pointwise.ts';
import { referencePooling } from './reference/pooling.ts';
import { referenceResize } from './reference/resize.ts';
import { referenceWeights } from './reference/weights.ts';
import { referenceWinogradTile } from './reference/winograd.ts';
import { scalarDots } from './scalar/dots.ts';
import { scalarFourierTile } from './scalar/fourier.ts';
import { scalarFourierLargeTile } from './scalar/fourier-large.ts';
import { scalarGemm } from './scalar/gemm.ts';
import { scalarPointwise } from './scalar/pointwise.ts';
import { scalarPooling } from './scalar/pooling.ts';
import { scalarResize } from './scalar/resize.ts';
import { scalarWeights } from './scalar/weights.ts';
import { scalarWinogradTile } from './scalar/winograd.ts';
import { simdDots } from './simd/dots.ts';
import { type SimdTableName, variantOf } from './simd/engine.ts';
import type { SimdExports, SimdSetup } from './simd/exports.ts';
import { simdFourierTile } from './simd/fourier.ts';
import { simdGemm } from './simd/gemm.ts';
import { simdLocalResponse } from './simd/local-response.ts';
import { simdPointwise } from './simd/pointwise.ts';
import { simdPooling } from './simd/pooling.ts';
import { simdSoftmax } from './simd/softmax.ts';
import { simdWeights } from './simd/weights.ts';
import { simdWinogradTile } from './simd/winograd.ts';
import {
  type KernelTable,
  type KernelTableName,
  type TileName,
  type TileTransform,
  WINOGRAD_EDGES,
  type WinogradName,
} from './table.ts';

export const KERNEL_TABLES: readonly KernelTableName[] = ['reference', 'scalar', 'simd', 'simd-relaxed'];

/** The kernel table of a name, bound to a memory; `simd` belongs to the emitted ones. */
export function createKernelTable(name: KernelTableName, memory: Memory, simd: SimdSetup | null = null): KernelTable {
  if (name === 'reference') return referenceTable(memory);
  if (name === 'scalar') return scalarTable(memory);
  if (simd === null) throw new RangeError(`the table ${name} needs a compiled module`);
  return simdTable(name, memory, simd);
}

/** Every table starts as this one. */
function referenceTable(memory: Memory): KernelTable {
  return {
    name: 'reference',
    // The last cache is fast enough for typed arrays, the second for emitted kernels.
    blockFloats: 2_500_000,
    ...referenceGemm(memory),
    ...referencePointwise(memory),
    ...referencePooling(memory),
    ...referenceResize(memory),
    ...referenceWeights(memory),
    tile: remembered((name, r, s) => {
      if (isWinograd(name)) return referenceWinogradTile(memory, WINOGRAD_EDGES[name], r, s);
      return referenceFourierTile(memory, FOURIER_EDGES[name], r, s);
    }),
  };
}

function scalarTable(memory: Memory): KernelTable {
  return {
    ...referenceTable(memory),
    name: 'scalar',
    ...scalarGemm(memory),
    ...scalarDots(memory),
    ...scalarPointwise(memory),
    ...scalarPooling(memory),
    ...scalarResize(memory),
    ...scalarWeights(memory),
    tile: remembered((name, r, s) => {
      if (isWinograd(name)) return scalarWinogradTile(memory, WINOGRAD_EDGES[name], r, s);
      if (name === 'ft8x8' || name === 'ft16x16') return scalarFourierTile(memory, FOURIER_EDGES[name], r, s);
      return scalarFourierLargeTile(memory, FOURIER_EDGES[name], r, s);
    }),
  };
}

/** The scalar table with whatever is emitted in its place. */
function simdTable(name: SimdTableName, memory: Memory, { module, scratch }: SimdSetup): KernelTable {
  const scalar = scalarTable(memory);
  const exports = new WebAssembly.Instance(module, { env: { memory: memory.wasm as WebAssembly.Memory } })
    .exports as unknown as SimdExports;
  const bytes = scratch << 2;
  return {
    ...scalar,
    name,
    blockFloats: 600_000,
    ...simdGemm(exports, bytes, variantOf(name), scalar),
    ...simdPointwise(exports),
    ...simdWeights(exports, bytes, memory),
    ...simdSoftmax(exports),
    ...simdLocalResponse(exports, scalar),
    ...simdPooling(exports, bytes, scalar),
    ...simdDots(exports, bytes, scalar),
    tile: remembered((tile, r, s) => {
      if (isWinograd(tile))
        return simdWinogradTile(exports, bytes, WINOGRAD_EDGES[tile], r, s, scalar.tile(tile, r, s));
      if (tile !== 'ft8x8' && tile !== 'ft16x16') return scalar.tile(tile, r, s);
      return simdFourierTile(exports, bytes, FOURIER_EDGES[tile], r, s);
    }),
  };
}

function isWinograd(name: TileName): name is WinogradName {
  return name in WINOGRAD_EDGES;
}

const FOURIER_EDGES = {
  ft8x8: 8,
  ft16x16: 16,
  ft32x32: 32,
  ft64x64: 64,
  ft128x128: 128,
  ft256x256: 256,
} as const;

/** Tiles are asked for by every item of work, so each is made once. */
function remembered(make: (name: TileName, r: number, s: number) => TileTransform): KernelTable['tile'] {
  const made = new Map<TileName, Map<number, TileTransform>>();
  return (name, r, s) => {
    let ofName = made.get(name);
    if (ofName === undefined) {
      ofName = new Map();
      made.set(name, ofName);
    }
    const key = r * 1024 + s;
    let tile = ofName.get(key);
    if (tile === undefined) {
      tile = make(name, r, s);
      ofName.set(key, tile);
    }
    return tile;
  };
}
