/**
 * The bytes that kernels and threads share, seen as the kinds of number that kernels read. Every offset that a kernel
 * takes is an element index into one of these views.
 *
 * The views are replaced, never resized, when the memory grows: a kernel reads them afresh at its start, and views that
 * are already held stay valid. All of one kind have one hidden class, because a kernel that has met two kinds of array
 * is several times slower for the rest of the process.
 */
import type { WasmMemory } from '../globals.ts';
export interface Memory {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
  /** The same bytes as WebAssembly code sees them; null where they are no WebAssembly memory. */
  readonly wasm?: WasmMemory | null;
}
