import { NnpackError, show } from '../../errors.ts';
import type { BatchNormalisationNode, ScaleShiftNode } from '../network.ts';
import { parseNumbers, parseVector } from '../parse-values.ts';
import { at, build } from './double.ts';
import { expectChannels } from './inputs.ts';
import { type Given, ONE_INPUT, type Operation, type OwnFields } from './operation.ts';
import { scaleShift } from './scale-shift.ts';
import { PIXELWISE } from './slicing.ts';

export const batchNormalisation: Operation<BatchNormalisationNode> = {
  inputs: ONE_INPUT,
  fields: { gamma: true, beta: true, mean: true, variance: true, epsilon: true },
  parse,
  infer: (node, [input]) => expectChannels(node, input, node.gamma.length),
  compile: (node, ...rest) => scaleShift.compile(asScaleShift(node), ...rest),
  reference: (node, [x]) =>
    build(x.shape, (index) => {
      const c = index[1];
      const normal = (at(x, index) - node.mean[c]) / Math.sqrt(node.variance[c] + node.epsilon);
      return node.gamma[c] * normal + node.beta[c];
    }),
  slicing: () => PIXELWISE,
  inPlace: 1,
  asScaleShift,
  parameters: ({ gamma, beta }) => gamma.length + beta.length,
  gradient: null,
};

/** √(variance + epsilon) divides, so each channel's is above 0. */
function parse(who: string, given: Given): OwnFields<BatchNormalisationNode> {
  const gamma = parseNumbers(who, 'gamma', given.gamma);
  const vector = (name: string): Float32Array => parseVector(who, name, given[name], gamma.length, 'invalid-channels');
  const [beta, mean, variance] = ['beta', 'mean', 'variance'].map(vector);
  const { epsilon } = given;
  if (typeof epsilon !== 'number' || !(epsilon >= 0 && epsilon < Infinity)) {
    const expected = 'expected a finite number of at least 0';
    throw new NnpackError('invalid-argument', `${who}: epsilon is ${show(epsilon)}, ${expected}`);
  }
  const channel = variance.findIndex((value) => !(value + epsilon > 0));
  if (channel >= 0) {
    const what = `variance + epsilon of channel ${channel} is ${variance[channel] + epsilon}, expected more than 0`;
    throw new NnpackError('invalid-argument', `${who}: ${what}`);
  }
  return { gamma, beta, mean, variance, epsilon };
}

/** a = γ / √(σ² + ε), b = β − a · μ */
function asScaleShift(node: BatchNormalisationNode): ScaleShiftNode {
  const { name, inputs, gamma, beta, mean, variance, epsilon } = node;
  const a = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c] + epsilon));
  const shift = Float32Array.from(a, (scale, c) => beta[c] - scale * mean[c]);
  return { op: 'scale-shift', name, inputs, scale: Float32Array.from(a), shift };
}
