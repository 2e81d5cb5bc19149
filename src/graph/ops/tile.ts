import { NnpackError, show } from '../../errors.ts';
import { denseStrides } from '../../tensor/ndarray.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import { at, build, present } from './double.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { listOf, typeAt } from './settings.ts';
import { lowerStrided } from './strided.ts';

/** The first input again and again along each axis, as often as the second lists. */
export const tile: Operation<NoAttributes> = {
  inputs: { least: 2, most: 2 },
  fields: {},
  check: () => ({}),
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    const counts = countsOf(node, inputs);
    const sizes = counts?.map((count, axis) => {
      const size = shape[axis];
      if (typeof size === 'number') return size * count;
      return count === 1 ? size : null;
    });
    return [sizes ? { dtype, shape: sizes } : null];
  },
  lower({ inputs: [input], settings: [counts], context }) {
    const sizes = input ?? [];
    const strides = denseStrides(sizes);
    const shape = [...present(counts).data].flatMap((count, axis) => [count, sizes[axis]]);
    return lowerStrided(context, { shape, stride: strides.flatMap((step) => [0, step]), offset: 0 });
  },
  reference(_node, [input, counts]) {
    const x = present(input);
    const shape = [...present(counts).data].map((count, axis) => count * x.shape[axis]);
    return [
      build(shape, (index) =>
        at(
          x,
          index.map((i, axis) => i % x.shape[axis]),
        ),
      ),
    ];
  },
  specialise(node, inputs) {
    const isOnce = countsOf(node, inputs)?.every((count) => count === 1);
    return isOnce ? { op: 'identity', inputs: [node.inputs[0]], attributes: {} } : null;
  },
  slicing: () => 'slices need the rows and columns where they are',
  settingsFrom: 1,
  gradient: null,
};

function countsOf(node: OpNode<NoAttributes>, inputs: InputTypes): readonly number[] | null {
  const { shape } = typeAt(inputs, 0);
  const counts = listOf(node, 'counts', inputs[1]);
  if (!counts) return null;
  if (counts.length === shape.length && counts.every((count) => count >= 0)) return counts;
  const text = `counts are ${show([...counts])}, expected a whole number for each of ${shape.length} axes`;
  throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
}
