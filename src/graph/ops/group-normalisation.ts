import { NnpackError } from '../../errors.ts';
import { expectCount } from '../../tensor/convolution-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, withoutWeights } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { build, type DoubleTensor, present } from './double.ts';
import { expectChannelAxis, expectVector, mayEqual, onFloats, wrongRank } from './inputs.ts';
import { definedMoments, momentsOf, parseEpsilon } from './moments.ts';
import type { Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';

/**
 * y = gamma · (x − mean) / √(variance + epsilon) + beta: mean and variance are of a group of channels of an image, gamma
 * and beta of a channel.
 */
export interface GroupNormalisationAttributes {
  readonly epsilon: number;
  /** As many as there are channels when not given: instance normalisation. */
  readonly groups?: number;
  /** gamma and beta are of a group. */
  readonly scalesGroups?: boolean;
}

type Node = OpNode<GroupNormalisationAttributes>;

export const groupNormalisation: Operation<GroupNormalisationAttributes> = {
  inputs: { least: 3, most: 3 },
  fields: { epsilon: true, groups: true, scalesGroups: true },
  check(who, given) {
    const { groups } = given;
    if (groups !== undefined) expectCount(who, 'groups', groups, 'invalid-groups');
    const scalesGroups = parseFlag(who, 'scalesGroups', given.scalesGroups);
    return { epsilon: parseEpsilon(who, given.epsilon), groups: groups as number | undefined, scalesGroups };
  },
  infer: onFloats((node, inputs) => [shapeOf(node, inputs)]),
  lower,
  reference({ attributes }, inputs) {
    const [x, gamma, beta] = inputs.map(present);
    const channels = x.shape[1];
    const { epsilon, groups = channels, scalesGroups = false } = attributes;
    const together = channels / groups;
    const groupOf = ([n, c]: readonly number[]) => n * groups + Math.floor(c / together);
    const members: number[][] = Array.from({ length: x.shape[0] * groups }, () => []);
    let at = 0;
    build(x.shape, (index) => members[groupOf(index)].push(x.data[at++]));
    const moments = members.map((numbers) => definedMoments(numbers, epsilon));
    at = 0;
    const normalAt = (index: readonly number[]) => {
      const { mean, inverse } = moments[groupOf(index)];
      const own = scalesGroups ? Math.floor(index[1] / together) : index[1];
      return gamma.data[own] * (x.data[at++] - mean) * inverse + beta.data[own];
    };
    return [build(x.shape, normalAt)] satisfies readonly DoubleTensor[];
  },
  slicing: () => WHOLE_PICTURE,
  inPlace: 1,
  gradient: null,
};

function shapeOf(node: Node, [x, gamma, beta]: readonly (readonly Size[] | null)[]): Sizes {
  const shape = expectChannelAxis(node, x);
  const { groups, scalesGroups = false } = node.attributes;
  const channels = shape[1];
  if (groups !== undefined && typeof channels === 'number' && channels % groups !== 0) {
    const text = `${groups} groups do not divide ${channels} channels`;
    throw new NnpackError('invalid-groups', `${whoIs(node)}: ${text}`);
  }
  const expected = scalesGroups ? (groups ?? channels) : channels;
  for (const [what, vector] of Object.entries({ gamma, beta })) {
    if (vector?.length !== 1) throw wrongRank(node, what, '[C]', vector ?? null);
    expectVector(node, what, vector, expected, 'invalid-channels');
  }
  return shape.map((size, axis) => (axis === 1 && mayEqual(size, expected) && !scalesGroups ? expected : size));
}

function lower({ node, outputs: [shape], context }: Lowering<GroupNormalisationAttributes>): Compiled {
  const [batch, channels, ...pixels] = shape;
  const { epsilon, groups = channels, scalesGroups = false } = node.attributes;
  const [plane, together] = [sizeOf(pixels), channels / groups];
  return withoutWeights(([x, gamma, beta], [y]) => {
    const { f32 } = context.arena;
    for (let group = 0; group < batch * groups; group++) {
      const start = group * together * plane;
      const { mean, inverse } = momentsOf(f32, x + start, together * plane, epsilon);
      for (let c = 0; c < together; c++) {
        const g = group % groups;
        const own = scalesGroups ? g : g * together + c;
        const scale = f32[gamma + own] * inverse;
        const shift = f32[beta + own];
        const from = start + c * plane;
        for (let i = from; i < from + plane; i++) f32[y + i] = (f32[x + i] - mean) * scale + shift;
      }
    }
  });
}
