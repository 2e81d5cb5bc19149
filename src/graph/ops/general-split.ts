import { NnpackError, show } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import type { Size } from '../values.ts';
import { at, build, present } from './double.ts';
import { ONE_OR_MORE, type Operation } from './operation.ts';
import { axisAmong, listOf, parseAxis, typeAt, typeOfValue } from './settings.ts';

/**
 * Parts along an axis, which may be negative, of the sizes that the second input lists. Where it is left out the parts
 * are equal, but for a smaller last one if they do not come out even. Along the channels it becomes a split.
 */
export interface GeneralSplitAttributes {
  readonly axis: number;
}

type SplitNode = OpNode<GeneralSplitAttributes>;

export const generalSplit: Operation<GeneralSplitAttributes> = {
  inputs: { least: 1, most: 2 },
  outputs: ONE_OR_MORE,
  fields: { axis: true },
  check: parseAxis,
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const sizes = partsOf(node, inputs, shape[axis]);
    if (sizes === null) return node.outputs.map(() => null);
    return sizes.map((size) => ({ dtype, shape: shape.map((other, a) => (a === axis ? size : other)) }));
  },
  lower({ node, inputs, outputs, context }) {
    const shape = inputs[0] ?? [];
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const rows = sizeOf(shape.slice(0, axis));
    const pitch = sizeOf(shape.slice(axis));
    const runs = outputs.map((output) => sizeOf(output.slice(axis)));
    return withoutWeights(([x], ys) => {
      let from = x;
      runs.forEach((run, i) => {
        if (rows * run > 0) context.kernels.copyRows(rows, run, from, pitch, 1, ys[i], run);
        from += run;
      });
    });
  },
  reference(node, inputs) {
    const x = present(inputs[0]);
    const axis = axisAmong(node, node.attributes.axis, x.shape.length);
    const sizes = partsOf(node, inputs.map(typeOfValue), x.shape[axis]) as readonly number[];
    let from = 0;
    return sizes.map((size) => {
      const first = from;
      from += size;
      const shape = x.shape.map((other, a) => (a === axis ? size : other));
      return build(shape, (index) =>
        at(
          x,
          index.map((i, a) => (a === axis ? first + i : i)),
        ),
      );
    });
  },
  specialise(node, types) {
    const { shape } = typeAt(types, 0);
    const axis = axisAmong(node, node.attributes.axis, shape.length);
    const sizes = partsOf(node, types, shape[axis]);
    const isSplit = axis === 1 && !shape.includes(0) && sizes?.every((size) => typeof size === 'number' && size > 0);
    return isSplit ? { op: 'split', inputs: [node.inputs[0]], attributes: { sizes } } : null;
  },
  slicing: () => 'slices need what is parted to be planes',
  settingsFrom: 1,
  isIdentity: ({ outputs }) => outputs.length === 1,
  gradient: null,
};

/** How long the parts are; null for one that is not known, or for all if they follow from elements that are not. */
function partsOf(node: SplitNode, inputs: InputTypes, whole: Size): readonly (number | null)[] | null {
  const count = node.outputs.length;
  const list = listOf(node, 'sizes', inputs[1]);
  if (list === null) return null;
  if (list === undefined) {
    if (typeof whole === 'string') return node.outputs.map(() => null);
    const size = Math.ceil(whole / count);
    const last = whole - (count - 1) * size;
    if (last < 0) throw misfit(node, `${count} parts`, whole);
    return node.outputs.map((_, i) => (i < count - 1 ? size : last));
  }
  const total = list.reduce((sum, size) => sum + size, 0);
  const isValid = list.length === count && list.every((size) => size >= 0);
  if (!isValid || (typeof whole === 'number' && whole !== total)) throw misfit(node, `sizes ${show([...list])}`, whole);
  return list;
}

function misfit(node: SplitNode, what: string, whole: Size): NnpackError {
  const text = `${what} are asked for, expected ${node.outputs.length} (its outputs) that make up ${whole} elements`;
  return new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
}
