/** Options that several classes of layers have. What they say and we cannot do is refused before any weight is read. */
import type { Activation } from '../networks/network.ts';
import type { Layer, Value } from './builder.ts';

/** What the activation of a layer becomes: of a node, a softmax of its own, or nothing. */
export type KerasActivation = Exclude<Activation, { type: 'leaky' }> | 'softmax' | undefined;

export function activationOf({ config }: Layer): KerasActivation {
  const activation = config.value('activation') ?? 'linear';
  if (activation === 'linear') return undefined;
  if (activation === 'relu' || activation === 'softmax') return activation;
  if (activation === 'relu6') return { type: 'clamp', min: 0, max: 6 };
  return config.unsupported('activation', "'linear', 'relu', 'relu6' or 'softmax'");
}

export function paddingOf({ config }: Layer): 'same' | 'valid' {
  const padding = config.string('padding', 'valid');
  if (padding === 'same' || padding === 'valid') return padding;
  return config.unsupported('padding', "'same' or 'valid'");
}

/** The slope left of zero. */
export function slopeOf({ config }: Layer, field: string, absent: number): number {
  const slope = config.number(field, absent);
  return slope >= 0 ? slope : config.unsupported(field, 'a number of at least 0');
}

export function expectChannelsLast({ config }: Layer): void {
  if (config.string('data_format', 'channels_last') !== 'channels_last') {
    config.unsupported('data_format', "'channels_last'");
  }
}

/** The channels are the last axis of tfjs: −1, 3 of a picture, 1 of a vector. */
export function expectLastAxis({ config }: Layer, { shape }: Value): void {
  const value = config.value('axis') ?? -1;
  const axis = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (axis !== -1 && axis !== shape.length) config.unsupported('axis', `${shape.length} or -1 (the channels)`);
}
