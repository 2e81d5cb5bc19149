import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { at, build, present } from './double.ts';
import type { Operation } from './operation.ts';
import { axisAmong, expectWhole, parseAxis, placeAmong, typeAt } from './settings.ts';

/**
 * Slices of the first input along an axis, at the places that the second tells: negative ones are counted from behind the
 * last. The axis becomes the axes of the second input:
 *
 *     y[a…, i…, b…] = x[a…, indices[i…], b…]
 */
export interface GatherAttributes {
  readonly axis: number;
}

export const gather: Operation<GatherAttributes> = {
  inputs: { least: 2, most: 2 },
  fields: { axis: true },
  check: parseAxis,
  infer(node, inputs) {
    const [{ dtype, shape }, indices] = [typeAt(inputs, 0), typeAt(inputs, 1)];
    expectWhole(node, 'indices', indices);
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const size = shape[axis];
    if (typeof size === 'number') for (const index of indices.elements?.().data ?? []) placeAmong(node, index, size);
    return [{ dtype, shape: [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)] }];
  },
  lower({ node, inputs: [input], settings, context }) {
    const shape = input ?? [];
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const rows = sizeOf(shape.slice(0, axis));
    const run = sizeOf(shape.slice(axis + 1));
    const pitch = shape[axis] * run;
    const places = Array.from(present(settings[0]).data, (index) => placeAmong(node, index, shape[axis]));
    return withoutWeights(([x], [y]) => {
      if (rows * run === 0) return;
      places.forEach((place, i) => {
        context.kernels.copyRows(rows, run, x + place * run, pitch, 1, y + i * run, places.length * run);
      });
    });
  },
  reference(node, inputs) {
    const [x, indices] = inputs.map(present);
    const axis = axisAmong(node, node.attributes.axis, x.shape.length);
    const after = axis + indices.shape.length;
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return [
      build(shape, (index) => {
        const place = placeAmong(node, at(indices, index.slice(axis, after)), x.shape[axis]);
        return at(x, [...index.slice(0, axis), place, ...index.slice(after)]);
      }),
    ];
  },
  slicing: () => 'slices need the rows and columns where they are',
  settingsFrom: 1,
  gradient: null,
};
