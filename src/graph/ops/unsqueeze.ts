import type { Sizes } from '../node.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { axesAmong, listOf, typeAt } from './settings.ts';
import { reshaping } from './view.ts';

/** With axes of one element where the second input lists them: they are axes of the output. */
export const unsqueeze: Operation<NoAttributes> = reshaping<NoAttributes>(
  { inputs: { least: 2, most: 2 }, fields: {}, check: () => ({}) },
  (node, inputs): Sizes | null => {
    const { shape } = typeAt(inputs, 0);
    const list = listOf(node, 'axes', inputs[1]);
    if (!list) return null;
    const rank = shape.length + list.length;
    const axes = axesAmong(node, list, rank);
    const rest = [...shape];
    return Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? null)));
  },
);
