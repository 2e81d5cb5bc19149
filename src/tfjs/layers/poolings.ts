/** Poolings over rows, or rows and columns. */
import type { LayerReader } from '../layer.ts';
import { alongAxes, rowsOf } from '../matrices.ts';
import { expectRank, isChannelsFirst, planesOrder } from '../options.ts';

export function pooling(op: 'max-pooling-nd' | 'average-pooling-nd', axes: number): LayerReader {
  return (layer) => {
    const { config } = layer;
    const isFirst = isChannelsFirst(layer);
    const size = config.counts('pool_size', axes, 2);
    const stride = config.has('strides') ? config.counts('strides', axes) : size;
    const padding = config.oneOf('padding', ['same', 'valid'], 'valid') === 'same' ? 'same' : undefined;
    return ({ x, name, builder }) => {
      expectRank(layer, x, axes + 2);
      const order = planesOrder(isFirst, x.rank);
      return builder.made(builder.emit(op, [builder.nameOf(x, order)], { size, stride, padding }, name)[0], order);
    };
  };
}

export function globalPooling(by: 'mean' | 'maximum', axes: number): LayerReader {
  return (layer) => {
    const isFirst = isChannelsFirst(layer);
    const keepAxes = layer.config.boolean('keepdims', false);
    return ({ x, name, builder }) => {
      expectRank(layer, x, axes + 2);
      const reduced = planesOrder(isFirst, x.rank).slice(2);
      return builder.reduction(x, by, reduced, keepAxes, name);
    };
  };
}

/** Window i of n over m elements: ⌊i · m / n⌋ to ⌈(i + 1) · m / n⌉. Means over both axes are means of means. */
export const adaptiveAveragePooling: LayerReader = (layer) => {
  const isFirst = isChannelsFirst(layer);
  const lengths = layer.config.counts('output_size', 2);
  return ({ x, name, builder }) => {
    expectRank(layer, x, 4);
    return alongAxes(layer, builder, x, planesOrder(isFirst, 4), lengths, name, (size, length) => {
      return rowsOf(length, size, (row, i) => {
        const [start, end] = [Math.floor((i * size) / length), Math.ceil(((i + 1) * size) / length)];
        row.fill(1 / (end - start), start, end);
      });
    });
  };
};
