import { NnpackError, show } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import { at, build, present } from './double.ts';
import { mayEqual } from './inputs.ts';
import type { Operation } from './operation.ts';
import { expectWhole, placeAmong, typeAt } from './settings.ts';

/**
 * Slices of the first input at indices that the second has along its last axis; negative ones are counted from behind the
 * last. The first axes of both may be the same:
 *
 *     y[b…, i…, s…] = x[b…, indices[b…, i…, 0], indices[b…, i…, 1], …, s…]
 */
export interface GatherSlicesAttributes {
  /** How many axes b are. */
  readonly batchAxes: number;
}

export const gatherSlices: Operation<GatherSlicesAttributes> = {
  inputs: { least: 2, most: 2 },
  fields: { batchAxes: true },
  check(who, { batchAxes }) {
    if (typeof batchAxes === 'number' && Number.isInteger(batchAxes) && batchAxes >= 0) return { batchAxes };
    const text = `batchAxes is ${show(batchAxes)}, expected a whole number of at least 0`;
    throw new NnpackError('invalid-argument', `${who}: ${text}`);
  },
  infer(node, inputs) {
    const [{ dtype, shape }, indices] = [typeAt(inputs, 0), typeAt(inputs, 1)];
    expectWhole(node, 'indices', indices);
    const { batchAxes } = node.attributes;
    const depth = indices.shape.at(-1);
    // How many axes are left follows from the size.
    if (typeof depth === 'string') return [null];
    const isOne = indices.shape.slice(0, batchAxes).every((size, axis) => mayEqual(size, shape[axis]));
    if (depth === undefined || batchAxes >= indices.shape.length || batchAxes + depth > shape.length || !isOne) {
      const text = `indices are ${shapeText(indices.shape)} for an input ${shapeText(shape)}`;
      const expected = `expected ${batchAxes} equal axes, and at most as many indices as there are other axes`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}, ${expected}`);
    }
    return [{ dtype, shape: [...indices.shape.slice(0, -1), ...shape.slice(batchAxes + depth)] }];
  },
  reference(node, inputs) {
    const [x, indices] = inputs.map(present);
    const { batchAxes } = node.attributes;
    const rank = indices.shape.length;
    const depth = indices.shape[rank - 1];
    const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(batchAxes + depth)];
    return [
      build(shape, (index) => {
        const row = index.slice(0, rank - 1);
        const places = Array.from({ length: depth }, (_, i) => {
          return placeAmong(node, at(indices, [...row, i]), x.shape[batchAxes + i]);
        });
        return at(x, [...index.slice(0, batchAxes), ...places, ...index.slice(rank - 1)]);
      }),
    ];
  },
  slicing: () => 'slices need the rows and columns where they are',
  gradient: null,
};
