import { NnpackError, show } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { at, build, present } from './double.ts';
import { expectChannels, expectVector, onFloats } from './inputs.ts';
import type { Operation, ScaleShift, WeightInput } from './operation.ts';
import { lowerScaleShift } from './scale-shift.ts';
import { PIXELWISE } from './slicing.ts';
import { floatsOf, requiredWeight } from './weights.ts';

/** y = gamma · (x − mean) / √(variance + epsilon) + beta, channel by channel. */
export interface BatchNormalisationAttributes {
  readonly epsilon: number;
}

const WEIGHTS: readonly WeightInput[] = [
  { name: 'gamma', axes: ['C'], role: 'weight' },
  { name: 'beta', axes: ['C'], role: 'weight' },
  { name: 'mean', axes: ['C'], role: 'statistic' },
  { name: 'variance', axes: ['C'], role: 'statistic' },
];

export const batchNormalisation: Operation<BatchNormalisationAttributes> = {
  inputs: { least: 5, most: 5 },
  weights: WEIGHTS,
  fields: { epsilon: true },
  check(who, { epsilon }) {
    if (typeof epsilon === 'number' && epsilon >= 0 && epsilon < Infinity) return { epsilon };
    const expected = 'expected a finite number of at least 0';
    throw new NnpackError('invalid-argument', `${who}: epsilon is ${show(epsilon)}, ${expected}`);
  },
  // √(variance + epsilon) divides, so each channel's is above 0.
  checkWeights(node, weights) {
    const variance = floatsOf(weights[3]);
    const { epsilon } = node.attributes;
    const channel = variance === null ? -1 : variance.findIndex((value) => !(value + epsilon > 0));
    if (variance === null || channel < 0) return;
    const what = `variance + epsilon of channel ${channel} is ${variance[channel] + epsilon}, expected more than 0`;
    throw new NnpackError('invalid-argument', `${whoIs(node)}: ${what}`);
  },
  infer: onFloats((node, [x, ...weights]) => {
    const shape = expectChannels(node, x, weights[0]);
    WEIGHTS.forEach(({ name }, i) => {
      expectVector(node, name, weights[i], shape[1], 'invalid-channels');
    });
    return [shape];
  }),
  lower(call) {
    const [gamma, beta, mean, variance] = WEIGHTS.map((_, i) => requiredWeight(call.weights, i).data);
    return lowerScaleShift(call, folded(gamma, beta, mean, variance, call.node.attributes.epsilon));
  },
  reference({ attributes: { epsilon } }, inputs) {
    const [x, gamma, beta, mean, variance] = inputs.map(present);
    const normalAt = (index: readonly number[]) => {
      const c = index[1];
      const normal = (at(x, index) - mean.data[c]) / Math.sqrt(variance.data[c] + epsilon);
      return gamma.data[c] * normal + beta.data[c];
    };
    return [build(x.shape, normalAt)];
  },
  slicing: () => PIXELWISE,
  inPlace: 1,
  asScaleShift({ attributes }, weights) {
    const [gamma, beta, mean, variance] = weights.map(floatsOf);
    if (gamma === null || beta === null || mean === null || variance === null) return null;
    return folded(gamma, beta, mean, variance, attributes.epsilon);
  },
  gradient: null,
};

/** a = γ / √(σ² + ε), b = β − a · μ */
function folded(
  gamma: Float32Array,
  beta: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  epsilon: number,
): ScaleShift {
  const a = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c] + epsilon));
  const shift = Float32Array.from(a, (scale, c) => beta[c] - scale * mean[c]);
  return { scale: Float32Array.from(a), shift };
}
