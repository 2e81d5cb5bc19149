/**
 * Graphs: networks as data, with several outputs a node, optional inputs, parameters by name and sizes that may be names;
 * checked, typed, simplified, evaluated in double by their definitions, planned and run.
 *
 * @module nnpack-ts/graph
 */

export type { TypedNumbers, TypedTensor, TypedTensorLike } from '../tensor/ndarray.ts';
export type { Activation, PoolingConvention, Sides } from './attributes.ts';
export { evaluateGraph } from './evaluate.ts';
export type { Graph, Node } from './graph.ts';
export { graphTypes } from './graph-types.ts';
export type { OpNode } from './node.ts';
export type { Attributes, OpName } from './ops/table.ts';
export { parseGraph } from './parse-graph.ts';
export { simplifyGraph } from './passes/simplify.ts';
export {
  type GraphOptions,
  GraphPlan,
  type NodeReport,
  type Progress,
  planGraph,
  type RunAsyncOptions,
} from './plan.ts';
export { type RunGraphOptions, runGraph } from './run-graph.ts';
export { type ReadNumbers, storedParameter } from './stored.ts';
export type {
  DoubleTensor,
  Dtype,
  Name,
  Parameter,
  Role,
  Size,
  TensorType,
  TypedArray,
  ValueType,
} from './values.ts';
