/** What the emitted module gives, bound to one memory and one thread. */
import type { WasmModule } from '../../globals.ts';

/**
 * The part of the assembler's reference to a function that is needed here. Contexts name this file, and their
 * declarations must not name the assembler.
 */
interface Definition {
  readonly name: string;
  readonly parameterNames: readonly string[];
  readonly results: readonly string[];
}

/** A function that defines exported functions in a module, and returns them. */
type Emit = (...given: never[]) => readonly Definition[];

/**
 * The functions that `Emit` defines, by their names, each with as many parameters as its definition has: WebAssembly
 * takes a missing argument for zero, and finds a misspelt name only at the call. Addresses are bytes, as 32-bit numbers
 * of any sign.
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

/** Any one name of a union: the compiler infers the last of overloads. */
type OneOf<Names> = Overloads<Names> extends () => infer Name ? Name : never;

type Overloads<Names> = (Names extends unknown ? (take: () => Names) => void : never) extends (take: infer All) => void
  ? All
  : never;

/** The functions that `Emit` defines, which are emitted and compiled when this is first called. */
export type Load<E extends Emit> = () => SimdExports<E>;

/** Modules by their tables and families. */
export type Modules = Record<string, WasmModule>;

/** What emitted kernels need besides a memory. */
export interface SimdSetup {
  /** Modules that are compiled already (./modules.ts); all others are made when they are needed. */
  readonly modules: Modules;
  /** Where a thread's own scratch begins, in elements of the memory; that of the first thread for a whole pool. */
  readonly scratch: number;
}

/** What each thread has for itself: strips and panels that live for one call. */
export const SCRATCH_BYTES = 256 * 1024;
