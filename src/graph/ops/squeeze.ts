import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { axesAmong, listOf, typeAt } from './settings.ts';
import { reshaping } from './view.ts';

/** Without the axes that the second input lists, each of one element; without all of these where it is left out. */
export const squeeze: Operation<NoAttributes> = reshaping<NoAttributes>(
  { inputs: { least: 1, most: 2 }, fields: {}, check: () => ({}) },
  (node, inputs) => {
    const { shape } = typeAt(inputs, 0);
    const list = listOf(node, 'axes', inputs[1]);
    if (list === undefined) {
      // How many axes are left follows from what sizes turn out to be.
      return shape.every((size) => typeof size === 'number') ? shape.filter((size) => size !== 1) : null;
    }
    if (list === null) return null;
    const axes = axesAmong(node, list, shape.length);
    const wrong = axes.find((axis) => typeof shape[axis] === 'number' && shape[axis] !== 1);
    if (wrong !== undefined) {
      const text = `axis ${wrong} of ${shapeText(shape)} has ${shape[wrong]} elements, expected one`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
    }
    return shape.filter((_, axis) => !axes.includes(axis));
  },
);
