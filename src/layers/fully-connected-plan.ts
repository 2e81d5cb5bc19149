/** A fully-connected layer prepared once and run many times: its weights in the context's memory, and its workspace. */
import { now, type Profile } from '../algorithms/algorithm.ts';
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import type { RulesExplanation } from '../dispatch/explain.ts';
import { packPanels } from '../kernels/half-panels.ts';
import { hasExponent31 } from '../maths/half.ts';
import { sizeOf, type TensorLike } from '../tensor/ndarray.ts';
import type { CheckedTensor } from '../tensor/tensor.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { checkBias } from './call.ts';
import {
  type CheckedKernel,
  checkFullyConnected,
  checkKernel,
  choiceOf,
  copyKernelRows,
  explanationOf,
  type FullyConnectedProblem,
  type HalfTensor,
  isHalf,
} from './fully-connected-problem.ts';
import {
  type FullyConnectedProgram,
  type FullyConnectedShape,
  fullyConnectedProgram,
  layoutFor,
  type WeightFormat,
} from './fully-connected-program.ts';
import { LayerPlan } from './plan.ts';

/** What every fully-connected layer takes: y = activation(w x + b). */
export interface FullyConnectedOptions {
  /** [K, C] */
  readonly kernel: TensorLike | HalfTensor;
  /** [K]; none when not given. */
  readonly bias?: TensorLike;
  /** Applied to each output; `identity` when not given. */
  readonly activation?: ActivationOption;
  /** The default context when not given. */
  readonly context?: Context;
}

export const FULLY_CONNECTED_FIELDS: FieldsOf<FullyConnectedOptions> = {
  kernel: true,
  bias: true,
  activation: true,
  context: true,
};

/** A fully-connected layer, and the shape of the inputs that it is planned for. */
export interface PlanFullyConnectedOptions extends FullyConnectedOptions {
  /** [N, C] or [C]; only its shape is read. */
  readonly input: { readonly shape: readonly number[] };
}

const PLAN_FIELDS: FieldsOf<PlanFullyConnectedOptions> = { ...FULLY_CONNECTED_FIELDS, input: true };

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
  const read = readOptions<PlanFullyConnectedOptions>(who, options, PLAN_FIELDS);
  const context = contextOf(who, read.context);
  const kernel = checkKernel(who, read.kernel);
  const bias = checkBias(who, read.bias);
  const problem = checkFullyConnected(who, { input: read.input, kernel, bias });
  const activation = checkActivation(who, read.activation);
  const format = formatToRead(kernel);
  const program = fullyConnectedProgram({ ...problem.shape, format }, context, activation, layoutFor(problem.shape));
  return new FullyConnectedPlan(who, context, problem, program, kernel, bias ?? null);
}

/** Weights without exponent 31 are the same numbers in both forms of half precision; the kernel of one need not look for ∞. */
function formatToRead(kernel: CheckedKernel): WeightFormat {
  if (!isHalf(kernel)) return 'float32';
  const { data, shape, format } = kernel;
  return format === 'binary16' && hasExponent31(data, sizeOf(shape)) ? 'binary16' : 'alternative';
}

/** A planned fully-connected layer. */
export class FullyConnectedPlan extends LayerPlan {
  /** The sizes that it was planned for. */
  readonly shape: FullyConnectedShape;

  /** @internal */
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
      if (program.layout === 'rows') copyKernelRows(context, kernel, 0, shape.outputChannels, packed);
      else
        packPanels(
          (kernel as HalfTensor).data,
          shape.outputChannels,
          shape.inputChannels,
          context.arena.u16,
          2 * packed,
        );
      profile.kernelTransform = now() - start;
    };
    super({ who, choice: choiceOf(shape), context, inputShape, outputShape, program, bias, pack });
    this.shape = shape;
  }

  /** Why the plan runs as it does. */
  explain(): RulesExplanation {
    return explanationOf(this.shape);
  }
}
