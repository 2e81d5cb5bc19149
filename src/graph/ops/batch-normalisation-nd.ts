import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { isFloat } from '../values.ts';
import type { BatchNormalisationAttributes } from './batch-normalisation.ts';
import { build, present } from './double.ts';
import { expectVector, wrongRank } from './inputs.ts';
import { parseEpsilon } from './moments.ts';
import type { Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/**
 * A batch normalisation of any floating-point types and any rank; a vector has one channel. The output is of the input's
 * type. Where all types are one, it becomes a batch normalisation.
 */
export const batchNormalisationNd: Operation<BatchNormalisationAttributes> = {
  inputs: { least: 5, most: 5 },
  fields: { epsilon: true },
  check: (who, { epsilon }) => ({ epsilon: parseEpsilon(who, epsilon) }),
  infer,
  specialise({ inputs, attributes }, types) {
    const [x, ...others] = types;
    const isUsual = x !== null && x.shape.length >= 2 && others.every((type) => type?.dtype === x.dtype);
    return isUsual ? { op: 'batch-normalisation', inputs, attributes } : null;
  },
  lower({ node, outputs: [shape], context }) {
    const [batch, channels, plane] = [shape[0], shape[1] ?? 1, sizeOf(shape.slice(2))];
    return withoutWeights(([x, gamma, beta, mean, variance], [y]) => {
      const { f32 } = context.arena;
      for (let i = 0; i < batch * channels; i++) {
        const c = i % channels;
        const scale = f32[gamma + c] / Math.sqrt(f32[variance + c] + node.attributes.epsilon);
        for (let p = i * plane; p < (i + 1) * plane; p++) {
          f32[y + p] = (f32[x + p] - f32[mean + c]) * scale + f32[beta + c];
        }
      }
    });
  },
  reference({ attributes: { epsilon } }, inputs) {
    const [x, gamma, beta, mean, variance] = inputs.map(present);
    let place = 0;
    const normalAt = ([, c = 0]: readonly number[]) => {
      const normal = (x.data[place++] - mean.data[c]) / Math.sqrt(variance.data[c] + epsilon);
      return gamma.data[c] * normal + beta.data[c];
    };
    return [build(x.shape, normalAt)];
  },
  slicing: () => PIXELWISE,
  inPlace: 1,
  gradient: null,
};

const VECTORS = ['gamma', 'beta', 'mean', 'variance'] as const;

function infer(node: OpNode<BatchNormalisationAttributes>, [x, ...vectors]: InputTypes): readonly InferredType[] {
  const other = [x, ...vectors].find((type) => type && !isFloat(type.dtype));
  if (other) {
    const text = `an input is of type ${other.dtype}, expected a floating-point type`;
    throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
  }
  if (!x || x.shape.length === 0) throw wrongRank(node, 'input', '[N] or [N, C, …]', x?.shape ?? null);
  VECTORS.forEach((what, i) => {
    const shape = vectors[i]?.shape ?? null;
    if (shape?.length !== 1) throw wrongRank(node, what, '[C]', shape);
    expectVector(node, what, shape, x.shape[1] ?? 1, 'invalid-channels');
  });
  return [{ dtype: x.dtype, shape: x.shape }];
}
