/**
 * The layouts of kernels: tfjs has the output channel last and, behind a Flatten, the rows of a Dense in the order
 * H W C; here the output channel is first and the order C H W. Kernels are turned once, as they are read.
 */
import type { DenseArray } from '../networks/network.ts';
import { newFloats } from './memory.ts';

/** (C, K) → (K, C), and (R, S, C, K) → (K, C, R, S) */
export function toOutputFirst(who: string, { data, shape }: DenseArray): DenseArray {
  const [r, s, c, k] = shape.length === 2 ? [1, 1, ...shape] : shape;
  const turned = newFloats(who, data.length);
  for (let place = 0, i = 0; place < r * s; place++) {
    for (let channel = 0; channel < c; channel++) {
      for (let output = 0; output < k; output++) turned[(output * c + channel) * r * s + place] = data[i++];
    }
  }
  return { data: turned, shape: shape.length === 2 ? [k, c] : [k, c, r, s] };
}

/** (K, H · W · C) → (K, C · H · W): the columns in the order of our Flatten */
export function channelsFirst(who: string, { data, shape }: DenseArray, channels: number): DenseArray {
  const [rows, columns] = shape;
  const pixels = columns / channels;
  const turned = newFloats(who, data.length);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < channels; channel++) turned[row * columns + channel * pixels + pixel] = data[i++];
    }
  }
  return { data: turned, shape };
}
