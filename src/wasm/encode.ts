/** Trees to bytes: operands in order, then the opcode, then its immediates. */
import type { ByteWriter } from './bytes.ts';
import { Block, type Code, type Instruction } from './code.ts';

const EMPTY_BLOCK_TYPE = 0x40;
const ELSE = 0x05;
export const END = 0x0b;

/** `labels` are those of the blocks around, from the outermost: a branch counts them from the inside. */
export function encode(code: Code, labels: readonly number[], writer: ByteWriter): void {
  for (const operand of code.operands) encode(operand, labels, writer);
  opcode(code.instruction.opcode, writer);
  if (code instanceof Block) blockBody(code, [...labels, code.immediates[0]], writer);
  else immediates(code, labels, writer);
}

function blockBody({ body, otherwise }: Block, labels: readonly number[], writer: ByteWriter): void {
  writer.byte(EMPTY_BLOCK_TYPE);
  for (const statement of body) encode(statement, labels, writer);
  if (otherwise.length > 0) writer.byte(ELSE);
  for (const statement of otherwise) encode(statement, labels, writer);
  writer.byte(END);
}

function opcode(opcode: number, writer: ByteWriter): void {
  const prefix = opcode >>> 16;
  if (prefix === 0) {
    writer.byte(opcode);
  } else {
    writer.byte(prefix);
    writer.u32(opcode & 0xffff);
  }
}

function immediates({ instruction, immediates }: Code, labels: readonly number[], writer: ByteWriter): void {
  const first = immediates[0];
  switch (instruction.immediate) {
    case 'none':
      break;
    case 'memory':
      memoryArgument(instruction, first, writer);
      break;
    case 'memory lane':
      memoryArgument(instruction, first, writer);
      writer.byte(immediates[1]);
      break;
    case 'i32':
      writer.s32(first);
      break;
    case 'f32':
      writer.f32(first);
      break;
    case 'f64':
      writer.f64(first);
      break;
    case 'local':
    case 'function':
      writer.u32(first);
      break;
    case 'label':
      writer.u32(labels.length - 1 - labels.lastIndexOf(first));
      break;
    default: // lanes, bytes of a vector, numbers of memories
      writer.raw(immediates);
  }
}

/** The alignment is a hint, as a power of two; the natural one is what other assemblers write, and atomics demand. */
function memoryArgument({ access = 1 }: Instruction, offset: number, writer: ByteWriter): void {
  writer.u32(31 - Math.clz32(access));
  writer.u32(offset);
}
