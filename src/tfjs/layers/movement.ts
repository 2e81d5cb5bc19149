/** Layers that move elements, cut some off or put some around. */
import type { LayerReader } from '../layer.ts';
import { expectRank, isChannelsFirst, planesOrder, sidesFrom } from '../options.ts';
import { plainOrder } from '../orders.ts';

/** Zeros around rows, or rows and columns: a convolution that comes next may take them as its own. */
export function zeroPadding(axes: number): LayerReader {
  return (layer) => {
    const isFirst = isChannelsFirst(layer);
    const around = sidesFrom(layer.config, 'padding', axes, 1);
    return ({ x, name, builder, shared }) => {
      expectRank(layer, x, axes + 2);
      const places = planesOrder(isFirst, x.rank).slice(2);
      const sides = plainOrder(x.rank).map((axis) => around[places.indexOf(axis)] ?? ([0, 0] as const));
      const made = builder.pad(x, sides, { mode: 'constant' }, name);
      shared.padded.set(made, { source: x, sides });
      return made;
    };
  };
}

export function cropping(axes: number): LayerReader {
  return (layer) => {
    const isFirst = isChannelsFirst(layer);
    const cut = sidesFrom(layer.config, 'cropping', axes, axes === 1 ? 1 : 0);
    return ({ x, name, builder }) => {
      expectRank(layer, x, axes + 2);
      const ranges = planesOrder(isFirst, x.rank)
        .slice(2)
        .map((axis, i) => ({ axis, start: cut[i][0], end: cut[i][1] === 0 ? ENDLESS : -cut[i][1], step: 1 }));
      return builder.slice(x, ranges, name);
    };
  };
}

/** Ends beyond this one are none: no axis is as long. */
export const ENDLESS = 2 ** 31 - 1;

export const flatten: LayerReader = (layer) => {
  const isFirst = isChannelsFirst(layer);
  return ({ x, name, builder }) => {
    if (!isFirst || x.rank < 3) return builder.flatten(x, name);
    // the channels go to the end before
    const back = [0, ...plainOrder(x.rank).slice(2), 1];
    return builder.flatten(builder.transpose(x, back), name);
  };
};

/** The batch is left out of what is told. */
export const reshape: LayerReader = (layer) => {
  const { config } = layer;
  const isSize = (size: unknown) => Number.isSafeInteger(size) && ((size as number) > 0 || size === -1);
  const target = config.array('target_shape').map((size) => (isSize(size) ? Number(size) : 0));
  if (target.includes(0) || target.filter((size) => size === -1).length > 1) {
    config.fail('target_shape', 'positive whole numbers, one of which may be -1');
  }
  return ({ x, name, builder }) => builder.reshape(x, [0, ...target], name);
};

/** Axes are counted from 1, behind the batch. */
export const permute: LayerReader = (layer) => {
  const { config } = layer;
  const dims = config.array('dims');
  const axes = new Set(dims);
  const isWhole = dims.every((_, i) => axes.has(i + 1));
  if (!isWhole) config.fail('dims', 'each axis from 1 on once');
  const permutation = [0, ...dims.map(Number)];
  return ({ x, builder }) => {
    if (x.rank !== permutation.length) config.fail('dims', `${x.rank - 1} axes`);
    return builder.transpose(x, permutation);
  };
};

export const repeatVector: LayerReader = (layer) => {
  const n = layer.config.count('n');
  return ({ x, name, builder }) => {
    expectRank(layer, x, 2);
    const row = builder.unsqueeze(x, [1], `${name}/row`);
    const made = builder.emit('tile', [builder.nameOf(row), builder.list(`${name}/counts`, [1, n, 1])], {}, name);
    return builder.made(made[0], plainOrder(3));
  };
};
