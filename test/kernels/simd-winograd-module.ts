import { SCRATCH_BYTES, type SimdExports } from '../../src/kernels/simd/exports.ts';
import { emitWinograd, simdWinogradTile } from '../../src/kernels/simd/winograd.ts';
import type { TileTransform } from '../../src/kernels/table.ts';
import type { WinogradEdge } from '../../src/maths/tiles.ts';
import type { Memory } from '../../src/tensor/memory.ts';
import { Module } from '../../src/wasm/index.ts';

/** The emitted Winograd transforms by themselves, as bytes. */
export function winogradModule(isFused = false): Uint8Array<ArrayBuffer> {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65536, shared: true });
  emitWinograd(module, isFused);
  return module.encode();
}

export interface SimdWinograd {
  /** The words that are free for data: all but the scratch, which follows on them. */
  readonly memory: Memory;
  /** All NaN, the scratch too. */
  poison(): void;
  tile(tile: WinogradEdge, r: number, s: number): TileTransform;
}

/** The transforms bound to a memory of `words`, of which those before `first` are not touched; `isFused` wants relaxed SIMD. */
export function simdWinograd(words: number, first = 0, isFused = false): SimdWinograd {
  const scratch = 64 * Math.ceil(words / 16);
  const pages = Math.ceil((scratch + SCRATCH_BYTES) / 65536);
  const wasm = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(winogradModule(isFused)), {
    env: { memory: wasm },
  });
  const f32 = new Float32Array(wasm.buffer);
  const memory = { f32: f32.subarray(0, words), i32: new Int32Array(wasm.buffer), u16: new Uint16Array(wasm.buffer) };
  return {
    memory,
    poison: () => f32.fill(Number.NaN, first),
    tile: (tile, r, s) => simdWinogradTile(exports as unknown as SimdExports<typeof emitWinograd>, scratch, tile, r, s),
  };
}
