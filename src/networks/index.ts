/**
 * Whole networks, which are data: built in, explained, planned and run, within a bound on memory where one is given.
 *
 * @module nnpack-ts/networks
 */

export type { NodeExplanation } from '../graph/explanation.ts';
export { type ReadNumbers, storedArray } from '../graph/stored.ts';
export { buildNetwork } from './definitions/index.ts';
export { NETWORK_NAMES, type NetworkName } from './definitions/names.ts';
export { explainNetwork, NetworkExplanation } from './explain.ts';
export type {
  Activation,
  AdditionNode,
  AveragePoolingNode,
  BatchNormalisationNode,
  ClampNode,
  ConcatenationNode,
  ConvolutionNode,
  DenseArray,
  DropoutNode,
  FlattenNode,
  FullyConnectedNode,
  GlobalAveragePoolingNode,
  IdentityNode,
  LocalResponseNormalisationNode,
  MaxPoolingNode,
  Network,
  NetworkInput,
  NetworkNode,
  PadNode,
  ReluNode,
  ResizeNode,
  ScaleShiftNode,
  SoftmaxNode,
} from './network.ts';
export { optimize } from './optimize.ts';
export { graphOf } from './parse.ts';
export {
  type NetworkOptions,
  NetworkPlan,
  type NodeReport,
  type Progress,
  planNetwork,
  type RunAsyncOptions,
} from './plan.ts';
export { PreparedNetwork, type PrepareOptions, prepareNetwork } from './prepare.ts';
export { inferShapes, type NetworkShapes } from './shapes.ts';
