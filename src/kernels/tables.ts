import { hasProgram } from '../maths/fourier-program.ts';
import type { Memory } from '../tensor/memory.ts';
import { kernelNumbers } from './numbers.ts';
import { referenceArithmetic } from './reference/arithmetic.ts';
import { referenceFourierTile } from './reference/fourier.ts';
import { referenceGates } from './reference/gates.ts';
import { referenceGemm } from './reference/gemm.ts';
import { referencePointwise } from './reference/pointwise.ts';
import { referencePooling } from './reference/pooling.ts';
import { referenceResize } from './reference/resize.ts';
import { referenceWeights } from './reference/weights.ts';
import { referenceWinogradTile } from './reference/winograd.ts';
import { remembered } from './remembered.ts';
import { scalarArithmetic } from './scalar/arithmetic.ts';
import { scalarDots } from './scalar/dots.ts';
import { scalarFourierTile } from './scalar/fourier.ts';
import { scalarFourierLargeTile } from './scalar/fourier-large.ts';
import { scalarGates } from './scalar/gates.ts';
import { scalarGemm } from './scalar/gemm.ts';
import { scalarPointwise } from './scalar/pointwise.ts';
import { scalarPooling } from './scalar/pooling.ts';
import { scalarResize } from './scalar/resize.ts';
import { scalarWeights } from './scalar/weights.ts';
import { scalarWinogradTile } from './scalar/winograd.ts';
import { simdArithmetic } from './simd/arithmetic.ts';
import { simdDots } from './simd/dot-products.ts';
import { type SimdTableName, variantOf } from './simd/engine.ts';
import type { SimdSetup } from './simd/exports.ts';
import { simdFourierTile } from './simd/fourier.ts';
import { simdGates } from './simd/gates.ts';
import { simdGemm } from './simd/gemm.ts';
import { simdLocalResponse } from './simd/local-response.ts';
import type { KernelExports } from './simd/module.ts';
import { simdPointwise } from './simd/pointwise.ts';
import { simdPooling } from './simd/pooling.ts';
import { simdSoftmax } from './simd/softmax.ts';
import { simdWeights } from './simd/weights.ts';
import { simdWinogradTile } from './simd/winograd.ts';
import type { KernelTable, KernelTableName } from './table.ts';

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
    ...kernelNumbers('reference'),
    ...referenceGemm(memory),
    ...referencePointwise(memory),
    ...referenceArithmetic(memory),
    ...referenceGates(memory),
    ...referencePooling(memory),
    ...referenceResize(memory),
    ...referenceWeights(memory),
    tile: remembered((tile, r, s) => {
      if (tile.family === 'winograd') return referenceWinogradTile(memory, tile.edge, r, s);
      return referenceFourierTile(memory, tile.edge, r, s);
    }),
  };
}

function scalarTable(memory: Memory): KernelTable {
  return {
    ...referenceTable(memory),
    ...kernelNumbers('scalar'),
    ...scalarGemm(memory),
    ...scalarDots(memory),
    ...scalarPointwise(memory),
    ...scalarArithmetic(memory),
    ...scalarGates(memory),
    ...scalarPooling(memory),
    ...scalarResize(memory),
    ...scalarWeights(memory),
    tile: remembered((tile, r, s) => {
      if (tile.family === 'winograd') return scalarWinogradTile(memory, tile.edge, r, s);
      if (hasProgram(tile.edge)) return scalarFourierTile(memory, tile.edge, r, s);
      return scalarFourierLargeTile(memory, tile.edge, r, s);
    }),
  };
}

/** The scalar table, with emitted kernels in the place of those that they replace. */
function simdTable(name: SimdTableName, memory: Memory, { module, scratch }: SimdSetup): KernelTable {
  const scalar = scalarTable(memory);
  const exports = new WebAssembly.Instance(module, { env: { memory: memory.wasm as WebAssembly.Memory } })
    .exports as KernelExports;
  const bytes = scratch << 2;
  return {
    ...scalar,
    ...kernelNumbers(name),
    ...simdGemm(exports, bytes, variantOf(name), scalar),
    ...simdPointwise(exports),
    ...simdArithmetic(exports),
    ...simdGates(exports),
    ...simdWeights(exports, bytes, memory),
    ...simdSoftmax(exports),
    ...simdLocalResponse(exports, scalar),
    ...simdPooling(exports, bytes, scalar),
    ...simdDots(exports, bytes, scalar),
    tile: remembered((tile, r, s) => {
      if (tile.family === 'winograd') return simdWinogradTile(exports, bytes, tile.edge, r, s);
      if (hasProgram(tile.edge)) return simdFourierTile(exports, bytes, tile.edge, r, s);
      return scalar.tile(tile.name, r, s);
    }),
  };
}
