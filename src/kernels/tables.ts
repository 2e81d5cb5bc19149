import { hasProgram } from '../maths/fourier-program.ts';
import { viewsOf } from '../tensor/bytes.ts';
import type { Memory } from '../tensor/memory.ts';
import { kernelNumbers } from './numbers.ts';
import { referenceArithmetic } from './reference/arithmetic.ts';
import { referenceDepthwise } from './reference/depthwise.ts';
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
import { scalarDepthwise } from './scalar/depthwise.ts';
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
import { simdDepthwise } from './simd/depthwise.ts';
import { simdDots } from './simd/dot-products.ts';
import { isWide, narrowTwin, type SimdTableName, variantOf } from './simd/engine.ts';
import { type Modules, SCRATCH_BYTES, type SimdSetup } from './simd/exports.ts';
import { FAMILY_NAMES, type FamilyName } from './simd/families.ts';
import { simdFourierTile } from './simd/fourier.ts';
import { simdGates } from './simd/gates.ts';
import { simdGemm } from './simd/gemm.ts';
import { simdLocalResponse } from './simd/local-response.ts';
import { isShared, type Loader, loaderOf } from './simd/modules.ts';
import { simdPointwise } from './simd/pointwise.ts';
import { simdPooling } from './simd/pooling.ts';
import { simdSoftmax } from './simd/softmax.ts';
import { simdWeights } from './simd/weights.ts';
import { simdWinogradTile } from './simd/winograd.ts';
import type { KernelTable, KernelTableName } from './table.ts';
import { givesTheSame, isWideFamily, TRIAL_FLOATS } from './twins.ts';

/** The kernel table of a name, bound to a memory; `simd` belongs to the emitted ones. */
export function createKernelTable(name: KernelTableName, memory: Memory, simd: SimdSetup | null = null): KernelTable {
  if (name === 'reference') return referenceTable(memory);
  if (name === 'scalar') return scalarTable(memory);
  if (simd === null) throw new RangeError(`the table ${name} needs a compiled module`);
  return simdTable(name, memory, simd.scratch, checkedLoader(name, memory.wasm as WebAssembly.Memory, simd.modules));
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
    ...referenceDepthwise(memory),
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
    ...scalarDepthwise(memory),
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
function simdTable(name: SimdTableName, memory: Memory, scratch: number, load: Loader): KernelTable {
  const scalar = scalarTable(memory);
  const bytes = scratch << 2;
  // What every layer needs; a thread that cannot have it must find out before it takes part.
  load('pointwise');
  return {
    ...scalar,
    ...kernelNumbers(name),
    ...simdGemm(
      () => load('products'),
      () => load('indirectProducts'),
      bytes,
      variantOf(name),
      scalar,
    ),
    ...simdPointwise(() => load('pointwise')),
    ...simdArithmetic(() => load('arithmetic')),
    ...simdGates(() => load('gates')),
    ...simdWeights(() => load('weights'), bytes, memory),
    ...simdSoftmax(() => load('softmax')),
    ...simdLocalResponse(() => load('localResponse'), scalar),
    ...simdPooling(() => load('pooling'), bytes, scalar),
    ...simdDepthwise(() => load('depthwise'), scalar),
    ...simdDots(
      () => load('dots'),
      () => load('halfDots'),
      bytes,
      scalar,
    ),
    tile: remembered((tile, r, s) => {
      const { edge } = tile;
      if (tile.family === 'winograd') return simdWinogradTile(load(`winograd${tile.edge}`), bytes, tile.edge, r, s);
      if (hasProgram(edge)) return simdFourierTile(load(`fourier${edge}`), bytes, edge, r, s);
      return scalar.tile(tile.name, r, s);
    }),
  };
}

/** The families of a wide table; in the place of one that differs from its narrow twin stands that twin. */
function checkedLoader(name: SimdTableName, memory: WebAssembly.Memory, modules: Modules): Loader {
  const narrow = loaderOf(narrowTwin(name), memory, modules);
  if (!isWide(name)) return narrow;
  const wide = loaderOf(name, memory, modules);
  // Every call of a kernel asks, so what was found is kept.
  const chosen: { [family: string]: Loader } = {};
  return (family) => {
    chosen[family] ??= isWideFamily(family) && isLikeItsTwin(name, family, memory, modules) ? wide : narrow;
    return chosen[family](family);
  };
}

/** Families that this thread has compared, by table. */
const compared = new Map<string, boolean>();

function isLikeItsTwin(name: SimdTableName, family: FamilyName, used: WebAssembly.Memory, modules: Modules): boolean {
  const key = `${name} ${family}`;
  const known = compared.get(key);
  if (known !== undefined) return known;
  const floats = SCRATCH_BYTES / 4;
  const pages = Math.ceil((4 * (floats + TRIAL_FLOATS)) / 65_536) + 1;
  const shared = isShared(used);
  const wasm = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  const memory: Memory = { ...viewsOf(wasm), wasm };
  const [wide, narrow] = [name, narrowTwin(name)].map((each) =>
    simdTable(each, memory, 0, loaderOf(each, wasm, modules)),
  );
  const isLike = givesTheSame(family, [wide, narrow], memory, floats);
  compared.set(key, isLike);
  return isLike;
}

/** Families that were switched off in this thread because they gave other bits than their twins. */
export function familiesSwitchedOff(name: SimdTableName): FamilyName[] {
  return FAMILY_NAMES.filter((family) => compared.get(`${name} ${family}`) === false);
}
