import { reachOf } from '../../tensor/windows.ts';
import type { OpNode } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import type { Size } from '../values.ts';
import { lineAsPlane } from './line-as-plane.ts';
import type { Operation } from './operation.ts';
import { explicitPadding, planeAxes } from './plane-windows.ts';
import {
  foldedWindows,
  POOLING_ND_FIELDS,
  type PoolingNdAttributes,
  parsePoolingNd,
  poolingWindows,
} from './pooling-nd.ts';
import { windowAxes } from './windows-nd.ts';

/** The mean of each window over any number of axes: of the elements inside the input. */
export interface AveragePoolingNdAttributes extends PoolingNdAttributes {
  /** Padding counts as zeros; what hangs over it does not count. */
  readonly countPadding?: boolean;
}

type Node = OpNode<AveragePoolingNdAttributes>;

export const averagePoolingNd: Operation<AveragePoolingNdAttributes> = {
  ...foldedWindows<AveragePoolingNdAttributes>(
    ({ countPadding }) => ({
      start: 0,
      add: (total, x) => total + x,
      end: (total, inside, padded) => (inside === 0 ? 0 : total / (countPadding ? padded : inside)),
    }),
    ({ countPadding }, { inside, padded }) =>
      inside.length === 0 ? 0 : inside.reduce((a, b) => a + b) / (countPadding ? padded : inside.length),
  ),
  fields: { ...POOLING_ND_FIELDS, countPadding: true },
  check: (who, given) => ({
    ...parsePoolingNd(who, given),
    countPadding: parseFlag(who, 'countPadding', given.countPadding),
  }),
  specialise(node, [x]) {
    const { dilation = [], size, stride = [1, 1], countPadding } = node.attributes;
    if (x?.shape.length !== 4 || dilation.some((step) => step !== 1)) return null;
    const padding = explicitPadding(poolingWindows(node), x.shape.slice(2));
    if (padding === null) return null;
    if (countPadding && padding !== 'same' && hangsOver(node, x.shape.slice(2))) return null;
    const sizes = { poolingSize: planeAxes(size), stride: planeAxes(stride), countPadding };
    const windows = padding === 'same' ? { convention: padding } : { convention: 'valid', padding };
    return { op: 'average-pooling', inputs: node.inputs, attributes: { ...sizes, ...windows } };
  },
  decompose: lineAsPlane,
};

/** Whether a window ends behind the padding, for sizes that are known. */
function hangsOver(node: Node, sizes: readonly Size[]): boolean {
  if (node.attributes.mayHangOver !== true) return false;
  const axes = windowAxes(poolingWindows(node), sizes.map(Number));
  return axes.some(({ size, taps, stride, dilation, before, after, count }) => {
    return (count - 1) * stride + reachOf(taps, dilation) > before + size + after;
  });
}
