/**
 * The types of engines that declarations of this package name. A project without the DOM's or Node's types has none of them, and
 * could not read the declarations; where there are such types, these add nothing.
 */
declare global {
  namespace WebAssembly {
    interface Module {}
    interface Memory {}
  }
  interface AbortSignal {}
  interface URL {}
  interface Worker {}
}

/** By these names, declarations find what is above. */
export type WasmModule = WebAssembly.Module;
export type WasmMemory = WebAssembly.Memory;
export type Signal = AbortSignal;
export type Address = URL;
export type WebWorker = Worker;
