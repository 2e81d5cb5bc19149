/** What a kernel of ours is, whatever it computes. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../tensor/ndarray.ts';
import type { Room } from './room.ts';

/** One call, whose arguments TensorFlow.js's operations have checked. */
export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
  readonly room: Room;
  /** Says for the statistics how it was computed, where there is more than one way. */
  tell(how: string): void;
}

/** A kernel by its name in TensorFlow.js. */
export interface Kernel<Inputs extends object, Attributes extends object> {
  readonly name: string;
  /** The rule that leaves a call to TensorFlow.js's own kernel; null where there is none. */
  refuses?(inputs: Inputs, attrs: Attributes, room: Pick<Room, 'backend'>): string | null;
  run(call: KernelCall<Inputs, Attributes>): TensorInfo;
}

/** Any of them: methods are compared both ways, so that each kernel is one of these. */
export type AnyKernel = Kernel<object, object>;

/** A tensor that may be left out. */
export type OptionalTensor = TensorInfo | null | undefined;

/** The rule that all kernels have: our numbers are of float32, and there are some. */
export function refusesTensors(inputs: object): string | null {
  for (const input of Object.values(inputs) as OptionalTensor[]) {
    if (!input) continue;
    if (input.dtype !== 'float32') return `a tensor of ${input.dtype}: our kernels compute in float32`;
    if (sizeOf(input.shape) === 0) return 'a tensor without elements';
  }
  return null;
}

/** The shape of pictures as TensorFlow.js's functions want to have it. */
export type Shape4 = [number, number, number, number];

/** N H W C → N C H W */
export function planesShape([batch, height, width, channels]: readonly number[]): Shape4 {
  return [batch, channels, height, width];
}
