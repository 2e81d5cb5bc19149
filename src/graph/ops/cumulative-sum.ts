import { expectBoolean } from '../../check/options.ts';
import { at, build, present } from './double.ts';
import type { Operation } from './operation.ts';
import { axisAmong, expectWhole, typeAt } from './settings.ts';

/** Of each element, the sum of all up to it along the axis that the second input tells, which may be negative. */
export interface CumulativeSumAttributes {
  /** Without the element itself. */
  readonly isExclusive: boolean;
  /** From the last element on. */
  readonly isReverse: boolean;
}

export const cumulativeSum: Operation<CumulativeSumAttributes> = {
  inputs: { least: 2, most: 2 },
  fields: { isExclusive: true, isReverse: true },
  check(who, { isExclusive, isReverse }) {
    expectBoolean(who, 'isExclusive', isExclusive);
    expectBoolean(who, 'isReverse', isReverse);
    return { isExclusive, isReverse };
  },
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    expectWhole(node, 'axis', inputs[1]);
    const axis = inputs[1]?.elements?.().data[0];
    if (axis !== undefined) axisAmong(node, axis, shape.length);
    return [{ dtype, shape }];
  },
  reference(node, inputs) {
    const [x, told] = inputs.map(present);
    const { isExclusive, isReverse } = node.attributes;
    const axis = axisAmong(node, told.data[0], x.shape.length);
    const step = isReverse ? 1 : -1;
    return [
      build(x.shape, (index) => {
        let total = 0;
        for (let i = index[axis] + (isExclusive ? step : 0); i >= 0 && i < x.shape[axis]; i += step) {
          total += at(
            x,
            index.map((other, a) => (a === axis ? i : other)),
          );
        }
        return total;
      }),
    ];
  },
  // Every sum begins anew.
  terms: (_node, [shape]) => Math.max(1, ...(shape ?? [])),
  slicing: () => 'each output depends on a whole axis',
  gradient: null,
};
