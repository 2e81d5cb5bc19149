/** Where the greatest or the least element along an axis stands. */
import { NnpackError } from '../../errors.ts';
import { type OpNode, whoIs } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { linesOf } from './along.ts';
import { present } from './double.ts';
import { ONE, type Operation } from './operation.ts';
import { axisAmong, wholeAxis } from './settings.ts';

/** The index of the extreme element along an axis; of several equal ones the first. NaN is more extreme than all numbers. */
export interface ExtremeAttributes {
  readonly axis: number;
  /** The axis stays, with one element. */
  readonly keepAxis?: boolean;
  /** Of several equal ones the last. */
  readonly takesLast?: boolean;
}

/** @param isMore whether a is more extreme than b */
export function extreme(isMore: (a: number, b: number) => boolean): Operation<ExtremeAttributes> {
  return {
    inputs: ONE,
    fields: { axis: true, keepAxis: true, takesLast: true },
    check: (who, given) => ({
      axis: wholeAxis(who, 'axis', given.axis),
      keepAxis: parseFlag(who, 'keepAxis', given.keepAxis),
      takesLast: parseFlag(who, 'takesLast', given.takesLast),
    }),
    infer(node, [x]) {
      const shape = x?.shape ?? [];
      if (shape[axisAmong(node, node.attributes.axis, shape.length)] === 0) {
        throw new NnpackError('invalid-input-size', `${whoIs(node)}: input has no elements along its axis`);
      }
      return [{ dtype: 'int64', shape: withoutAxis(node, shape) }];
    },
    reference(node, [input]) {
      const x = present(input);
      const { axis, takesLast = false } = node.attributes;
      const isBetter = (a: number, b: number) =>
        Number.isNaN(b) ? takesLast && Number.isNaN(a) : Number.isNaN(a) || isMore(a, b) || (takesLast && a === b);
      const indices = [...linesOf(x, axisAmong(node, axis, x.shape.length))].map((line) =>
        line.reduce((best, value, k) => (k > 0 && isBetter(value, line[best]) ? k : best), 0),
      );
      return [{ shape: withoutAxis(node, x.shape), data: Float64Array.from(indices) }];
    },
    terms: (node, [x]) => x?.[axisAmong(node, node.attributes.axis, x.length)] ?? 1,
    slicing: () => 'its output is no picture',
    gradient: null,
  };
}

function withoutAxis<S extends Size>(node: OpNode<ExtremeAttributes>, shape: readonly S[]): (S | 1)[] {
  const { axis, keepAxis = false } = node.attributes;
  const own = axisAmong(node, axis, shape.length);
  return keepAxis ? shape.map((size, i) => (i === own ? 1 : size)) : shape.filter((_, i) => i !== own);
}
