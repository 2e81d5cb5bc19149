import type { Memory } from '../../tensor/memory.ts';
import type { ArithmeticKernels } from '../table.ts';

/**
 * Arithmetic of two runs on typed arrays. Each operation has a loop of its own: one that they shared would call a
 * function for each element, because an engine inlines what a loop calls only where that is always the same.
 */
export function scalarArithmetic(memory: Memory): ArithmeticKernels {
  return {
    add: (n, a, aStep, b, bStep, y) => add(memory.f32, n, a, aStep, b, bStep, y),
    subtract: (n, a, aStep, b, bStep, y) => subtract(memory.f32, n, a, aStep, b, bStep, y),
    multiply: (n, a, aStep, b, bStep, y) => multiply(memory.f32, n, a, aStep, b, bStep, y),
    divide: (n, a, aStep, b, bStep, y) => divide(memory.f32, n, a, aStep, b, bStep, y),
    minimum: (n, a, aStep, b, bStep, y) => minimum(memory.f32, n, a, aStep, b, bStep, y),
    maximum: (n, a, aStep, b, bStep, y) => maximum(memory.f32, n, a, aStep, b, bStep, y),
  };
}

function add(f32: Float32Array, n: number, a: number, aStep: number, b: number, bStep: number, y: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = f32[(a + i * aStep) | 0] + f32[(b + i * bStep) | 0];
}

function subtract(f32: Float32Array, n: number, a: number, aStep: number, b: number, bStep: number, y: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = f32[(a + i * aStep) | 0] - f32[(b + i * bStep) | 0];
}

function multiply(f32: Float32Array, n: number, a: number, aStep: number, b: number, bStep: number, y: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = f32[(a + i * aStep) | 0] * f32[(b + i * bStep) | 0];
}

function divide(f32: Float32Array, n: number, a: number, aStep: number, b: number, bStep: number, y: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = f32[(a + i * aStep) | 0] / f32[(b + i * bStep) | 0];
}

function minimum(f32: Float32Array, n: number, a: number, aStep: number, b: number, bStep: number, y: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = Math.min(f32[(a + i * aStep) | 0], f32[(b + i * bStep) | 0]);
}

function maximum(f32: Float32Array, n: number, a: number, aStep: number, b: number, bStep: number, y: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = Math.max(f32[(a + i * aStep) | 0], f32[(b + i * bStep) | 0]);
}
