/** Every operation of networks by its name. */
import type { NetworkNode, NodeOf, NodeOp } from '../network.ts';
import { addition } from './addition.ts';
import { averagePooling } from './average-pooling.ts';
import { batchNormalisation } from './batch-normalisation.ts';
import { clamp } from './clamp.ts';
import { concatenation } from './concatenation.ts';
import { convolution } from './convolution.ts';
import { dropout } from './dropout.ts';
import { flatten } from './flatten.ts';
import { fullyConnected } from './fully-connected.ts';
import { globalAveragePooling } from './global-average-pooling.ts';
import { localResponseNormalisation } from './local-response-normalisation.ts';
import { maxPooling } from './max-pooling.ts';
import type { Operation } from './operation.ts';
import { pad } from './pad.ts';
import { relu } from './relu.ts';
import { resize } from './resize.ts';
import { scaleShift } from './scale-shift.ts';
import { softmax } from './softmax.ts';

export const OPERATIONS: { readonly [Op in NodeOp]: Operation<NodeOf<Op>> } = {
  convolution,
  'fully-connected': fullyConnected,
  'max-pooling': maxPooling,
  'average-pooling': averagePooling,
  'global-average-pooling': globalAveragePooling,
  relu,
  clamp,
  softmax,
  'local-response-normalisation': localResponseNormalisation,
  'batch-normalisation': batchNormalisation,
  'scale-shift': scaleShift,
  concatenation,
  addition,
  resize,
  pad,
  dropout,
  flatten,
};

/** The names, in the order in which errors tell them. */
export const OPS = Object.keys(OPERATIONS) as readonly NodeOp[];

export function operationOf({ op }: Pick<NetworkNode, 'op'>): Operation<NetworkNode> {
  return OPERATIONS[op];
}
