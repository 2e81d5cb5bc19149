import type { Memory } from '../../tensor/memory.ts';
import type { GateKernels } from '../table.ts';

/** The gates on typed arrays, each with a loop of its own, into which an engine compiles what it computes. */
export function scalarGates(memory: Memory): GateKernels {
  return {
    sigmoid: (n, x, y, slope) => sigmoid(memory.f32, n, x, y, slope),
    swish: (n, x, y, slope) => swish(memory.f32, n, x, y, slope),
    hardSigmoid: (n, x, y, slope, offset) => hardSigmoid(memory.f32, n, x, y, slope, offset),
    hardSwish: (n, x, y, slope, offset) => hardSwish(memory.f32, n, x, y, slope, offset),
  };
}

function sigmoid(f32: Float32Array, n: number, x: number, y: number, slope: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = 1 / (1 + Math.exp(-slope * f32[(x + i) | 0]));
}

function swish(f32: Float32Array, n: number, x: number, y: number, slope: number): void {
  for (let i = 0; i < n; i++) {
    const value = f32[(x + i) | 0];
    f32[(y + i) | 0] = value / (1 + Math.exp(-slope * value));
  }
}

function hardSigmoid(f32: Float32Array, n: number, x: number, y: number, slope: number, offset: number): void {
  for (let i = 0; i < n; i++) f32[(y + i) | 0] = Math.min(Math.max(slope * f32[(x + i) | 0] + offset, 0), 1);
}

function hardSwish(f32: Float32Array, n: number, x: number, y: number, slope: number, offset: number): void {
  for (let i = 0; i < n; i++) {
    const value = f32[(x + i) | 0];
    f32[(y + i) | 0] = value * Math.min(Math.max(slope * value + offset, 0), 1);
  }
}
