import { expectOneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { DTYPES, type Dtype } from '../values.ts';
import { build, present } from './double.ts';
import { wrongRank } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { typeAt } from './settings.ts';

/** A matrix of the input's shape with ones on the diagonal, and zeros elsewhere. */
export interface DiagonalAttributes {
  /** That of the input when not given. */
  readonly dtype?: Dtype;
  /** How far to the right the diagonal is moved. */
  readonly shift: number;
}

export const diagonal: Operation<DiagonalAttributes> = {
  inputs: ONE,
  fields: { dtype: true, shift: true },
  check(who, { dtype, shift }) {
    if (typeof shift !== 'number' || !Number.isInteger(shift)) {
      throw new NnpackError('invalid-argument', `${who}: shift is ${show(shift)}, expected a whole number`);
    }
    if (dtype === undefined) return { shift };
    return { shift, dtype: expectOneOf(who, 'dtype', dtype, DTYPES, 'invalid-tensor-type') };
  },
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    if (shape.length !== 2) throw wrongRank(node, 'input', '[H, W]', shape);
    return [{ dtype: node.attributes.dtype ?? dtype, shape }];
  },
  reference: ({ attributes: { shift } }, [input]) => [
    build(present(input).shape, ([row, column]) => (column - row === shift ? 1 : 0)),
  ],
  slicing: () => 'its output is no picture',
  gradient: null,
};
