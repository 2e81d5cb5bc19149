import { NnpackError } from '../../errors.ts';
import { denseStrides } from '../../tensor/ndarray.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import { present } from './double.ts';
import { expectOneShape } from './inputs.ts';
import type { Operation } from './operation.ts';
import { expectUpdates, parseReduction, type Reduction, scattered } from './scattering.ts';
import { placeAmong, typeAt } from './settings.ts';

/**
 * The first input with slices changed, at indices that the second has along its last axis (negative ones are counted from
 * behind the last), by the third:
 *
 *     y = x, then y[indices[i…, 0], indices[i…, 1], …, s…] ← updates[i…, s…]
 */
export interface ScatterSlicesAttributes {
  readonly reduction: Reduction;
}

export const scatterSlices: Operation<ScatterSlicesAttributes> = {
  inputs: { least: 3, most: 3 },
  fields: { reduction: true },
  check: (who, given) => ({ reduction: parseReduction(who, given) }),
  infer(node, inputs) {
    expectUpdates(node, inputs);
    const [{ dtype, shape }, indices, updates] = [0, 1, 2].map((place) => typeAt(inputs, place));
    const depth = indices.shape.at(-1);
    if (typeof depth === 'string') return [{ dtype, shape }];
    if (depth === undefined || depth > shape.length) {
      const text = `indices are ${shapeText(indices.shape)}, expected at most ${shape.length} along the last axis`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
    }
    const expected = [...indices.shape.slice(0, -1), ...shape.slice(depth)];
    expectOneShape(node, 'updates, and what the indices name', [updates.shape, expected]);
    return [{ dtype, shape }];
  },
  reference(node, inputs) {
    const [x, indices, updates] = inputs.map(present);
    const depth = indices.shape[indices.shape.length - 1];
    const strides = denseStrides(x.shape);
    const size = x.shape.slice(depth).reduce((product, other) => product * other, 1);
    const changes = Array.from(updates.data, (update, i) => {
      const row = Math.floor(i / size) * depth;
      let place = i % size;
      for (let a = 0; a < depth; a++) place += strides[a] * placeAmong(node, indices.data[row + a], x.shape[a]);
      return [place, update] as const;
    });
    return [scattered(x, node.attributes.reduction, changes)];
  },
  slicing: () => 'slices need the rows and columns where they are',
  gradient: null,
};
