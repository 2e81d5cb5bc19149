/** Operators that make one number of many along axes, or choose among them. */
import type { ReductionWay } from '../../graph/ops/reduction-ways.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converter, Converters } from './converter.ts';

/** Over the axes that the second input tells; none is over none. */
function reduction(by: ReductionWay): Converter {
  return (node, builder) => {
    const x = node.input(0);
    const axes = new Set(node.numbers(1).map((axis) => node.axisAmong(axis, x.rank)));
    return builder.reduction(x, by, [...axes], node.flag('keep_dims'), node.name);
  };
}

/** Along the axis that the second input tells, the first one where it is left out. */
function extreme(op: 'argmax' | 'argmin'): Converter {
  return (node, builder) => {
    const x = node.input(0);
    const axis = node.inputs.length > 1 ? node.axisAt(1, x.rank) : node.axisAmong(0, x.rank);
    const attributesOf = (place: number) => ({ axis: place, keepAxis: false, takesLast: false });
    const places = builder.alongAxis(op, x, axis, attributesOf, `${node.name}/places`, true);
    return builder.cast(places, node.dtype('output_type', 'int32'), node.name);
  };
}

/** The greatest along the last axis and their places; where any order would do, they are sorted as well. */
function topK(node: NodeReader, builder: LayoutBuilder): readonly Value[] {
  const x = node.input(0);
  const k = node.inputs.length > 1 ? node.scalar(1) : node.int('k');
  const inputs = [builder.nameOf(x), builder.list(`${node.name}/k`, [k])];
  const [values, places] = builder.emit('top-k', inputs, { axis: x.rank - 1 }, node.name, 2);
  const [greatest, where] = [values, places].map((name) => builder.made(name, plainOrder(x.rank)));
  return [greatest, builder.cast(where, 'int32', `${node.name}/places`)];
}

function cumulativeSum(node: NodeReader, builder: LayoutBuilder): Value {
  const x = node.input(0);
  const axis = builder.numbers(`${node.name}/axis`, 'int64', [], [node.axisAt(1, x.rank)]);
  const attributes = { isExclusive: node.flag('exclusive'), isReverse: node.flag('reverse') };
  return builder.apply('cumulative-sum', [x, axis], attributes, node.name);
}

export const REDUCTIONS: Converters = {
  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Prod: reduction('product'),
  Max: reduction('maximum'),
  Min: reduction('minimum'),
  // Of truths, the greatest is that one is true.
  Any: reduction('maximum'),
  All: reduction('minimum'),
  EuclideanNorm: reduction('norm'),
  ArgMax: extreme('argmax'),
  ArgMin: extreme('argmin'),
  TopKV2: topK,
  TopK: topK,
  Cumsum: cumulativeSum,
};
