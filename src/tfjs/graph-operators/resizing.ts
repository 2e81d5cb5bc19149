/** Pictures of other sizes. */
import type { ResamplingAttributes } from '../../graph/ops/resampling.ts';
import type { Name } from '../../graph/values.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import { channelsFirst } from '../orders.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';

/** Where samples lie, by TensorFlow's two flags; the nearest element of each. */
function coordinatesOf(node: NodeReader): Pick<ResamplingAttributes, 'coordinates' | 'rounding'> {
  const isNearest = node.op === 'ResizeNearestNeighbor';
  if (node.flag('align_corners')) return { coordinates: 'align-corners', rounding: 'half-up' };
  if (!node.flag('half_pixel_centers')) return { coordinates: 'asymmetric', rounding: 'floor' };
  return { coordinates: isNearest ? 'pixel-centre' : 'half-pixel', rounding: 'floor' };
}

function resized(mode: 'linear' | 'nearest') {
  return (node: NodeReader, builder: LayoutBuilder): Value => {
    // Means of whole numbers are real ones.
    const x = mode === 'linear' ? builder.cast(node.input(0), 'float32', `${node.name}/real`) : node.input(0);
    const attributes = { mode, tells: 'lengths', axes: [2, 3], ...coordinatesOf(node) } as const;
    const lengths = lengthsOf(node, builder);
    const planes = builder.planesOf(x);
    const [batch, channels] = builder.typeOf(planes).shape;
    const assumed = { dtype: x.dtype, shape: [batch, channels, null, null] };
    const [made] = builder.emit('resampling', [planes, lengths], attributes, node.name, 1, assumed);
    return builder.made(made, channelsFirst(4));
  };
}

function lengthsOf(node: NodeReader, builder: LayoutBuilder): Name {
  const known = node.numbersIfKnown(1);
  return known === undefined ? builder.nameOf(node.input(1)) : builder.list(`${node.name}/size`, known);
}

export const RESIZING: Converters = {
  ResizeBilinear: resized('linear'),
  ResizeNearestNeighbor: resized('nearest'),
};
