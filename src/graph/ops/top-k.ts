import { NnpackError, show } from '../../errors.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { linesOf, ofLines } from './along.ts';
import { present } from './double.ts';
import type { Operation } from './operation.ts';
import { axisAmong, wholeAxis } from './settings.ts';

/**
 * The k greatest elements along an axis, or the k least, each extreme one first, and where they stood: of equal ones the
 * one of the lower index comes first, and NaN counts as greater than all numbers.
 */
export interface TopKAttributes {
  readonly axis: number;
  readonly takesLeast?: boolean;
}

type TopKNode = OpNode<TopKAttributes>;

/** Reads the value, and k; makes the elements, and their indices. */
export const topK: Operation<TopKAttributes> = {
  inputs: { least: 2, most: 2 },
  outputs: { least: 1, most: 2 },
  fields: { axis: true, takesLeast: true },
  check: (who, given) => ({
    axis: wholeAxis(who, 'axis', given.axis),
    takesLeast: parseFlag(who, 'takesLeast', given.takesLeast),
  }),
  infer(node, [x, k]: InputTypes): readonly (InferredType | null)[] {
    const elements = k?.elements?.();
    if (x === null || elements === undefined) return node.outputs.map(() => null);
    const shape = shapeOf(node, x.shape, elements.data[0]);
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64' as const, shape },
    ].slice(0, node.outputs.length);
  },
  reference(node, [input, k]) {
    const x = present(input);
    const { takesLeast = false } = node.attributes;
    const axis = axisAmong(node, node.attributes.axis, x.shape.length);
    const shape = shapeOf(node, x.shape, present(k).data[0]) as readonly number[];
    const lines = [...linesOf(x, axis)];
    const places = lines.map((line) => {
      const indices = [...line.keys()];
      return indices.sort((a, b) => order(line[a], line[b]) * (takesLeast ? -1 : 1) || a - b);
    });
    const values = places.map((indices, i) => indices.map((place) => lines[i][place]));
    return [ofLines(shape, axis, values), ofLines(shape, axis, places)].slice(0, node.outputs.length);
  },
  slicing: () => 'its output is no picture',
  gradient: null,
};

/** Below 0 where a is the greater. */
function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a === b ? 0 : a > b ? -1 : 1;
}

function shapeOf(node: TopKNode, shape: readonly Size[], k: number): readonly Size[] {
  const axis = axisAmong(node, node.attributes.axis, shape.length);
  const size = shape[axis];
  if (!(k >= 0) || (typeof size === 'number' && k > size)) {
    throw new NnpackError('invalid-argument', `${whoIs(node)}: k is ${show(k)}, expected 0 to ${show(size)}`);
  }
  return shape.map((each, i) => (i === axis ? k : each));
}
