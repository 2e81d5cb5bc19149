/** An assembler for WebAssembly: the part of it that kernels use. */
export type { Expression, Local, Operand, Statement, ValueType } from './code.ts';
export type { FunctionReference, MemoryImport } from './content.ts';
export { call, type FunctionBuilder, type Label } from './function.ts';
export { type FunctionOptions, Module } from './module.ts';
export {
  type Access,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i16x8,
  i32,
  i32x4,
  memory,
  select,
  v128,
} from './operations.ts';
export { shuffle32 } from './shuffle.ts';
