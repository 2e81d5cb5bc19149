import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { type Size, shapeText } from '../values.ts';
import { at, build, present } from './double.ts';
import { expectOneShape, onOneType, wrongRank } from './inputs.ts';
import { ONE_OR_MORE, type Operation } from './operation.ts';
import { axisAmong, parseAxis, typeAt } from './settings.ts';

/** One behind the other along an axis, which may be negative; along the channels it becomes a concatenation. */
export interface GeneralConcatenationAttributes {
  readonly axis: number;
}

type ConcatenationNode = OpNode<GeneralConcatenationAttributes>;

export const generalConcatenation: Operation<GeneralConcatenationAttributes> = {
  inputs: ONE_OR_MORE,
  fields: { axis: true },
  check: parseAxis,
  infer: onOneType((node, inputs) => [
    joined(
      node,
      inputs.map((shape) => shape ?? []),
    ),
  ]),
  lower({ node, inputs, outputs: [output], context }) {
    const axis = axisAmong(node, node.attributes.axis, output.length);
    const rows = sizeOf(output.slice(0, axis));
    const pitch = sizeOf(output.slice(axis));
    const runs = inputs.map((shape) => sizeOf((shape ?? []).slice(axis)));
    return withoutWeights((xs, [y]) => {
      let to = y;
      runs.forEach((run, i) => {
        if (rows * run > 0) context.kernels.copyRows(rows, run, xs[i], run, 1, to, pitch);
        to += run;
      });
    });
  },
  reference(node, given) {
    const inputs = given.map(present);
    const { shape } = inputs[0];
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const sizes = inputs.map((x) => x.shape[axis]);
    const copied = (index: readonly number[]) => {
      let from = 0;
      let place = index[axis];
      while (place >= sizes[from]) place -= sizes[from++];
      return at(
        inputs[from],
        index.map((i, a) => (a === axis ? place : i)),
      );
    };
    const total = sizes.reduce((a, b) => a + b);
    return [
      build(
        shape.map((size, a) => (a === axis ? total : size)),
        copied,
      ),
    ];
  },
  specialise({ inputs, attributes }, types) {
    const rank = typeAt(types, 0).shape.length;
    const isAlongChannels = attributes.axis === 1 || attributes.axis === 1 - rank;
    const isEmpty = types.some((type) => type?.shape.includes(0));
    return rank >= 2 && isAlongChannels && !isEmpty ? { op: 'concatenation', inputs, attributes: {} } : null;
  },
  slicing: () => 'slices need what is joined to be planes',
  isIdentity: ({ inputs }) => inputs.length === 1,
  gradient: null,
};

function joined(node: ConcatenationNode, shapes: readonly (readonly Size[])[]): Sizes {
  const [first] = shapes;
  const other = shapes.find((shape) => shape.length !== first.length);
  if (other !== undefined) throw wrongRank(node, 'an input', shapeText(first), other);
  if (first.length === 0) {
    throw new NnpackError('invalid-rank', `${whoIs(node)}: inputs have no axes, expected one to join them along`);
  }
  const axis = axisAmong(node, node.attributes.axis, first.length);
  const others = shapes.map((shape) => shape.filter((_, a) => a !== axis));
  const rest = expectOneShape(node, 'the inputs but for the axis that joins them', others);
  const sizes = shapes.map((shape) => shape[axis]);
  const isKnown = sizes.every((size) => typeof size === 'number');
  const total = isKnown ? sizes.reduce((sum, size) => sum + size, 0) : sizes.length === 1 ? sizes[0] : null;
  return [...rest.slice(0, axis), total, ...rest.slice(axis)];
}
