/** Layers that make one value of several, which are stretched to one shape. */
import type { LayerCall, LayerReader } from '../layer.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import { axisFrom } from '../options.ts';
import { plainOrder } from '../orders.ts';
import { mostAxes, type Value } from '../value.ts';
import { unitNormalised } from './normalisations.ts';

/** Where their ranks differ, the new axes of one element come right behind the batch. */
function alignedRanks(call: LayerCall): readonly Value[] {
  const rank = mostAxes(call.inputs);
  return call.inputs.map((value) => {
    const missing = rank - value.rank;
    const axes = plainOrder(missing).map((axis) => axis + 1);
    return missing === 0 ? value : call.builder.unsqueeze(value, axes, call.part('stretched'));
  });
}

export function merge(op: 'sum' | 'maximum' | 'minimum' | 'mean'): LayerReader {
  return () => (call) => call.builder.elementwise(op, alignedRanks(call), {}, call.name);
}

/** From the left, two at a time. */
export function pairwise(op: 'multiplication' | 'subtraction'): LayerReader {
  return () => (call) => {
    const values = alignedRanks(call);
    return values.slice(1).reduce((product, value, i) => {
      const name = i === values.length - 2 ? call.name : call.part('product');
      return call.builder.elementwise(op, [product, value], {}, name);
    }, values[0]);
  };
}

export const concatenation: LayerReader = (layer) => {
  const axis = layer.config.value('axis') ?? -1;
  return (call) => {
    const [{ rank }] = call.inputs;
    if (call.inputs.some((value) => value.rank !== rank))
      layer.config.invalid('reads values of unlike ranks, expected one');
    return call.builder.concatenation(call.inputs, axisFrom(layer, axis, rank), call.name);
  };
};

/** The sum of products along an axis of each, image by image: [N, a…, k] · [N, k, b…] = [N, a…, b…] */
export const dot: LayerReader = (layer) => {
  const { config } = layer;
  const given = config.value('axes');
  const isNormal = config.boolean('normalize', false);
  const pair: readonly unknown[] = Array.isArray(given) ? given : [given, given];
  if (pair.length !== 2) config.fail('axes', 'an axis, or one of each');
  return (call) => {
    const axes = call.inputs.map((value, i) => axisFrom(layer, pair[i], value.rank));
    if (axes.includes(0)) config.unsupported('axes', 'axes behind that of the batch');
    if (call.inputs.some((value) => value.rank > 3)) config.unsupported('axes', 'values of 2 or 3 axes');
    const [a, b] = call.inputs.map((value, i) => {
      return isNormal ? unitNormalised(call, value, [axes[i]], call.part('normal')) : value;
    });
    return product(call.builder, [a, b], axes, call);
  };
};

function product(builder: LayoutBuilder, [a, b]: readonly Value[], axes: readonly number[], call: LayerCall): Value {
  const first =
    a.rank === 2 ? builder.unsqueeze(a, [1], call.part('row')) : axes[0] === 1 ? builder.transpose(a, [0, 2, 1]) : a;
  const second =
    b.rank === 2 ? builder.unsqueeze(b, [2], call.part('column')) : axes[1] === 2 ? builder.transpose(b, [0, 2, 1]) : b;
  // two vectors make one number, which keeps an axis
  const dropped = [...(a.rank === 2 && b.rank === 3 ? [1] : []), ...(b.rank === 2 ? [2] : [])];
  const name = dropped.length === 0 ? call.name : call.part('product');
  const made = builder.apply('matrix-product', [first, second], {}, name);
  return dropped.length === 0 ? made : builder.squeeze(made, dropped, call.name);
}
