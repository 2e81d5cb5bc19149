import { NnpackError, show } from '../../errors.ts';
import { denseStrides } from '../../tensor/ndarray.ts';
import { copyIn } from '../../tensor/tensor.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { parseList } from '../parse-values.ts';
import { shapeText } from '../values.ts';
import { at, build, present } from './double.ts';
import { onOneType } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';

/** Axis a of the output is axis permutation[a] of the input: [0, 2, 3, 1] turns N C H W into N H W C. */
export interface TransposeAttributes {
  readonly permutation: readonly number[];
}

export const transpose: Operation<TransposeAttributes> = {
  inputs: ONE,
  fields: { permutation: true },
  check(who, given) {
    const axes = parseList(who, 'permutation', given.permutation, 'invalid-argument');
    const isWhole = axes.every((_, axis) => axes.includes(axis));
    if (isWhole && axes.length > 0) return { permutation: Object.freeze(axes.map(Number)) };
    const text = `permutation is ${show([...axes])}, expected each axis from 0 on once`;
    throw new NnpackError('invalid-argument', `${who}: ${text}`);
  },
  infer: onOneType((node, [x]) => {
    const { permutation } = node.attributes;
    const shape = x ?? [];
    if (shape.length === permutation.length) return [permutation.map((axis) => shape[axis])];
    const text = `input is ${shapeText(shape)}, expected ${permutation.length} axes (its permutation's)`;
    throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}`);
  }),
  lower({ node, inputs, outputs: [shape], context }) {
    const strides = denseStrides(inputs[0] ?? []);
    const stride = node.attributes.permutation.map((axis) => strides[axis]);
    const { arena } = context;
    return withoutWeights(([x], [y]) => copyIn({ data: arena.f32, shape, stride, offset: x }, arena.f32, y));
  },
  reference({ attributes: { permutation } }, [input]) {
    const x = present(input);
    const shape = permutation.map((axis) => x.shape[axis]);
    const source = (index: readonly number[]) => x.shape.map((_, axis) => index[permutation.indexOf(axis)]);
    return [build(shape, (index) => at(x, source(index)))];
  },
  slicing: () => 'slices need the rows and columns where they are',
  isIdentity: ({ attributes }) => attributes.permutation.every((axis, i) => axis === i),
  permutation: ({ permutation }) => permutation,
  gradient: null,
};
