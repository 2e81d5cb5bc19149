import { NnpackError } from '../../errors.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import { type DoubleTensor, type Dtype, isFloat } from '../values.ts';
import { present } from './double.ts';
import { lineAsPlane } from './line-as-plane.ts';
import { greaterFrom, type MaximaAttributes, parseLeast } from './maxima.ts';
import { ONE, type Operation } from './operation.ts';
import { explicitPadding, planeAxes } from './plane-windows.ts';
import {
  lowerPoolingNd,
  POOLING_ND_FIELDS,
  type PoolingNdAttributes,
  parsePoolingNd,
  pooledNd,
  pooledShape,
  poolingNdTerms,
  poolingWindows,
} from './pooling-nd.ts';

/**
 * The greatest element of each window over any number of axes; padding counts as the least number of the type. A second
 * output has where it stands in the whole input, the first of several.
 */
export interface MaxPoolingNdAttributes extends PoolingNdAttributes, MaximaAttributes {
  /** Places count the elements of a plane with its first axis innermost. */
  readonly firstAxisInnermost?: boolean;
}

type Node = OpNode<MaxPoolingNdAttributes>;

/** What an empty window gives. */
const LEAST: ReadonlyMap<Dtype, number> = new Map([
  ['int8', -128],
  ['uint8', 0],
]);

export const maxPoolingNd: Operation<MaxPoolingNdAttributes> = {
  inputs: ONE,
  outputs: { least: 1, most: 2 },
  fields: { ...POOLING_ND_FIELDS, firstAxisInnermost: true, least: true },
  check: (who, given) => ({
    ...parsePoolingNd(who, given),
    firstAxisInnermost: parseFlag(who, 'firstAxisInnermost', given.firstAxisInnermost),
    least: parseLeast(who, given.least),
  }),
  infer,
  specialise(node, [x]) {
    const isPlain = node.outputs.length === 1 && (node.attributes.dilation ?? []).every((step) => step === 1);
    if (!isPlain || !x || !isFloat(x.dtype) || x.shape.length !== 4) return null;
    const padding = explicitPadding(poolingWindows(node), x.shape.slice(2));
    if (padding === null) return null;
    const { size, stride = [1, 1], least } = node.attributes;
    const sizes = { poolingSize: planeAxes(size), stride: planeAxes(stride), least };
    const windows = padding === 'same' ? { convention: padding } : { convention: 'valid', padding };
    return { op: 'max-pooling', inputs: node.inputs, attributes: { ...sizes, ...windows } };
  },
  decompose: lineAsPlane,
  lower(call) {
    const { least } = call.node.attributes;
    const maximum = { start: least ?? -Infinity, add: greaterFrom(least), end: (most: number) => most };
    return call.outputs.length > 1 ? null : lowerPoolingNd(call, maximum);
  },
  reference,
  terms: poolingNdTerms,
  slicing: () => 'slices need the planes of a max pooling',
  gradient: null,
};

function infer(node: Node, [x]: InputTypes): readonly InferredType[] {
  const dtype = x?.dtype ?? 'float32';
  if (!isFloat(dtype) && !LEAST.has(dtype)) {
    const text = `input is of type ${dtype}, expected a floating-point type, int8 or uint8`;
    throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
  }
  const shape = pooledShape(node, x?.shape ?? null);
  const places = { dtype: 'int64', shape } as const;
  return node.outputs.length > 1 ? [{ dtype, shape }, places] : [{ dtype, shape }];
}

function reference(node: Node, [input]: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  const x = present(input);
  const sizes = x.shape.slice(2);
  const least = node.attributes.least ?? LEAST.get(x.dtype ?? 'float32') ?? -Infinity;
  const greatest = (inside: readonly number[]) => inside.reduce(greaterFrom(node.attributes.least), least);
  const y = pooledNd(node, x, ({ inside }) => greatest(inside));
  if (node.outputs.length === 1) return [y];
  const isTurned = node.attributes.firstAxisInnermost === true;
  const where = pooledNd(node, x, ({ inside, places }, plane) => {
    // NaN is the greatest of all.
    const first = inside.findIndex((value) => Number.isNaN(value) || value === greatest(inside));
    return placeInPlanes(plane, places[first] ?? [], sizes, isTurned);
  });
  return [y, { ...where, dtype: 'int64' }];
}

function placeInPlanes(plane: number, where: readonly number[], sizes: readonly number[], isTurned: boolean): number {
  const axes = [...sizes.keys()];
  const inOrder = isTurned ? axes.reverse() : axes;
  const count = sizes.reduce((product, size) => product * size, 1);
  return plane * count + inOrder.reduce((place, axis) => place * sizes[axis] + (where[axis] ?? 0), 0);
}
