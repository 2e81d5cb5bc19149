/** Values as planes of channels. */
import type { Planes } from '../../layers/call.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Shape } from '../compiled.ts';

/** A value [N, C, …] as N × C planes. */
export function planesAlong([batch, channels, ...pixels]: Shape): Planes {
  return { batch, channels, pixels: sizeOf(pixels) };
}
