/** What the emitted module gives, bound to one memory and one thread. */

/** What the assembler's reference to a function says of it; contexts name this file, and no declaration of theirs the assembler. */
interface Definition {
  readonly name: string;
  readonly parameterNames: readonly string[];
  readonly results: readonly string[];
}

/** What defines exported functions in a module, and gives them. */
type Emit = (...given: never[]) => readonly Definition[];

/**
 * The functions that `Emit` defines, by their names, each with as many parameters as its definition has: to WebAssembly one
 * too few is a zero, and a name misspelt is found when it is called. Addresses are bytes, as 32-bit numbers of any sign.
 */
export type SimdExports<E extends Emit> = {
  readonly [F in ReturnType<E>[number] as F['name']]: (
    ...numbers: NumberFor<F['parameterNames'][number]>
  ) => F['results'][number] extends never ? void : number;
};

/** As many numbers as there are names. */
type NumberFor<Names, Found extends readonly number[] = []> = [Names] extends [never]
  ? Found
  : NumberFor<Exclude<Names, OneOf<Names>>, [...Found, number]>;

/** One name of a union, whichever: of overloads, the compiler infers the last. */
type OneOf<Names> = Overloads<Names> extends () => infer Name ? Name : never;

type Overloads<Names> = (Names extends unknown ? (take: () => Names) => void : never) extends (take: infer All) => void
  ? All
  : never;

/** What emitted kernels need besides a memory. */
export interface SimdSetup {
  readonly module: WebAssembly.Module;
  /** Where a thread's own scratch begins, in elements of the memory; that of the first thread for a whole pool. */
  readonly scratch: number;
}

/** What each thread has for itself: strips and panels that live for one call. */
export const SCRATCH_BYTES = 256 * 1024;
