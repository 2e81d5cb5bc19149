/**
 * Trees to WebAssembly's text format, folded: an operation is `(name immediates operands…)`, as it was written. A line
 * that grows too long has its operands on lines of their own.
 */
import { floatBytes } from './bytes.ts';
import { Block, type Code, type Local } from './code.ts';
import type { FinishedFunction, MemoryImport, ModuleContent } from './content.ts';

const WIDTH = 110;

export function moduleText({ memory, functions }: ModuleContent): string {
  const parts = [
    ...(memory === undefined ? [] : [memoryText(memory)]),
    ...functions.map((f) => functionText(f, functions)),
  ];
  return `(module\n${parts.join('\n\n')}\n)\n`;
}

function memoryText({ module, name, initial, maximum, shared }: MemoryImport): string {
  return `  (import "${module}" "${name}" (memory ${initial} ${maximum}${shared ? ' shared' : ''}))`;
}

function functionText(f: FinishedFunction, functions: readonly FinishedFunction[]): string {
  const others = f.locals.slice(f.parameters.length);
  const head = [
    `func $${f.name}`,
    ...(f.export ? [`(export "${f.name}")`] : []),
    ...f.parameters.map((type, index) => `(param $${f.locals[index].name} ${type})`),
    ...f.results.map((type) => `(result ${type})`),
  ].join(' ');
  const names: Names = { locals: f.locals, functions };
  const lines = [
    ...(others.length === 0 ? [] : [`    (local ${others.map(({ type }) => type).join(' ')})`]),
    ...f.statements.flatMap((statement) => textLines(statement, names, '    ')),
  ];
  return [`  (${head}`, ...lines, '  )'].join('\n');
}

interface Names {
  readonly locals: readonly Local[];
  readonly functions: readonly FinishedFunction[];
}

function textLines(code: Code, names: Names, indent: string): string[] {
  if (code instanceof Block) return blockLines(code, names, indent);
  const line = indent + oneLine(code, names);
  if (line.length <= WIDTH || code.operands.length === 0) return [line];
  const operands = code.operands.flatMap((operand) => textLines(operand, names, `${indent}  `));
  return [`${indent}(${head(code, names)}`, ...operands.slice(0, -1), `${operands.at(-1)})`];
}

function blockLines(block: Block, names: Names, indent: string): string[] {
  const { instruction, immediates, operands, body, otherwise } = block;
  const inner = `${indent}  `;
  const linesOf = (statements: readonly Code[], at: string) => statements.flatMap((code) => textLines(code, names, at));
  const opening = `${indent}(${instruction.name} ${labelName(immediates[0])}`;
  if (instruction.name !== 'if') return [opening, ...linesOf(body, inner), `${indent})`];
  const branch = (name: string, statements: readonly Code[]) => [
    `${inner}(${name}`,
    ...linesOf(statements, `${inner}  `),
    `${inner})`,
  ];
  return [
    opening,
    ...linesOf(operands, inner),
    ...branch('then', body),
    ...(otherwise.length > 0 ? branch('else', otherwise) : []),
    `${indent})`,
  ];
}

function oneLine(code: Code, names: Names): string {
  const operands = code.operands.map((operand) => ` ${oneLine(operand, names)}`);
  return `(${head(code, names)}${operands.join('')})`;
}

const head = (code: Code, names: Names): string => [code.instruction.name, ...immediateTexts(code, names)].join(' ');

function immediateTexts({ instruction, immediates }: Code, { locals, functions }: Names): (string | number)[] {
  const [first] = immediates;
  switch (instruction.immediate) {
    case 'none':
    case 'memory index':
      return [];
    case 'memory':
      return offsetText(first);
    case 'memory lane':
      return [...offsetText(first), immediates[1]];
    case 'lanes':
      return [...immediates];
    case 'bytes':
      return vectorText(immediates);
    case 'i32':
      return [first];
    case 'f32':
    case 'f64':
      return [floatText(first)];
    case 'local':
      return [localName(locals[first])];
    case 'function':
      return [`$${functions[first].name}`];
    case 'label':
    case 'block':
      return [labelName(first)];
  }
}

const labelName = (id: number): string => `$label${id}`;
const localName = ({ name, index }: Local): string | number => (name === undefined ? index : `$${name}`);
const offsetText = (offset: number): string[] => (offset === 0 ? [] : [`offset=${offset}`]);

/** The shortest decimal that reads back as the same number; it does so rounded to float32 too, if it was one. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : `${value}`;
}

/** As four floats where that says the same bytes, which it does not for every NaN; else as four integers. */
function vectorText(bytes: readonly number[]): string[] {
  const data = new Uint8Array(bytes).buffer;
  const floats = [...new Float32Array(data)];
  const same = floats.every((value, lane) => floatBytes(value, 4).every((byte, i) => byte === bytes[4 * lane + i]));
  if (same) return ['f32x4', ...floats.map(floatText)];
  return ['i32x4', ...[...new Int32Array(data)].map(String)];
}
