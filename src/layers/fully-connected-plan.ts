/** A fully-connected layer prepared once and run many times: its weights in the context's memory, and its workspace. */
import { now, type Profile } from '../algorithms/algorithm.ts';
import { readOptions } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { RulesExplanation } from '../dispatch/explain.ts';
import { applyRules, FULLY_CONNECTED_RULES } from '../dispatch/rules.ts';
import { packPanels } from '../kernels/half-panels.ts';
import { hasExponent31 } from '../maths/half.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { checkShape } from '../tensor/tensor.ts';
import { type CheckedKernel, copyKernelRows, type HalfTensor, isHalf } from './fully-connected-kernel.ts';
import {
  type ParsedFullyConnected,
  PLAN_FIELDS,
  type PlanFullyConnectedOptions,
  parseFullyConnected,
} from './fully-connected-options.ts';
import {
  type FullyConnectedProgram,
  type FullyConnectedShape,
  fullyConnectedProgram,
  layoutFor,
  methodFor,
  type WeightFormat,
} from './fully-connected-program.ts';
import { type Choice, LayerPlan } from './plan.ts';

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
  const parsed = parseFullyConnected(who, read, checkShape);
  const { context, kernel, activation } = parsed;
  const { shape } = parsed.problem;
  const format = formatToRead(kernel);
  const program = fullyConnectedProgram({ ...shape, format }, context, activation, layoutFor(shape, context));
  return new FullyConnectedPlan(parsed, program);
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
  constructor(parsed: ParsedFullyConnected, program: FullyConnectedProgram) {
    const { who, context, problem, kernel, bias } = parsed;
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
    super({ who, choice: choiceOf(shape, context), context, inputShape, outputShape, program, bias, pack });
    this.shape = shape;
  }

  /** Why the plan runs as it does. */
  explain(): RulesExplanation {
    return explanationOf(this.shape, this.context);
  }
}

/** How a layer runs, and why. */
export function choiceOf(shape: FullyConnectedShape, context: Context): Choice {
  const algorithm = methodFor(shape, context);
  return { algorithm, why: () => reasonFor(algorithm, shape, context), describe: () => describe(shape) };
}

function reasonFor(algorithm: 'dots' | 'gemm', { batch }: FullyConnectedShape, { batchInvariant }: Context): string {
  if (batchInvariant) return 'dot products, as for one image: the context is batch-invariant';
  if (algorithm === 'gemm') return `batch ${batch}: a matrix product that streams over the images`;
  return `batch ${batch}: dot products, for which each weight is read once`;
}

function describe({ batch, inputChannels, outputChannels, format }: FullyConnectedShape): string {
  const weights = format === 'float32' ? '' : ` in ${format}`;
  return `${batch}×${inputChannels} · ${outputChannels}×${inputChannels}${weights} → ${batch}×${outputChannels}`;
}

/** Which of the documented rules hold, and how the layer runs. */
export function explanationOf(shape: FullyConnectedShape, context: Context): RulesExplanation {
  const { algorithm, why } = choiceOf(shape, context);
  const rules = applyRules(FULLY_CONNECTED_RULES, { batch: shape.batch });
  return new RulesExplanation(`fully-connected ${describe(shape)}`, rules, algorithm, why());
}
