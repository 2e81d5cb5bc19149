import { expectOneOf } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { DTYPES, type Dtype } from '../values.ts';
import { build, present } from './double.ts';
import { ONE, type Operation } from './operation.ts';
import { listOf } from './settings.ts';

/** One number everywhere, in the shape that the input lists. */
export interface FillAttributes {
  readonly dtype: Dtype;
  readonly value: number;
}

export const fill: Operation<FillAttributes> = {
  inputs: ONE,
  fields: { dtype: true, value: true },
  check(who, { dtype, value }) {
    if (typeof value !== 'number') {
      throw new NnpackError('invalid-argument', `${who}: value is ${show(value)}, expected a number`);
    }
    return { dtype: expectOneOf(who, 'dtype', dtype, DTYPES, 'invalid-tensor-type'), value };
  },
  infer(node, inputs) {
    const shape = listOf(node, 'shape', inputs[0]);
    if (!shape) return [null];
    if (shape.some((size) => size < 0)) {
      const text = `shape is ${show([...shape])}, expected whole numbers of at least 0`;
      throw new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
    }
    return [{ dtype: node.attributes.dtype, shape }];
  },
  lower({ node, outputs: [shape], context }) {
    const size = sizeOf(shape);
    return withoutWeights((_inputs, [y]) => context.kernels.fill(size, y, node.attributes.value));
  },
  reference: ({ attributes }, [shape]) => [build([...present(shape).data], () => attributes.value)],
  slicing: () => 'its output follows from no picture',
  settingsFrom: 0,
  gradient: null,
};
