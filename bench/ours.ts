/** Our engine as a candidate of the benchmark: a plan run from arena tensors, verified before it is timed. */
import { type AlgorithmName, type Context, type ConvolutionPlan, planConvolution, type Tensor } from '../src/index.ts';
import { makeTensor } from '../src/tensor/ndarray.ts';
import type { LayerProblem } from './layers.ts';
import type { Candidate } from './statistics.ts';

export interface OurConvolution extends Candidate {
  time(): number;
  readonly plan: ConvolutionPlan;
  /** The result of the last run, N C H W. */
  result(): Float32Array;
  dispose(): void;
}

/** `fromOutside`: input and output are plain arrays, as a peer's are, instead of tensors of the context's memory. */
export function ourConvolution(
  context: Context,
  problem: LayerProblem,
  algorithm: AlgorithmName | 'auto',
  fromOutside = false,
): OurConvolution {
  const { layer } = problem;
  const plan = planConvolution({
    context,
    algorithm,
    input: { shape: problem.inputShape },
    kernel: makeTensor(problem.kernel, problem.kernelShape),
    bias: makeTensor(problem.bias, [layer.outputChannels]),
    stride: layer.stride,
    padding: layer.padding,
    dilation: layer.dilation,
    groups: layer.groups,
  });
  const tensor = (shape: readonly number[]): Tensor =>
    fromOutside
      ? makeTensor(new Float32Array(shape.reduce((size, extent) => size * extent, 1)), shape)
      : context.allocate(shape);
  const input = tensor(problem.inputShape);
  const output = tensor(problem.outputShape);
  input.data.set(problem.input, input.offset);
  return {
    name: `${plan.algorithm}`,
    plan,
    time() {
      const start = performance.now();
      plan.run(input, output);
      return performance.now() - start;
    },
    result: () => output.data.slice(output.offset, output.offset + output.size),
    dispose() {
      plan.dispose();
      context.free(input);
      context.free(output);
    },
  };
}

/**
 * Throws unless two results of one problem agree: within `tolerance` of the greatest element, which catches every
 * mistake of layout or arithmetic; the error bounds themselves are the tests' matter.
 */
export function verify(what: string, actual: Float32Array, expected: Float32Array, tolerance = 1e-4): void {
  let greatest = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    greatest = Math.max(greatest, Math.abs(expected[i]));
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst)) worst = error;
  }
  if (actual.length !== expected.length || !(worst <= tolerance * greatest)) {
    throw new Error(`${what}: differs by ${worst} where the greatest element is ${greatest}`);
  }
}
