/** What is known of each kernel table without a memory, from which error bounds, layouts and estimates are made. */
import type { FourierTileSize } from '../maths/fourier-layout.ts';
import { hasProgram } from '../maths/fourier-program.ts';
import { type TileName, tileNamed, type WinogradEdge } from '../maths/tiles.ts';
import { REFERENCE_DEPTHWISE } from './reference/depthwise.ts';
import { REFERENCE_FOURIER_UNITS } from './reference/fourier.ts';
import { REFERENCE_GEMM } from './reference/gemm.ts';
import { REFERENCE_WINOGRAD_UNITS } from './reference/winograd.ts';
import { remembered } from './remembered.ts';
import { SCALAR_DEPTHWISE } from './scalar/depthwise.ts';
import { SCALAR_FOURIER_UNITS } from './scalar/fourier.ts';
import { SCALAR_LARGE_UNITS } from './scalar/fourier-large.ts';
import { SCALAR_GEMM } from './scalar/gemm.ts';
import { SCALAR_WINOGRAD_UNITS } from './scalar/winograd.ts';
import { simdDepthwiseNumbers } from './simd/depthwise.ts';
import { refuseSimd, type SimdTableName, variantOf } from './simd/engine.ts';
import { SIMD_FOURIER_UNITS, simdFourierNumbers } from './simd/fourier.ts';
import { simdGemmNumbers } from './simd/gemm.ts';
import { SIMD_WINOGRAD_UNITS, simdWinogradNumbers } from './simd/winograd.ts';
import type { KernelNumbers, KernelTableName, TileNumbers, TileUnits } from './table.ts';
import { fourierSizes, winogradSizes } from './tile-sizes.ts';

/** The numbers of a table by its name, the same ones each time. */
export function kernelNumbers(name: KernelTableName): KernelNumbers {
  const numbers = known.get(name) ?? numbersOf(name);
  known.set(name, numbers);
  return numbers;
}

const known = new Map<KernelTableName, KernelNumbers>();

function numbersOf(name: KernelTableName): KernelNumbers {
  if (name === 'reference') return referenceNumbers();
  return name === 'scalar' ? scalarNumbers() : simdNumbers(name);
}

/** The name of the fastest table that this engine runs. */
export function fastestTable(): KernelTableName {
  const emitted: readonly SimdTableName[] = ['simd-relaxed', 'simd'];
  return emitted.find((name) => refuseSimd(name) === null) ?? 'scalar';
}

/** Units that do not count: typed arrays are too slow for a cache, or the order of tiles, to make a difference. */
const NOT_FELT = { byChannels: 1, cacheBytes: Infinity, spilledBytesPerNanosecond: Infinity };

/** Transforms that work in double between reading and writing float32. */
const IN_DOUBLE = { wholeRows: false, roundings: () => ({ input: 1, kernel: 1, output: 1 }) };

const numbersInDouble = remembered((tile, r, s): TileNumbers => {
  const sizes = tile.family === 'winograd' ? winogradSizes(tile.edge, r, s) : fourierSizes(tile.edge, r, s);
  return { ...sizes, ...IN_DOUBLE };
});

function referenceNumbers(): KernelNumbers {
  return {
    name: 'reference',
    ...REFERENCE_GEMM,
    ...REFERENCE_DEPTHWISE,
    // The last cache is fast enough for typed arrays, the second for emitted kernels.
    blockFloats: 2_500_000,
    units: { ...NOT_FELT, copy: 5, bytesPerNanosecond: 8 },
    tileNumbers: numbersInDouble,
    tileUnits: unitsOf(REFERENCE_WINOGRAD_UNITS, REFERENCE_FOURIER_UNITS),
  };
}

function scalarNumbers(): KernelNumbers {
  return {
    ...referenceNumbers(),
    name: 'scalar',
    ...SCALAR_GEMM,
    ...SCALAR_DEPTHWISE,
    units: { ...NOT_FELT, copy: 0.7, bytesPerNanosecond: 8 },
    tileUnits: unitsOf(SCALAR_WINOGRAD_UNITS, { ...SCALAR_FOURIER_UNITS, ...SCALAR_LARGE_UNITS }),
  };
}

function simdNumbers(name: SimdTableName): KernelNumbers {
  return {
    name,
    ...simdGemmNumbers(variantOf(name)),
    ...simdDepthwiseNumbers(name === 'simd-relaxed' ? 0.045 : 0.06),
    blockFloats: 600_000,
    units: { byChannels: 1.5, copy: 0.2, bytesPerNanosecond: 16, cacheBytes: 4e6, spilledBytesPerNanosecond: 5 },
    tileNumbers: remembered((tile, r, s) => {
      if (tile.family === 'winograd') return simdWinogradNumbers(tile.edge, r, s);
      return hasProgram(tile.edge) ? simdFourierNumbers(tile.edge, r, s) : numbersInDouble(tile.name, r, s);
    }),
    tileUnits: unitsOf(SIMD_WINOGRAD_UNITS, { ...SIMD_FOURIER_UNITS, ...SCALAR_LARGE_UNITS }),
  };
}

function unitsOf(
  winograd: Readonly<Record<WinogradEdge, TileUnits>>,
  fourier: Readonly<Record<FourierTileSize, TileUnits>>,
): (name: TileName) => TileUnits {
  return (name) => {
    const tile = tileNamed(name);
    return tile.family === 'winograd' ? winograd[tile.edge] : fourier[tile.edge];
  };
}
