/** Operators that make one number of many along axes, or choose among them. */
import type { ReductionAttributes } from '../../graph/ops/reduction.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converter, Converters } from './converter.ts';

/** A reduction whose axes are an attribute before `opset`, and an input from then on. */
function reduction(by: ReductionAttributes['by'], opset = 18): Converter {
  return (node, builder) => {
    const keepAxes = node.int('keepdims', 1) !== 0;
    const [x, given] = [node.input(0), node.inputs[1] ?? null];
    const emptyIsNone = node.opset >= opset && node.int('noop_with_empty_axes', 0) !== 0;
    const listed = node.opset < opset ? node.ints('axes', []) : [];
    const axes = listed.length > 0 || (emptyIsNone && given === null) ? listed : undefined;
    if (node.opset < opset && given !== null)
      node.invalid(`axes are an input, expected an attribute before opset ${opset}`);
    builder.emit('reduction', [x, given], { by, axes, keepAxes, emptyIsNone }, node.outputs.slice(0, 1));
  };
}

function extreme(op: 'argmax' | 'argmin'): Converter {
  return (node, builder) =>
    builder.simple(node, op, {
      axis: node.int('axis', 0),
      keepAxis: node.int('keepdims', 1) !== 0,
      takesLast: node.int('select_last_index', 0) !== 0,
    });
}

/** The number of elements was an attribute before opset 10. Where any order would do, they are sorted as well. */
function topK(node: NodeReader, builder: GraphBuilder): void {
  const takesLeast = node.int('largest', 1) === 0;
  node.int('sorted', 1);
  const k =
    node.opset < 10
      ? builder.constant('k', 'int64', [1], [node.int('k') ?? node.invalid("attribute 'k' is missing")])
      : node.input(1);
  builder.emit('top-k', [node.input(0), k], { axis: node.int('axis', -1), takesLeast }, node.outputs);
}

export const REDUCTIONS: Converters = {
  ReduceSum: reduction('sum', 13),
  ReduceMean: reduction('mean'),
  ReduceProd: reduction('product'),
  ReduceMax: reduction('maximum'),
  ReduceMin: reduction('minimum'),
  ReduceL1: reduction('absolute-sum'),
  ReduceL2: reduction('norm'),
  ReduceSumSquare: reduction('square-sum'),
  ReduceLogSum: reduction('log-sum'),
  ReduceLogSumExp: reduction('log-sum-exp'),
  ArgMax: extreme('argmax'),
  ArgMin: extreme('argmin'),
  TopK: topK,
  CumSum: (node, builder) =>
    builder.simple(node, 'cumulative-sum', {
      isExclusive: node.int('exclusive', 0) !== 0,
      isReverse: node.int('reverse', 0) !== 0,
    }),
};
