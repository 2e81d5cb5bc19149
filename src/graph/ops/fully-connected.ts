import { applyRules, FULLY_CONNECTED_RULES } from '../../dispatch/rules.ts';
import { NnpackError } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { choiceOf } from '../../layers/fully-connected-plan.ts';
import { fullyConnectedProgram } from '../../layers/fully-connected-program.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Activation } from '../attributes.ts';
import { type Compiled, type Lowering, loadConstant, wholeLines } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { parseActivation } from '../parse-values.ts';
import { copyNumbers } from '../stored.ts';
import type { Size } from '../values.ts';
import { withActivation } from './activation.ts';
import { activated, build, present, sum } from './double.ts';
import { expectChannelAxis, expectVector, mayEqual, onFloats, productOf } from './inputs.ts';
import type { Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { BIAS, kernelMultiplyAdds, requiredWeight, scaledKernel } from './weights.ts';

/** y = kernel · x + bias, image by image: kernel is [K, C], and an input [N, C, H, W] is read as N · (C·H·W). */
export interface FullyConnectedAttributes {
  readonly activation?: Activation;
}

export const fullyConnected: Operation<FullyConnectedAttributes> = {
  inputs: { least: 2, most: 3 },
  weights: [{ name: 'kernel', axes: ['K', 'C'], role: 'weight' }, BIAS],
  fields: { activation: true },
  check: (who, given) => ({ activation: parseActivation(who, given.activation) }),
  infer: onFloats((node, inputs) => [shapeOf(node, inputs)]),
  lower,
  // x is (N, C) once flattened, kernel is (K, C)
  reference({ attributes }, [input, weights, bias]) {
    const [x, kernel] = [present(input), present(weights)];
    const [outputs, channels] = kernel.shape;
    const dot = ([n, k]: readonly number[]) => {
      const product = sum(channels, (c) => kernel.data[k * channels + c] * x.data[n * channels + c]);
      return activated(product + (bias?.data[k] ?? 0), attributes.activation);
    };
    return [build([x.shape[0], outputs], dot)];
  },
  slicing: () => WHOLE_PICTURE,
  takeScaleShift: scaledKernel,
  takeActivation: withActivation,
  multiplyAdds: kernelMultiplyAdds,
  gradient: null,
};

function shapeOf(
  node: OpNode<FullyConnectedAttributes>,
  [x, kernel, bias]: readonly (readonly Size[] | null)[],
): Sizes {
  const [batch, ...rest] = expectChannelAxis(node, x);
  const [outputChannels, expected] = kernel ?? [];
  const count = productOf(rest);
  if (count !== null && !mayEqual(count, expected)) {
    const what = `input has ${count} elements, expected ${expected} (the kernel's input channels)`;
    throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
  }
  expectVector(node, 'bias', bias, outputChannels, 'invalid-bias');
  return [batch, outputChannels];
}

function lower({ node, outputs, weights: [given, summand], context }: Lowering<FullyConnectedAttributes>): Compiled {
  const kernel = requiredWeight([given], 0);
  const bias = summand?.data;
  const weights = sizeOf(kernel.shape);
  const [outputChannels, inputChannels] = kernel.shape;
  const shape = { batch: outputs[0][0], inputChannels, outputChannels, format: 'float32' } as const;
  const program = fullyConnectedProgram(shape, context, checkActivation(whoIs(node), node.attributes.activation));
  const { why } = choiceOf(shape, context);
  return {
    description: `${shape.batch}×${inputChannels} * ${outputChannels}×${inputChannels} → ${shape.batch}×${outputChannels}`,
    rules: applyRules(FULLY_CONNECTED_RULES, shape),
    algorithm: program.method,
    why: why(),
    workspaceFloats: program.workspaceFloats,
    constantFloats: wholeLines(weights) + wholeLines(bias?.length ?? 0),
    load({ constants }, profile) {
      copyNumbers(kernel, context.arena.f32, constants, (first, count) => context.kernels.flush(count, first, first));
      const biasAt = loadConstant(context, bias, constants + wholeLines(weights));
      return ([x], [y], workspace) => program.run(x, constants, biasAt, y, workspace, profile);
    },
  };
}
