/** Softmax and the normalisation of neighbouring channels: both go along the last axis. */
import type { LRNAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { Planes } from '../layers/call.ts';
import { runLocalResponseNormalisation } from '../layers/normalisation.ts';
import { runSoftmax } from '../layers/softmax.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { Pictures } from './arena-values.ts';
import type { AnyKernel, Kernel } from './kernel.ts';

/** The last axis as the channels, however the values lie. */
function alongLast(shape: readonly number[], order: Pictures | null): Planes {
  if (order !== null) return order;
  const channels = shape[shape.length - 1] ?? 1;
  return { batch: sizeOf(shape) / channels, channels, pixels: 1 };
}

const softmax: Kernel<{ logits: TensorInfo }, object> = {
  name: 'Softmax',
  run({ inputs: { logits }, room }) {
    const order = room.backend.orderOf(logits)?.channels === logits.shape.at(-1) ? room.backend.orderOf(logits) : null;
    const x = room.ordered(logits, order);
    const result = room.result(logits.shape, order);
    runSoftmax(room.context, alongLast(logits.shape, order), x, result.at);
    return room.tensor(result);
  },
};

/** y = x · (bias + alpha · Σ x²)^(−beta); ours divides alpha by the number of channels summed. */
const localResponse: Kernel<{ x: TensorInfo }, LRNAttrs> = {
  name: 'LRN',
  run({ inputs: { x }, attrs: { depthRadius, bias, alpha, beta }, room }) {
    const size = 2 * depthRadius + 1;
    const from = room.planes(x);
    const result = room.resultPlanes(x.shape);
    const planes = alongLast(x.shape, result.pictures);
    runLocalResponseNormalisation(room.context, planes, { size, alpha: alpha * size, beta, bias }, from, result.at);
    return room.tensor(result);
  },
};

export const NORMALISATION: readonly AnyKernel[] = [softmax, localResponse];
