/**
 * A module in the binary format: sections in the order of the specification, and a name section at the end, so that
 * profiles show `sgemm_4x8__simd`.
 */
import { ByteWriter, utf8 } from './bytes.ts';
import type { ValueType } from './code.ts';
import type { FinishedFunction, FunctionReference, MemoryImport, ModuleContent } from './content.ts';
import { END, encodeAll } from './encode.ts';

const SECTION = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 };
const EXTERNAL = { function: 0, memory: 2 };
const FUNCTION_TYPE = 0x60;
const VALUE_TYPE: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };
/** Subsections of the name section. */
const NAMES = { functions: 1, locals: 2 };

export function encodeModule({ memory, functions, customSections }: ModuleContent): Uint8Array<ArrayBuffer> {
  const types = [...new Map(functions.map((f) => [signature(f), f])).values()];
  const typeIndices = new Map(types.map((f, index) => [signature(f), index]));
  const writer = new ByteWriter();
  writer.raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]); // \0asm, version 1
  list(writer, SECTION.type, types, typeEntry);
  list(writer, SECTION.import, memory === undefined ? [] : [memory], importEntry);
  list(writer, SECTION.function, functions, (f, content) => content.u32(typeIndices.get(signature(f)) as number));
  const exported = functions.filter((f) => f.export);
  list(writer, SECTION.export, exported, exportEntry);
  list(writer, SECTION.code, functions, (f, content) => content.sized(functionBody(f)));
  for (const { name, text } of customSections) {
    section(writer, SECTION.custom, (content) => {
      content.text(name);
      content.raw(utf8(text));
    });
  }
  section(writer, SECTION.custom, (content) => nameEntries(functions, content));
  return writer.finish();
}

function section(writer: ByteWriter, id: number, fill: (content: ByteWriter) => void): void {
  const content = new ByteWriter();
  fill(content);
  writer.byte(id);
  writer.sized(content.finish());
}

/** A section that is one list. An empty one is left out. */
function list<T>(
  writer: ByteWriter,
  id: number,
  items: readonly T[],
  write: (item: T, content: ByteWriter) => void,
): void {
  if (items.length > 0) section(writer, id, (content) => content.list(items, (item) => write(item, content)));
}

const signature = ({ parameters, results }: FunctionReference): string => `${parameters} -> ${results}`;

function typeEntry({ parameters, results }: FunctionReference, content: ByteWriter): void {
  content.byte(FUNCTION_TYPE);
  content.list(parameters, (type) => content.byte(VALUE_TYPE[type]));
  content.list(results, (type) => content.byte(VALUE_TYPE[type]));
}

function importEntry({ module, name, initial, maximum, shared }: MemoryImport, content: ByteWriter): void {
  content.text(module);
  content.text(name);
  content.byte(EXTERNAL.memory);
  content.byte(shared ? 3 : 1); // 1: there is a maximum; 2: shared
  content.u32(initial);
  content.u32(maximum);
}

function exportEntry({ name, index }: FunctionReference, content: ByteWriter): void {
  content.text(name);
  content.byte(EXTERNAL.function);
  content.u32(index);
}

/** Locals as runs of one type, then the code. */
function functionBody({ locals, parameters, statements }: FinishedFunction): Uint8Array {
  const runs: { type: ValueType; length: number }[] = [];
  for (let i = parameters.length; i < locals.length; i++) {
    const { type } = locals[i];
    const last = runs[runs.length - 1];
    if (last?.type === type) last.length++;
    else runs.push({ type, length: 1 });
  }
  const body = new ByteWriter();
  body.list(runs, ({ type, length }) => {
    body.u32(length);
    body.byte(VALUE_TYPE[type]);
  });
  encodeAll(statements, [], body);
  body.byte(END);
  return body.finish();
}

/** The functions' names, and those of their parameters. */
function nameEntries(functions: readonly FinishedFunction[], content: ByteWriter): void {
  content.text('name');
  section(content, NAMES.functions, (names) => names.list(functions, nameEntry(names)));
  section(content, NAMES.locals, (names) => {
    // Parameters come first, and have names.
    names.list(functions, ({ index, locals, parameters }) => {
      names.u32(index);
      names.list(locals.slice(0, parameters.length) as { index: number; name: string }[], nameEntry(names));
    });
  });
}

function nameEntry(content: ByteWriter): (entry: { index: number; name: string }) => void {
  return ({ index, name }) => {
    content.u32(index);
    content.text(name);
  };
}
