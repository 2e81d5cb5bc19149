/** What operations with weights have in common: what they count, and what they take over from nodes behind them. */
import type { Activation } from '../attributes.ts';
import type { DenseArray, Shape } from '../compiled.ts';
import type { OpNode } from '../node.ts';
import type { Parameter } from '../values.ts';
import type { ScaleShift, WeightInput, Weights } from './operation.ts';

/** One learnt number for each of K outputs. */
export const BIAS: WeightInput = { name: 'bias', axes: ['K'], role: 'weight' };

/** A parameter's numbers if they are float32; null if they are not, or it is left out. */
export function floatsOf(parameter: Parameter | null | undefined): Float32Array | null {
  if (parameter?.type.dtype !== 'float32') return null;
  return parameter.data as Float32Array;
}

/** What may have an activation of its own. */
type Activated = OpNode<{ readonly activation?: Activation }>;

/** (a · w) ∗ x + (a · c + b): kernel is (K, …), one factor for each of its K rows; null behind an activation. */
export function scaledKernel(
  { inputs, attributes }: Activated,
  [kernel, bias]: Weights,
  { scale, shift }: ScaleShift,
): Weights | null {
  const w = floatsOf(kernel);
  const c = floatsOf(bias);
  const hasUnknownBias = typeof inputs[2] === 'string' && c === null;
  if (attributes.activation !== undefined || w === null || kernel === null || hasUnknownBias) return null;
  const { type } = kernel;
  const row = w.length / type.shape[0];
  const scaled = w.map((value, i) => value * scale[Math.floor(i / row)]);
  const sum = shift.map((b, k) => scale[k] * (c?.[k] ?? 0) + b);
  const summed: Parameter = { type: { dtype: 'float32', shape: [sum.length] }, data: sum, role: 'weight' };
  return [{ type, data: scaled, role: 'weight' }, summed];
}

/** Every output element sums over one row of the kernel matrix: C / groups · R · S, or C. */
export function kernelMultiplyAdds([, kernel]: readonly (Shape | null)[], [output]: readonly Shape[]): number {
  const row = (kernel ?? []).slice(1).reduce((product, size) => product * size, 1);
  return row * output.reduce((product, size) => product * size, 1);
}

/** A weight that is not optional. */
export function requiredWeight(weights: readonly (DenseArray | undefined)[], i: number): DenseArray {
  const weight = weights[i];
  if (weight !== undefined) return weight;
  throw new TypeError(`weight ${i} is missing`);
}
