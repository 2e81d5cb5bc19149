/** What a module holds when it is written out, as bytes or as text. */
import type { Local, Statement, ValueType } from './code.ts';

export interface MemoryImport {
  readonly module: string;
  readonly name: string;
  /** Pages of 64 KiB: the memory given has at least `initial` of them and may grow to `maximum` at most. */
  readonly initial: number;
  readonly maximum: number;
  readonly shared: boolean;
}

/** A function of the module, to call; its type knows its name and those of its parameters. */
export interface FunctionReference<
  Result extends ValueType = ValueType,
  Parameter extends string = string,
  Name extends string = string,
> {
  readonly name: Name;
  readonly index: number;
  readonly parameters: readonly ValueType[];
  readonly parameterNames: readonly Parameter[];
  readonly results: readonly Result[];
}

export interface FinishedFunction extends FunctionReference {
  /** The parameters, then the others. */
  readonly locals: readonly Local[];
  readonly statements: readonly Statement[];
  readonly export: boolean;
}

/** A section that engines pass over, for whoever reads the module. */
export interface CustomSection {
  readonly name: string;
  readonly text: string;
}

export interface ModuleContent {
  readonly memory: MemoryImport | undefined;
  readonly customSections: readonly CustomSection[];
  readonly functions: readonly FinishedFunction[];
}
