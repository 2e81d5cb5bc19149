/** A module: functions over one imported memory. The same calls give the same bytes. */
import { show } from '../errors.ts';
import { encodeModule } from './binary.ts';
import { expectInteger, fail, type Local, type ValueType } from './code.ts';
import type { CustomSection, FinishedFunction, FunctionReference, MemoryImport } from './content.ts';
import { FunctionBuilder } from './function.ts';
import { moduleText } from './text.ts';

export interface FunctionOptions {
  /** Exported under its own name. */
  readonly export?: boolean;
}

type Locals<Parameters extends Record<string, ValueType>> = { [Name in keyof Parameters]: Local<Parameters[Name]> };

export class Module {
  memory: MemoryImport | undefined;
  readonly functions: FinishedFunction[] = [];
  readonly customSections: CustomSection[] = [];
  private readonly names = new Set<string>();

  importMemory(module: string, name: string, limits: Omit<MemoryImport, 'module' | 'name'>): void {
    if (this.memory !== undefined) fail('importMemory', 'the module has its memory already');
    expectInteger(limits.maximum, 0, 65536, 'importMemory', 'maximum');
    expectInteger(limits.initial, 0, limits.maximum, 'importMemory', 'initial');
    this.memory = { module, name, ...limits };
  }

  /**
   * A function, of which `body` emits the statements. With a result, its last statement is `f.return(value)`.
   *
   * @example
   * module.function('scale', { x: 'i32', factor: 'f32' }, [], (f, { x, factor }) => {
   *   f.emit(f32.store(x, f32.mul(f32.load(x), factor)));
   * }, { export: true });
   */
  function<
    const Name extends string,
    const Parameters extends Record<string, ValueType>,
    const Result extends ValueType = never,
  >(
    name: Name,
    parameters: Parameters,
    results: readonly [] | readonly [Result],
    body: (f: FunctionBuilder, parameters: Locals<Parameters>) => void,
    { export: isExported = false }: FunctionOptions = {},
  ): FunctionReference<Result, keyof Parameters & string, Name> {
    if (this.names.has(expectName(name))) fail('module.function', `'${name}' is there already`);
    const f = new FunctionBuilder(name, results);
    // Without a prototype, so that `__proto__` is a name like any other.
    const given: Record<string, Local> = Object.create(null);
    for (const key of Object.keys(parameters)) given[key] = f.addLocal(parameters[key], expectName(key));
    body(f, given as Locals<Parameters>);
    const { locals, statements } = f;
    if (results.length > 0 && statements.at(-1)?.instruction.name !== 'return') {
      fail(name, `its last statement must be f.return(${results[0]})`);
    }
    const parameterNames = Object.keys(parameters) as (keyof Parameters & string)[];
    const index = this.functions.length;
    const reference = { name, index, parameters: Object.values(parameters), parameterNames, results };
    this.names.add(name);
    this.functions.push({ ...reference, locals, statements, export: isExported });
    return reference;
  }

  /** A section that engines pass over; the text format has none of them. */
  custom(name: string, text: string): void {
    this.customSections.push({ name, text });
  }

  /** The module in the binary format. */
  encode(): Uint8Array<ArrayBuffer> {
    return encodeModule(this);
  }

  /** The module in the text format, for reading; an assembler makes the same code of it. */
  toText(): string {
    return moduleText(this);
  }
}

/** A word that the text format takes, and that is no number: those would not keep their place among an object's keys. */
function expectName(name: string): string {
  if (/^[a-z_]\w*$/i.test(name)) return name;
  return fail('module.function', `expected a name of letters, digits and _, got ${show(name)}`);
}
