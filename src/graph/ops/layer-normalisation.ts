import { expectOneOf } from '../../check/options.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, withoutWeights } from '../compiled.ts';
import type { InferredType, InputTypes, OpNode } from '../node.ts';
import { DTYPES, type Dtype } from '../values.ts';
import { stretchedStrides, walkStretched } from './broadcast.ts';
import { at, build, type DoubleTensor, present } from './double.ts';
import { onFloats } from './inputs.ts';
import { definedMoments, type Moments, momentsOf, parseEpsilon } from './moments.ts';
import type { Operation } from './operation.ts';
import { axisAmong, wholeAxis } from './settings.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { expectStretchedTo } from './stretched-input.ts';

/**
 * y = gamma · (x − mean) / √(variance + epsilon) + beta: mean and variance are of all axes from one on, gamma and beta are
 * stretched to the input. Further outputs are the mean and 1 / √(variance + epsilon).
 */
export interface LayerNormalisationAttributes {
  /** From 0 on, or from −1 on backwards. */
  readonly axis: number;
  readonly epsilon: number;
  /** The type of the further outputs, float32 when not given. */
  readonly momentsType?: Dtype;
}

type Node = OpNode<LayerNormalisationAttributes>;

export const layerNormalisation: Operation<LayerNormalisationAttributes> = {
  inputs: { least: 2, most: 3 },
  outputs: { least: 1, most: 3 },
  fields: { axis: true, epsilon: true, momentsType: true },
  check: (who, { axis, epsilon, momentsType = 'float32' }) => ({
    axis: wholeAxis(who, 'axis', axis),
    epsilon: parseEpsilon(who, epsilon),
    momentsType: expectOneOf(who, 'momentsType', momentsType, DTYPES, 'invalid-tensor-type'),
  }),
  infer(node, inputs) {
    const [y] = inferNormal(node, inputs);
    const first = axisAmong(node, node.attributes.axis, y.shape.length);
    const shape = y.shape.map((size, axis) => (axis < first ? size : 1));
    const moments = { dtype: node.attributes.momentsType ?? 'float32', shape };
    return [y, moments, moments].slice(0, node.outputs.length);
  },
  lower,
  reference,
  slicing: () => WHOLE_PICTURE,
  gradient: null,
};

const inferNormal: (node: Node, inputs: InputTypes) => readonly InferredType[] = onFloats((node, [x, ...stretched]) => {
  for (const shape of stretched) expectStretchedTo(node, shape, x ?? []);
  return [x ?? []];
});

function lower({ node, inputs, outputs: [shape], context }: Lowering<LayerNormalisationAttributes>): Compiled {
  const first = axisAmong(node, node.attributes.axis, shape.length);
  const [runs, count] = [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first))];
  const strides = [inputs[1] ?? [], inputs[2] ?? []].map((own) => stretchedStrides(own, shape));
  return withoutWeights(([x, gamma, beta = -1], [y, means = -1, inverses = -1]) => {
    const { f32 } = context.arena;
    for (let run = 0; run < runs; run++) {
      const { mean, inverse } = momentsOf(f32, x + run * count, count, node.attributes.epsilon);
      if (means >= 0) f32[means + run] = mean;
      if (inverses >= 0) f32[inverses + run] = inverse;
      for (let i = run * count; i < (run + 1) * count; i++) f32[y + i] = (f32[x + i] - mean) * inverse;
    }
    walkStretched(shape, strides, (i, [scale, shift]) => {
      f32[y + i] = f32[y + i] * f32[gamma + scale] + (beta < 0 ? 0 : f32[beta + shift]);
    });
  });
}

function reference(node: Node, inputs: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  const [x, gamma] = inputs.map((input) => input as DoubleTensor);
  const beta = inputs[2] ?? null;
  const rank = present(x).shape.length;
  const first = node.attributes.axis < 0 ? rank + node.attributes.axis : node.attributes.axis;
  const count = x.shape.slice(first).reduce((product, size) => product * size, 1);
  const moments = Array.from({ length: x.data.length / count }, (_, run): Moments => {
    return definedMoments([...x.data.subarray(run * count, (run + 1) * count)], node.attributes.epsilon);
  });
  // An axis of one element is read again and again.
  const stretchedAt = (value: DoubleTensor, index: readonly number[]) =>
    at(
      value,
      value.shape.map((size, axis) => (size === 1 ? 0 : index[axis + rank - value.shape.length])),
    );
  let place = 0;
  const y = build(x.shape, (index) => {
    const { mean, inverse } = moments[Math.floor(place / count)];
    const normal = (x.data[place++] - mean) * inverse;
    return normal * stretchedAt(gamma, index) + (beta === null ? 0 : stretchedAt(beta, index));
  });
  const shape = x.shape.map((size, axis) => (axis < first ? size : 1));
  const kept = [moments.map(({ mean }) => mean), moments.map(({ inverse }) => inverse)];
  const outputs = [y, ...kept.map((numbers) => ({ shape, data: Float64Array.from(numbers) }))];
  return outputs.slice(0, node.outputs.length);
}
