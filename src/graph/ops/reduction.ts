import { expectOneOf } from '../../check/options.ts';
import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, type Shape, withoutWeights } from '../compiled.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { parseFlag, parseList } from '../parse-values.ts';
import type { DoubleTensor, Size } from '../values.ts';
import { present } from './double.ts';
import type { Operation, SpecialNode } from './operation.ts';
import { type ReductionWay, WAYS, wayOf } from './reduction-ways.ts';
import { axisAmong, wholeAxis } from './settings.ts';

/** One number for all elements along some axes; each that has none of them counts as 0 in sums and as 1 in products. */
export interface ReductionAttributes {
  /**
   * 'sum' Σx, 'mean' Σx / n, 'product' Πx, 'maximum', 'minimum', 'absolute-sum' Σ|x|, 'square-sum' Σx², 'norm' √Σx²,
   * 'log-sum' log Σx, 'log-sum-exp' log Σe^x.
   */
  readonly by: ReductionWay;
  /** Negative ones count from the last; all when neither these nor the second input are given. */
  readonly axes?: readonly number[];
  /** Axes that are reduced stay, with one element. */
  readonly keepAxes?: boolean;
  /** A second input of no axes stands for none, and not for all. */
  readonly emptyIsNone?: boolean;
}

type ReductionNode = OpNode<ReductionAttributes>;

const NAMES = Object.keys(WAYS) as readonly ReductionWay[];

/** Reads the value, and the axes where these are no attribute. */
export const reduction: Operation<ReductionAttributes> = {
  inputs: { least: 1, most: 2 },
  fields: { by: true, axes: true, keepAxes: true, emptyIsNone: true },
  check(who, given) {
    const axes = given.axes === undefined ? undefined : parseList(who, 'axes', given.axes, 'invalid-argument');
    return {
      by: expectOneOf(who, 'by', given.by, NAMES, 'invalid-argument'),
      axes: axes?.map((axis) => wholeAxis(who, 'an axis', axis)),
      keepAxes: parseFlag(who, 'keepAxes', given.keepAxes),
      emptyIsNone: parseFlag(who, 'emptyIsNone', given.emptyIsNone),
    };
  },
  infer,
  lower,
  reference(node, [input, axes]) {
    const x = present(input);
    const reduced = reducedAxes(node, x.shape.length, axes);
    const kept = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
    const numbers = collected(x, kept);
    const data = Float64Array.from(numbers, (each) => wayOf(node.attributes.by).of(each, x.dtype ?? 'float32'));
    return [{ shape: reducedShape(node, x.shape, reduced) as Shape, data }];
  },
  terms(node, [x, axes]) {
    const shape = x ?? [];
    if (axes) return sizeOf(shape);
    const reduced = reducedAxes(node, shape.length, null);
    return sizeOf(shape.filter((_, axis) => reduced.has(axis)));
  },
  slicing: () => 'it reduces whole axes',
  specialise,
  gradient: null,
};

function infer(node: ReductionNode, [x, axes]: InputTypes): readonly (InferredType | null)[] {
  const { dtype, shape } = x ?? { dtype: 'float32' as const, shape: [] };
  const { by } = node.attributes;
  if (dtype === 'bool' && !wayOf(by).ordersTruth) {
    const text = `input is of type bool, expected a type of numbers (for ${by})`;
    throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
  }
  if (axes && axes.elements === undefined) return [null];
  return [{ dtype, shape: reducedShape(node, shape, reducedAxes(node, shape.length, axes?.elements?.())) }];
}

/** The axes that are reduced, counted from the first. */
function reducedAxes(node: ReductionNode, rank: number, input: DoubleTensor | null | undefined): ReadonlySet<number> {
  const { axes, emptyIsNone = false } = node.attributes;
  const isAll = input ? input.data.length === 0 && !emptyIsNone : axes === undefined;
  if (isAll) return new Set(Array.from({ length: rank }, (_, axis) => axis));
  return new Set([...(input?.data ?? axes ?? [])].map((axis) => axisAmong(node, axis, rank)));
}

function reducedShape({ attributes }: ReductionNode, shape: readonly Size[], reduced: ReadonlySet<number>) {
  if (attributes.keepAxes) return shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  return shape.filter((_, axis) => !reduced.has(axis));
}

/** For each element of the kept shape, those of x that lie over it. */
function collected(x: DoubleTensor, kept: Shape): readonly (readonly number[])[] {
  const lists = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  const index = x.shape.map(() => 0);
  for (const number of x.data) {
    let place = 0;
    for (let axis = 0; axis < kept.length; axis++) place = place * kept[axis] + (kept[axis] === 1 ? 0 : index[axis]);
    lists[place].push(number);
    for (let axis = kept.length - 1; axis >= 0 && ++index[axis] === x.shape[axis]; axis--) index[axis] = 0;
  }
  return lists;
}

/** Axes that lie side by side, axes of one element apart, are one axis; others are left to the definition. */
function lower({ node, inputs: [x], context }: Lowering<ReductionAttributes>): Compiled | null {
  const shape = x ?? [];
  const reduced = reducedAxes(node, shape.length, null);
  const wide = shape.map((size, axis) => ({ size, isReduced: reduced.has(axis) })).filter(({ size }) => size !== 1);
  const first = wide.findIndex(({ isReduced }) => isReduced);
  const last = wide.findLastIndex(({ isReduced }) => isReduced);
  if (!wide.slice(Math.max(first, 0), last + 1).every(({ isReduced }) => isReduced)) return null;
  const sizes = wide.map(({ size }) => size);
  const [outer, count, inner] =
    first < 0
      ? [sizeOf(sizes), 1, 1]
      : [sizeOf(sizes.slice(0, first)), sizeOf(sizes.slice(first, last + 1)), sizeOf(sizes.slice(last + 1))];
  const { over } = wayOf(node.attributes.by);
  return withoutWeights(([from], [to]) => {
    const { f32 } = context.arena;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) f32[to + o * inner + i] = over(f32, from + o * count * inner + i, count, inner);
    }
  });
}

/** Axes whose elements are known become an attribute. */
function specialise(node: ReductionNode, [x, axes]: InputTypes): SpecialNode | null {
  if (!axes?.elements) return null;
  const reduced = reducedAxes(node, x?.shape.length ?? 0, axes.elements());
  const { by, keepAxes } = node.attributes;
  return { op: node.op, inputs: [node.inputs[0]], attributes: { by, keepAxes, axes: [...reduced] } };
}
