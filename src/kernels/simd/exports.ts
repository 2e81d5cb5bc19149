/** What the emitted module gives, bound to one memory and one thread. */

/** The exported functions by name; addresses are bytes, as 32-bit numbers of any sign. */
export type SimdExports = Readonly<Record<string, (...numbers: number[]) => number>>;

/** What emitted kernels need besides a memory. */
export interface SimdSetup {
  readonly module: WebAssembly.Module;
  /** Where a thread's own scratch begins, in elements of the memory; that of the first thread for a whole pool. */
  readonly scratch: number;
}

/** What each thread has for itself: strips and panels that live for one call. */
export const SCRATCH_BYTES = 256 * 1024;
