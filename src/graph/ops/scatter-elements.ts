import { denseStrides } from '../../tensor/ndarray.ts';
import { shapeText } from '../values.ts';
import { present } from './double.ts';
import { expectOneShape, wrongRank } from './inputs.ts';
import type { Operation } from './operation.ts';
import { expectUpdates, parseReduction, type Reduction, scattered } from './scattering.ts';
import { axisAmong, parseAxis, placeAmong, typeAt } from './settings.ts';

/**
 * The first input with single elements changed, at the places that the second tells along an axis (negative ones are
 * counted from behind the last), by the third:
 *
 *     y = x, then y[a…, indices[a…, i, b…], b…] ← updates[a…, i, b…]
 */
export interface ScatterElementsAttributes {
  readonly axis: number;
  readonly reduction: Reduction;
}

export const scatterElements: Operation<ScatterElementsAttributes> = {
  inputs: { least: 3, most: 3 },
  fields: { axis: true, reduction: true },
  check: (who, given) => ({ ...parseAxis(who, given), reduction: parseReduction(who, given) }),
  infer(node, inputs) {
    expectUpdates(node, inputs);
    const [{ dtype, shape }, indices, updates] = [0, 1, 2].map((place) => typeAt(inputs, place));
    axisAmong(node, node.attributes.axis, shape.length);
    if (indices.shape.length !== shape.length) throw wrongRank(node, 'indices', shapeText(shape), indices.shape);
    expectOneShape(node, 'indices and updates', [indices.shape, updates.shape]);
    return [{ dtype, shape }];
  },
  reference(node, inputs) {
    const [x, indices, updates] = inputs.map(present);
    const axis = axisAmong(node, node.attributes.axis, x.shape.length);
    const own = denseStrides(indices.shape);
    const strides = denseStrides(x.shape);
    const changes = Array.from(indices.data, (index, i) => {
      const place = strides.reduce((sum, stride, a) => {
        const along = Math.floor(i / own[a]) % indices.shape[a];
        return sum + stride * (a === axis ? placeAmong(node, index, x.shape[axis]) : along);
      }, 0);
      return [place, updates.data[i]] as const;
    });
    return [scattered(x, node.attributes.reduction, changes)];
  },
  slicing: () => 'slices need the rows and columns where they are',
  gradient: null,
};
