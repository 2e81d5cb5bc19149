import type { Memory } from '../../tensor/memory.ts';
import type { GateKernels } from '../table.ts';

/** The gates, each element as its formula in `table.ts` says, in double and rounded once. */
export function referenceGates(memory: Memory): GateKernels {
  const each =
    (f: (x: number, slope: number, offset: number) => number): GateKernels['sigmoid'] =>
    (n, x, y, slope, offset) => {
      for (let i = 0; i < n; i++) memory.f32[y + i] = f(memory.f32[x + i], slope, offset);
    };
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const hardSigmoid = (x: number) => Math.min(Math.max(x, 0), 1);
  return {
    sigmoid: each((x, slope) => sigmoid(slope * x)),
    swish: each((x, slope) => x * sigmoid(slope * x)),
    hardSigmoid: each((x, slope, offset) => hardSigmoid(slope * x + offset)),
    hardSwish: each((x, slope, offset) => x * hardSigmoid(slope * x + offset)),
  };
}
