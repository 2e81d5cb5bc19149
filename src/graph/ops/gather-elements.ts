import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import { at, build, present } from './double.ts';
import { mayEqual, wrongRank } from './inputs.ts';
import type { Operation } from './operation.ts';
import { axisAmong, expectWhole, parseAxis, placeAmong, typeAt } from './settings.ts';

/**
 * Single elements of the first input at the places that the second tells along an axis; negative ones are counted from
 * behind the last:
 *
 *     y[a…, i, b…] = x[a…, indices[a…, i, b…], b…]
 */
export interface GatherElementsAttributes {
  readonly axis: number;
}

export const gatherElements: Operation<GatherElementsAttributes> = {
  inputs: { least: 2, most: 2 },
  fields: { axis: true },
  check: parseAxis,
  infer(node, inputs) {
    const [{ dtype, shape }, indices] = [typeAt(inputs, 0), typeAt(inputs, 1)];
    expectWhole(node, 'indices', indices);
    if (indices.shape.length !== shape.length) throw wrongRank(node, 'indices', shapeText(shape), indices.shape);
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const isWithin = indices.shape.every((size, a) => a === axis || mayEqual(size, shape[a]) || size < shape[a]);
    if (isWithin) return [{ dtype, shape: indices.shape }];
    const text = `indices are ${shapeText(indices.shape)}, expected no more than ${shapeText(shape)} but for axis ${axis}`;
    throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
  },
  reference(node, inputs) {
    const [x, indices] = inputs.map(present);
    const axis = axisAmong(node, node.attributes.axis, x.shape.length);
    return [
      build(indices.shape, (index) => {
        const place = placeAmong(node, at(indices, index), x.shape[axis]);
        return at(
          x,
          index.map((i, a) => (a === axis ? place : i)),
        );
      }),
    ];
  },
  slicing: () => 'slices need the rows and columns where they are',
  gradient: null,
};
