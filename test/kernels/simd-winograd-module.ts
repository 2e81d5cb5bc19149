import { remembered } from '../../src/kernels/remembered.ts';
import { SCRATCH_BYTES, type SimdExports } from '../../src/kernels/simd/exports.ts';
import { emitWinograd, simdWinogradTile } from '../../src/kernels/simd/winograd.ts';
import type { Style } from '../../src/kernels/simd/winograd-vectors.ts';
import type { TileTransform } from '../../src/kernels/table.ts';
import { type WinogradEdge, winogradTile } from '../../src/maths/tiles.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { Module } from '../../src/wasm/index.ts';

/** The emitted Winograd transforms of a tile by themselves, as bytes. */
export function winogradModule(edge: WinogradEdge, style: Style = PLAIN): Uint8Array<ArrayBuffer> {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65536, shared: true });
  emitWinograd(module, edge, style);
  return module.encode();
}

export interface SimdWinograd {
  /** The words that are free for data: all but the scratch, which follows on them. */
  readonly memory: Memory;
  /** All NaN, the scratch too. */
  poison(): void;
  tile(tile: WinogradEdge, r: number, s: number): TileTransform;
}

const PLAIN: Style = { isFused: false, abreast: 1 };

/** The transforms bound to a memory of `words`, of which those before `first` are not touched; fused ones want relaxed SIMD. */
export function simdWinograd(words: number, first = 0, style: Style = PLAIN): SimdWinograd {
  const scratch = 64 * Math.ceil(words / 16);
  const pages = Math.ceil((scratch + SCRATCH_BYTES) / 65536);
  const wasm = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const exportsOf = remembered(({ edge }) => {
    const module = new WebAssembly.Module(winogradModule(edge as WinogradEdge, style));
    const { exports } = new WebAssembly.Instance(module, { env: { memory: wasm } });
    return exports as unknown as SimdExports<typeof emitWinograd>;
  });
  const f32 = new Float32Array(wasm.buffer);
  const memory = { f32: f32.subarray(0, words), i32: new Int32Array(wasm.buffer), u16: new Uint16Array(wasm.buffer) };
  return {
    memory,
    poison: () => f32.fill(Number.NaN, first),
    tile: (edge, r, s) => simdWinogradTile(exportsOf(winogradTile(edge).name, 0, 0), scratch, edge, r, s),
  };
}
