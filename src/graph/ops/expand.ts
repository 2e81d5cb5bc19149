import { broadcastShape, stretchedStrides } from './broadcast.ts';
import { at, build, present } from './double.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { listOf, typeAt } from './settings.ts';
import { lowerStrided } from './strided.ts';

/** The first input stretched to the shape that the second lists, or that one to it where it has 1. */
export const expand: Operation<NoAttributes> = {
  inputs: { least: 2, most: 2 },
  fields: {},
  check: () => ({}),
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    const list = listOf(node, 'shape', inputs[1]);
    return [list ? { dtype, shape: broadcastShape(node, [shape, list]) } : null];
  },
  lower: ({ inputs: [input], outputs: [shape], context }) =>
    lowerStrided(context, { shape, stride: stretchedStrides(input ?? [], shape), offset: 0 }),
  reference(_node, [input, list]) {
    const x = present(input);
    const to = [...present(list).data];
    while (to.length < x.shape.length) to.unshift(1);
    const missing = to.length - x.shape.length;
    const shape = to.map((size, axis) => (size === 1 ? (x.shape[axis - missing] ?? 1) : size));
    return [
      build(shape, (index) =>
        at(
          x,
          x.shape.map((size, axis) => (size === 1 ? 0 : index[axis + missing])),
        ),
      ),
    ];
  },
  specialise(node, inputs) {
    const { shape } = typeAt(inputs, 0);
    const list = listOf(node, 'shape', inputs[1]);
    const isSame = list && String(broadcastShape(node, [shape, list])) === String(shape);
    return isSame ? { op: 'identity', inputs: [node.inputs[0]], attributes: {} } : null;
  },
  slicing: () => 'slices need the rows and columns where they are',
  settingsFrom: 1,
  gradient: null,
};
