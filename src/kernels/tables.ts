import type { Memory } from '../tensor/memory.ts';
import { referenceFourierTile } from './reference/fourier.ts';
import { referenceGemm } from './reference/gemm.ts';
import { referencePointwise } from './reference/pointwise.ts';
import { referencePooling } from './reference/pooling.ts';
import { referenceResize } from './reference/resize.ts';
import { referenceWinogradTile } from './reference/winograd.ts';
import { scalarDots } from './scalar/dots.ts';
import { scalarFourierTile } from './scalar/fourier.ts';
import { scalarFourierLargeTile } from './scalar/fourier-large.ts';
import { scalarGemm } from './scalar/gemm.ts';
import { scalarPointwise } from './scalar/pointwise.ts';
import { scalarPooling } from './scalar/pooling.ts';
import { scalarResize } from './scalar/resize.ts';
import { scalarWinogradTile } from './scalar/winograd.ts';
import type { KernelTable, KernelTableFactory, KernelTableName, TileName, TileTransform } from './table.ts';

const FACTORIES: Record<KernelTableName, KernelTableFactory> = { reference: referenceTable, scalar: scalarTable };

export const KERNEL_TABLES = Object.keys(FACTORIES) as KernelTableName[];

/** The kernel table of a name, bound to a memory. */
export function createKernelTable(name: KernelTableName, memory: Memory): KernelTable {
  return FACTORIES[name](memory);
}

/** Every table starts as this one. */
function referenceTable(memory: Memory): KernelTable {
  return {
    name: 'reference',
    ...referenceGemm(memory),
    ...referencePointwise(memory),
    ...referencePooling(memory),
    ...referenceResize(memory),
    tile: remembered((name, r, s) => {
      if (name === 'wt6x6') return referenceWinogradTile(memory, 6, r, s);
      if (name === 'wt8x8') return referenceWinogradTile(memory, 8, r, s);
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
    tile: remembered((name, r, s) => {
      if (name === 'wt6x6') return scalarWinogradTile(memory, 6, r, s);
      if (name === 'wt8x8') return scalarWinogradTile(memory, 8, r, s);
      if (name === 'ft8x8' || name === 'ft16x16') return scalarFourierTile(memory, FOURIER_EDGES[name], r, s);
      return scalarFourierLargeTile(memory, FOURIER_EDGES[name], r, s);
    }),
  };
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
