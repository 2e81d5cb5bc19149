import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { productOf } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { parseAxis, typeAt } from './settings.ts';
import { reshaping } from './view.ts';

/** Two axes: those before `axis` (negative: counted from behind the last) in one, and the others in one. */
export interface GeneralFlattenAttributes {
  readonly axis: number;
}

export const generalFlatten: Operation<GeneralFlattenAttributes> = reshaping(
  { inputs: ONE, fields: { axis: true }, check: parseAxis },
  (node, inputs) => {
    const { shape } = typeAt(inputs, 0);
    const { axis } = node.attributes;
    if (axis < -shape.length || axis > shape.length) {
      const text = `axis is ${axis}, expected at most ${shape.length} (the input's axes)`;
      throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
    }
    const from = axis < 0 ? axis + shape.length : axis;
    // One axis alone keeps the name of its size.
    const sizeOfAxes = (axes: typeof shape) => (axes.length === 1 ? axes[0] : productOf(axes));
    return [sizeOfAxes(shape.slice(0, from)), sizeOfAxes(shape.slice(from))];
  },
);
