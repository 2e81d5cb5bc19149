/** Trees to bytes: operands in order, then the opcode, then its immediates. */
import type { ByteWriter } from './bytes.ts';
import type { Block, Code, Instruction, Statement } from './code.ts';

const EMPTY_BLOCK_TYPE = 0x40;
const ELSE = 0x05;
export const END = 0x0b;

/**
 * `labels` are those of the blocks around, from the outermost: a branch counts them from the inside. The kinds of
 * immediates that are most frequent come first.
 */
export function encode(code: Code, labels: number[], writer: ByteWriter): void {
  const { instruction, operands, immediates } = code;
  for (let i = 0; i < operands.length; i++) encode(operands[i], labels, writer);
  const { opcode } = instruction;
  if (opcode <= 0xff) writer.byte(opcode);
  else prefixed(opcode, writer);
  switch (instruction.immediate) {
    case 'local':
    case 'function':
      writer.u32(immediates[0]);
      break;
    case 'none':
      break;
    case 'i32':
      writer.s32(immediates[0]);
      break;
    case 'memory':
      memoryArgument(instruction, immediates[0], writer);
      break;
    case 'block':
      blockBody(code as Block, labels, writer);
      break;
    case 'label':
      writer.u32(labels.length - 1 - labels.lastIndexOf(immediates[0]));
      break;
    case 'memory lane':
      memoryArgument(instruction, immediates[0], writer);
      writer.byte(immediates[1]);
      break;
    case 'f32':
      writer.f32(immediates[0]);
      break;
    case 'f64':
      writer.f64(immediates[0]);
      break;
    default: // lanes, bytes of a vector, numbers of memories
      writer.raw(immediates);
  }
}

export function encodeAll(statements: readonly Statement[], labels: number[], writer: ByteWriter): void {
  for (let i = 0; i < statements.length; i++) encode(statements[i], labels, writer);
}

function blockBody({ immediates: [label], body, otherwise }: Block, labels: number[], writer: ByteWriter): void {
  writer.byte(EMPTY_BLOCK_TYPE);
  labels.push(label);
  encodeAll(body, labels, writer);
  if (otherwise.length > 0) writer.byte(ELSE);
  encodeAll(otherwise, labels, writer);
  labels.pop();
  writer.byte(END);
}

/** A prefix, then the instruction's number. */
function prefixed(opcode: number, writer: ByteWriter): void {
  writer.byte(opcode >>> 16);
  writer.u32(opcode & 0xffff);
}

/** The alignment is a hint, as a power of two; the natural one is what other assemblers write, and atomics demand. */
function memoryArgument({ access = 1 }: Instruction, offset: number, writer: ByteWriter): void {
  writer.u32(31 - Math.clz32(access));
  writer.u32(offset);
}
