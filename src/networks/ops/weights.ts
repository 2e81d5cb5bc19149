/** What operations with weights and activations have in common: what they count, and what they take over from nodes behind them. */
import type { Activation, ConvolutionNode, FullyConnectedNode, ScaleShiftNode } from '../network.ts';

/** An activation behind a node as its own; null if it has one. */
export function withActivation<N extends { readonly activation?: Activation }>(
  node: N,
  activation: Activation,
): N | null {
  return node.activation === undefined ? { ...node, activation } : null;
}

/** (a · w) ∗ x + (a · c + b): kernel is (K, …), one factor for each of its K rows; null behind an activation. */
export function scaledKernel<N extends ConvolutionNode | FullyConnectedNode>(
  node: N,
  { scale, shift }: ScaleShiftNode,
): N | null {
  if (node.activation !== undefined) return null;
  const { data, shape } = node.kernel;
  const row = data.length / shape[0];
  const scaled = data.map((w, i) => w * scale[Math.floor(i / row)]);
  const bias = shift.map((b, k) => scale[k] * (node.bias?.[k] ?? 0) + b);
  return { ...node, kernel: { data: scaled, shape }, bias };
}

/** Every output element sums over one row of the kernel matrix: C / groups · R · S, or C. */
export function kernelMultiplyAdds(
  { kernel }: ConvolutionNode | FullyConnectedNode,
  output: readonly number[],
): number {
  return (kernel.data.length / kernel.shape[0]) * output.reduce((product, size) => product * size, 1);
}

export function kernelParameters({ kernel, bias }: ConvolutionNode | FullyConnectedNode): number {
  return kernel.data.length + (bias?.length ?? 0);
}
