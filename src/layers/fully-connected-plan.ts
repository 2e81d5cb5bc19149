/** A fully-connected layer prepared once and run many times: its weights in the context's memory, and its workspace. */
import { now, type Profile } from '../algorithms/algorithm.ts';
import type { RulesExplanation } from '../dispatch/explain.ts';
import type { TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor } from '../tensor/tensor.ts';
import { type Context, contextOf } from '../threads/context.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { expectOptions } from './call.ts';
import {
  type CheckedKernel,
  checkFullyConnected,
  checkKernel,
  copyKernelRows,
  explanationOf,
  type FullyConnectedProblem,
  type HalfTensor,
} from './fully-connected-problem.ts';
import {
  type FullyConnectedProgram,
  type FullyConnectedShape,
  fullyConnectedProgram,
} from './fully-connected-program.ts';
import { LayerPlan } from './plan.ts';

export interface FullyConnectedOptions {
  /** [K, C] */
  readonly kernel: TensorLike | HalfTensor;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  readonly activation?: ActivationOption;
  readonly context?: Context;
}

export interface PlanFullyConnectedOptions extends FullyConnectedOptions {
  /** [N, C] or [C]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

/**
 * Prepares a fully-connected layer: copies the weights into the context's memory and allocates the workspace, so that
 * `run` does nothing but compute.
 *
 * @throws NnpackError for arguments that make no sense together, or more memory than the context has
 * @example
 * const plan = planFullyConnected({ input: { shape: [1, 4096] }, kernel, bias, activation: 'relu' });
 * const y = plan.run(x);
 * plan.dispose();
 */
export function planFullyConnected(options: PlanFullyConnectedOptions): FullyConnectedPlan {
  const who = 'planFullyConnected';
  expectOptions(who, options);
  const context = contextOf(who, options.context);
  const problem = checkFullyConnected(who, options);
  const kernel = checkKernel(who, options.kernel);
  const bias = options.bias === undefined ? null : checkTensor(who, 'bias', options.bias, [1]);
  const activation = checkActivation(who, options.activation);
  const program = fullyConnectedProgram(problem.shape, context, activation);
  return new FullyConnectedPlan(who, context, problem, program, kernel, bias);
}

/** A planned fully-connected layer. */
export class FullyConnectedPlan extends LayerPlan {
  readonly shape: FullyConnectedShape;

  constructor(
    who: string,
    context: Context,
    problem: FullyConnectedProblem,
    program: FullyConnectedProgram,
    kernel: CheckedKernel,
    bias: CheckedTensor | null,
  ) {
    const { inputShape, outputShape, shape } = problem;
    const pack = (packed: number, profile: Profile): void => {
      const start = now();
      copyKernelRows(context, kernel, 0, shape.outputChannels, packed);
      profile.kernelTransform = now() - start;
    };
    super({ who, context, inputShape, outputShape, program, bias, pack });
    this.shape = shape;
  }

  /** Why the plan runs as it does. */
  explain(): RulesExplanation {
    return explanationOf(this.shape);
  }
}
