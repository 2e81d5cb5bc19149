/** Layers that have a kernel: convolutions over rows, or rows and columns, and Dense. */
import type { TransposedConvolutionAttributes } from '../../graph/ops/transposed-convolution.ts';
import type { AxesPadding, WindowAttributes } from '../../graph/ops/windows-nd.ts';
import { reachOf } from '../../tensor/windows.ts';
import { type Activation, activationOf } from '../activations.ts';
import type { ExpectedWeight, Layer, LayerCall, LayerReader } from '../layer.ts';
import { channelsOf, expectRank, isChannelsFirst, planesOrder } from '../options.ts';
import { channelsFirst, type Order, plainOrder } from '../orders.ts';
import type { Value } from '../value.ts';

/** What all convolutions have. */
interface Options {
  readonly axes: number;
  readonly size: readonly number[];
  readonly isFirst: boolean;
  readonly hasBias: boolean;
  readonly activation: Activation | null;
  readonly windows: (call: LayerCall) => Windows;
}

/** What a convolution reads: the value itself, or one within its zeros. */
interface Windows {
  readonly x: Value;
  readonly attributes: WindowAttributes;
}

const BIAS = (outputs: number): ExpectedWeight => ({ names: ['bias'], shape: [outputs] });

export function convolution(axes: number): LayerReader {
  return (layer) => {
    const filters = layer.config.count('filters');
    const groups = layer.config.count('groups', 1);
    const options = optionsOf(layer, axes, axes === 1 ? ['same', 'valid', 'causal'] : ['same', 'valid']);
    return (call) => {
      expectRank(layer, call.x, axes + 2);
      const channels = channelsOf(call.x, options.isFirst);
      const shape = [...options.size, channels === null ? null : channels / groups, filters];
      const [kernel, bias] = call.weights([{ names: ['kernel'], shape }, options.hasBias ? BIAS(filters) : null]) as [
        Value,
        Value | null,
      ];
      const { x, attributes } = options.windows(call);
      const { builder } = call;
      const inputs = [
        builder.nameOf(x, planesOrder(options.isFirst, x.rank)),
        builder.nameOf(kernel, outputsFirst(axes)),
        bias && builder.nameOf(bias),
      ];
      return activated(
        call,
        options,
        (name) => builder.emit('convolution-nd', inputs, { ...attributes, groups }, name)[0],
      );
    };
  };
}

/** The kernel's axes: the window's, input, output. */
function outputsFirst(axes: number): Order {
  return [axes + 1, axes, ...plainOrder(axes)];
}

export function depthwise(axes: number): LayerReader {
  return (layer) => {
    const multiplier = layer.config.count('depth_multiplier', 1);
    const options = optionsOf(layer, axes);
    return (call) => {
      expectRank(layer, call.x, axes + 2);
      const channels = knownChannels(call, options);
      const [kernel, bias] = call.weights([
        { names: ['depthwise_kernel', 'kernel'], shape: [...options.size, channels, multiplier] },
        options.hasBias ? BIAS(channels * multiplier) : null,
      ]) as [Value, Value | null];
      return activated(call, options, (name) => emitDepthwise(call, options, kernel, bias, name));
    };
  };
}

/** The kernel is (…window, C, M): M outputs of each channel, one after the other. */
function emitDepthwise(call: LayerCall, options: Options, kernel: Value, bias: Value | null, name: string): string {
  const { builder } = call;
  const { x, attributes } = options.windows(call);
  const [channels, multiplier] = kernel.shape.slice(-2).map(Number);
  const order = [options.axes, options.axes + 1, ...plainOrder(options.axes)];
  const shape = [channels * multiplier, 1, ...options.size];
  const inputs = [
    builder.nameOf(x, planesOrder(options.isFirst, x.rank)),
    builder.laidOut(kernel, { order, shape }),
    bias && builder.nameOf(bias),
  ];
  return builder.emit('convolution-nd', inputs, { ...attributes, groups: channels }, name)[0];
}

/** A depthwise convolution, then one of a window of one with the kernel (1, …, C · M, K). */
export function separable(axes: number): LayerReader {
  return (layer) => {
    const multiplier = layer.config.count('depth_multiplier', 1);
    const filters = layer.config.count('filters');
    const options = optionsOf(layer, axes, axes === 1 ? ['same', 'valid', 'causal'] : ['same', 'valid']);
    return (call) => {
      expectRank(layer, call.x, axes + 2);
      const { builder } = call;
      const channels = knownChannels(call, options);
      const ones = options.size.map(() => 1);
      const [kernel, pointwise, bias] = call.weights([
        { names: ['depthwise_kernel'], shape: [...options.size, channels, multiplier] },
        { names: ['pointwise_kernel'], shape: [...ones, channels * multiplier, filters] },
        options.hasBias ? BIAS(filters) : null,
      ]) as [Value, Value, Value | null];
      const deep = emitDepthwise(call, options, kernel, null, call.part('depthwise'));
      const inputs = [deep, builder.nameOf(pointwise, outputsFirst(axes)), bias && builder.nameOf(bias)];
      return activated(call, options, (name) => builder.emit('convolution-nd', inputs, {}, name)[0]);
    };
  };
}

/** The kernel is (…window, OUT, IN). */
export function transposed(axes: number): LayerReader {
  return (layer) => {
    const { config } = layer;
    const filters = config.count('filters');
    const options = optionsOf(layer, axes);
    if (config.count('groups', 1) !== 1) config.unsupported('groups', '1');
    const attributes = transposedOf(layer, axes, options.size);
    return (call) => {
      expectRank(layer, call.x, axes + 2);
      const { builder, x } = call;
      const [kernel, bias] = call.weights([
        { names: ['kernel'], shape: [...options.size, filters, channelsOf(x, options.isFirst)] },
        options.hasBias ? BIAS(filters) : null,
      ]) as [Value, Value | null];
      const inputs = [
        builder.nameOf(x, planesOrder(options.isFirst, x.rank)),
        builder.nameOf(kernel, outputsFirst(axes)),
        bias && builder.nameOf(bias),
      ];
      return activated(call, options, (name) => builder.emit('transposed-convolution', inputs, attributes, name)[0]);
    };
  };
}

/**
 * Without output_padding there are size · stride elements, or (size − 1) · stride + max(reach, stride) where the padding
 * is valid; with it there are (size − 1) · stride + reach − 2 · padding + output_padding, the padding being ⌊reach / 2⌋ or
 * none. What is too much is taken away on both sides, the odd element behind.
 */
function transposedOf({ config }: Layer, axes: number, size: readonly number[]): TransposedConvolutionAttributes {
  const stride = config.counts('strides', axes, 1);
  const dilation = config.counts('dilation_rate', axes, 1);
  const isSame = config.oneOf('padding', ['same', 'valid'], 'valid') === 'same';
  const reach = size.map((taps, axis) => reachOf(taps, dilation[axis]));
  const own = { stride, dilation };
  if (!config.has('output_padding')) {
    if (isSame) return { ...own, padding: 'same' };
    return { ...own, outputPadding: reach.map((taps, axis) => Math.max(stride[axis] - taps, 0)) };
  }
  const more = wholeNumbers(config, axes);
  const tooMuch = reach.map((taps, axis) => (isSame ? 2 * Math.floor(taps / 2) : 0) - more[axis]);
  const before = tooMuch.map((count) => Math.floor(Math.max(count, 0) / 2));
  const after = tooMuch.map((count, axis) => Math.max(count, 0) - before[axis]);
  return { ...own, padding: { before, after }, outputPadding: tooMuch.map((count) => Math.max(-count, 0)) };
}

function wholeNumbers(config: Layer['config'], axes: number): number[] {
  const value = config.value('output_padding');
  const list: readonly unknown[] = Array.isArray(value) ? value : Array.from({ length: axes }, () => value);
  const isWhole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31;
  if (list.length === axes && list.every(isWhole)) return [...list];
  return config.fail('output_padding', 'whole numbers of at least 0');
}

/** The kernel is (C, K). */
export const dense: LayerReader = (layer) => {
  const units = layer.config.count('units');
  const hasBias = layer.config.boolean('use_bias', true);
  const activation = activationOf(layer);
  return (call) => {
    const { x, builder } = call;
    if (x.rank < 2) layer.config.invalid(`reads a value of ${x.rank} axes, expected at least 2`);
    const inputs = channelsOf(x, false);
    const [kernel, bias] = call.weights([
      { names: ['kernel'], shape: [inputs, units] },
      hasBias ? BIAS(units) : null,
    ]) as [Value, Value | null];
    const product = builder.dense(x, kernel, bias, activation === null ? call.name : call.part('product'));
    return activation === null ? product : activation(builder, product, call.name);
  };
};

function optionsOf(
  layer: Layer,
  axes: number,
  paddings: readonly ('valid' | 'same' | 'causal')[] = ['same', 'valid'],
): Options {
  const { config } = layer;
  const size = config.counts('kernel_size', axes);
  const isFirst = isChannelsFirst(layer);
  const padding = config.oneOf('padding', paddings, 'valid');
  const stride = config.counts('strides', axes, 1);
  const dilation = config.counts('dilation_rate', axes, 1);
  const hasBias = config.boolean('use_bias', true);
  const own = { stride, dilation };
  const windows: Options['windows'] = ({ x, shared }) => {
    if (padding === 'same') return { x, attributes: { ...own, padding } };
    if (padding === 'causal') {
      const before = [reachOf(size[0], dilation[0]) - 1];
      return { x, attributes: { ...own, padding: { before, after: [0] } } };
    }
    const around = shared.padded.get(x);
    const zeros = around && paddingOver(around.sides, isFirst);
    return zeros ? { x: around.source, attributes: { ...own, padding: zeros } } : { x, attributes: own };
  };
  return { axes, size, isFirst, hasBias, activation: activationOf(layer), windows };
}

/** Zeros around rows and columns as those of a convolution; null where others are padded too. */
function paddingOver(sides: readonly (readonly [number, number])[], isFirst: boolean): AxesPadding | null {
  const inMemory = planesOrder(isFirst, sides.length).map((axis) => sides[axis]);
  const [batch, channels, ...others] = inMemory;
  if ([...batch, ...channels].some((count) => count > 0)) return null;
  return { before: others.map(([before]) => before), after: others.map(([, after]) => after) };
}

function knownChannels({ x, layer }: LayerCall, { isFirst }: Options): number {
  return channelsOf(x, isFirst) ?? layer.config.invalid('reads a value of unknown channels, expected a number of them');
}

/** What lies in the order of planes, with the layer's activation behind it. */
function activated(call: LayerCall, { isFirst, activation }: Options, emit: (name: string) => string): Value {
  const { builder } = call;
  const made = (name: string) => builder.made(name, isFirst ? plainOrder(call.x.rank) : channelsFirst(call.x.rank));
  if (activation === null) return made(emit(call.name));
  // a softmax, say, goes along the channels
  const linear = made(emit(call.part('linear')));
  return activation(builder, linear, call.name);
}
