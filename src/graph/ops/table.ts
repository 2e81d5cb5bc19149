/** Every operation of graphs by its name. */
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
import { identity } from './identity.ts';
import { localResponseNormalisation } from './local-response-normalisation.ts';
import { maxPooling } from './max-pooling.ts';
import { multiplication } from './multiplication.ts';
import type { AnyOperation, AttributesOf } from './operation.ts';
import { pad } from './pad.ts';
import { relu } from './relu.ts';
import { resize } from './resize.ts';
import { scaleShift } from './scale-shift.ts';
import { shape } from './shape.ts';
import { sigmoid } from './sigmoid.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { sum } from './sum.ts';
import { transpose } from './transpose.ts';

export const OPERATIONS = {
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
  identity,
  flatten,
  split,
  transpose,
  sum,
  multiplication,
  sigmoid,
  shape,
} as const;

/** The names of the operations that a graph's nodes may have. */
export type OpName = keyof typeof OPERATIONS;

/** The attributes of a node, by its operation. */
export type Attributes = { readonly [O in OpName]: AttributesOf<(typeof OPERATIONS)[O]> };

/** The names, in the order in which errors tell them. */
export const OPS = Object.keys(OPERATIONS) as readonly OpName[];

export function operationOf({ op }: { readonly op: OpName }): AnyOperation {
  return OPERATIONS[op];
}
