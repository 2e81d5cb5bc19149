import { applyRules, FULLY_CONNECTED_RULES } from '../../dispatch/rules.ts';
import { NnpackError } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { fullyConnectedProgram } from '../../layers/fully-connected-program.ts';
import { loadConstant, wholeLines } from '../compiled.ts';
import { type FullyConnectedNode, whoIs } from '../network.ts';
import { parseActivation, parseArray, parseBias } from '../parse-values.ts';
import { activated, build, sum } from './double.ts';
import { elementsOf } from './inputs.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { kernelMultiplyAdds, kernelParameters, scaledKernel, withActivation } from './weights.ts';

export const fullyConnected: Operation<FullyConnectedNode> = {
  inputs: ONE_INPUT,
  fields: { kernel: true, bias: true, activation: true },
  parse(who, given) {
    const kernel = parseArray(who, 'kernel', given.kernel, ['K', 'C']);
    const bias = parseBias(who, given.bias, kernel.shape[0]);
    return { kernel, bias, activation: parseActivation(who, given.activation) };
  },
  infer(node, [input]) {
    const [outputChannels, expected] = node.kernel.shape;
    const count = elementsOf(input);
    if (count !== null && count !== expected) {
      const what = `input has ${count} elements, expected ${expected} (the kernel's input channels)`;
      throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
    }
    return [outputChannels];
  },
  compile(node, [input], _options, context) {
    const [outputChannels, inputChannels] = node.kernel.shape;
    const shape = { batch: input[0], inputChannels, outputChannels, format: 'float32' } as const;
    const program = fullyConnectedProgram(shape, context, checkActivation(whoIs(node), node.activation));
    return {
      description: `${shape.batch}×${inputChannels} * ${outputChannels}×${inputChannels} → ${shape.batch}×${outputChannels}`,
      rules: applyRules(FULLY_CONNECTED_RULES, shape),
      algorithm: program.method,
      why: program.method === 'dots' ? 'few images: dot products' : 'many images: matrix product',
      workspaceFloats: program.workspaceFloats,
      constantFloats: wholeLines(node.kernel.data.length) + wholeLines(node.bias?.length ?? 0),
      load({ constants }, profile) {
        const weights = loadConstant(context, node.kernel.data, constants);
        context.kernels.flush(node.kernel.data.length, weights, weights);
        const bias = loadConstant(context, node.bias, constants + wholeLines(node.kernel.data.length));
        return ([x], y, workspace) => program.run(x, weights, bias, y, workspace, profile);
      },
    };
  },
  // x is (N, C) once flattened, kernel is (K, C)
  reference(node, [x]) {
    const [outputs, channels] = node.kernel.shape;
    return build([x.shape[0], outputs], ([n, k]) => {
      const product = sum(channels, (c) => node.kernel.data[k * channels + c] * x.data[n * channels + c]);
      return activated(product + (node.bias?.[k] ?? 0), node.activation);
    });
  },
  slicing: () => WHOLE_PICTURE,
  takeScaleShift: scaledKernel,
  takeActivation: withActivation,
  multiplyAdds: kernelMultiplyAdds,
  parameters: kernelParameters,
  gradient: null,
};
