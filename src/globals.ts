/**
 * The types of engines that declarations of this package name. A project without the DOM's or Node's types has none of them, and
 * could not read the declarations; where there are such types, these add nothing.
 */
export {};

declare global {
  namespace WebAssembly {
    interface Module {}
    interface Memory {}
  }
  interface AbortSignal {}
  interface URL {}
  interface Worker {}
}
