import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { at, build, present } from './double.ts';
import { productOf, wrongRank } from './inputs.ts';
import type { Operation } from './operation.ts';
import { axisAmong, parseAxis, typeAt } from './settings.ts';

/**
 * A new axis, of so many elements as the second input says: the one at the place that the first input tells is the second
 * of the third input's two numbers, all others are the first. Negative places are counted from behind the last, and what
 * lies beyond is nowhere.
 */
export interface OneHotAttributes {
  /** Of the output; it may be negative. */
  readonly axis: number;
}

export const oneHot: Operation<OneHotAttributes> = {
  inputs: { least: 3, most: 3 },
  fields: { axis: true },
  check: parseAxis,
  infer(node, inputs) {
    const [{ shape }, depth, values] = [0, 1, 2].map((place) => typeAt(inputs, place));
    if (productOf(depth.shape) !== 1) throw wrongRank(node, 'depth', 'one number', depth.shape);
    if (values.shape.length !== 1 || values.shape[0] !== 2) throw wrongRank(node, 'values', '[2]', values.shape);
    const axis = axisAmong(node, node.attributes.axis, shape.length + 1);
    if (depth.elements === undefined) return [null];
    const count = Math.trunc(depth.elements().data[0]);
    if (!(count >= 1)) {
      throw new NnpackError('invalid-argument', `${whoIs(node)}: depth is ${count}, expected at least 1`);
    }
    return [{ dtype: values.dtype, shape: [...shape.slice(0, axis), count, ...shape.slice(axis)] }];
  },
  reference(node, inputs) {
    const [places, depth, values] = inputs.map(present);
    const axis = axisAmong(node, node.attributes.axis, places.shape.length + 1);
    const count = Math.trunc(depth.data[0]);
    const [off, on] = values.data;
    return [
      build([...places.shape.slice(0, axis), count, ...places.shape.slice(axis)], (index) => {
        const place = Math.trunc(at(places, [...index.slice(0, axis), ...index.slice(axis + 1)]));
        return index[axis] === (place < 0 ? place + count : place) ? on : off;
      }),
    ];
  },
  slicing: () => 'its output is no picture',
  gradient: null,
};
