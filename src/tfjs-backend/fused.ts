/** What TensorFlow.js fuses behind a product: a bias, and an activation. */
import type { FusedConv2DAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { type ActivationParameters, IDENTITY } from '../algorithms/algorithm.ts';
import { parametricRelu } from '../graph/ops/parametric-relu.ts';
import { sum } from '../graph/ops/sum.ts';
import { leakyRelu, RELU } from '../layers/activation.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { RELU6, refusesSlope, runElu, runSigmoid, type Unary } from './elementwise.ts';
import type { OptionalTensor } from './kernel.ts';
import type { Placed } from './operations.ts';
import type { Room } from './room.ts';

/** What a fused kernel has beside its product's own. */
export interface FusedInputs {
  readonly bias?: OptionalTensor;
  readonly preluActivationWeights?: OptionalTensor;
}

export type FusedAttributes = Partial<Pick<FusedConv2DAttrs, 'activation' | 'leakyreluAlpha'>>;

const RUN_BEHIND: Partial<Record<FusedConv2DAttrs['activation'], Unary>> = { elu: runElu, sigmoid: runSigmoid };

const ACTIVATIONS: readonly string[] = ['linear', 'relu', 'relu6', 'leakyrelu', 'prelu', 'elu', 'sigmoid'];

/** That of `tf.leakyRelu`, where it is not told. */
const LEAKY_SLOPE = 0.2;

export function refusesFused({ activation, leakyreluAlpha = LEAKY_SLOPE }: FusedAttributes): string | null {
  if (activation && !ACTIVATIONS.includes(activation)) return 'an activation that is not known';
  return activation === 'leakyrelu' ? refusesSlope(leakyreluAlpha) : null;
}

/** The part of an activation that the product's own kernels apply. */
export function activationWithin({ activation, leakyreluAlpha = LEAKY_SLOPE }: FusedAttributes): ActivationParameters {
  if (activation === 'relu') return RELU;
  if (activation === 'relu6') return RELU6;
  return activation === 'leakyrelu' ? leakyRelu(leakyreluAlpha) : IDENTITY;
}

/** The rest of an activation, where the product is; slopes lie as they are stretched to its shape. */
export function activateBehind(room: Room, { activation }: FusedAttributes, y: Placed, slopes: Placed | null): void {
  if (!activation) return;
  const size = sizeOf(y.shape);
  RUN_BEHIND[activation]?.(room, size, y.at, y.at);
  if (activation === 'prelu' && slopes !== null) {
    room.operate('Prelu', parametricRelu, {}, [y, slopes], y);
  }
}

/** y + bias, where the product is. */
export function addBehind(room: Room, y: Placed, bias: Placed): void {
  room.operate('Add', sum, {}, [y, bias], y);
}

/** Whether a tensor is a number for each of so many channels. */
export function isVector(x: TensorInfo, channels: number): boolean {
  return x.shape.length === 1 && x.shape[0] === channels;
}
