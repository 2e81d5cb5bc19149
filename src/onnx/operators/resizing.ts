/** Operators that give axes other lengths. */
import type { ResamplingAttributes } from '../../graph/ops/resampling.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converters } from './converter.ts';

const MODES = new Map([
  ['nearest', 'nearest'],
  ['linear', 'linear'],
  ['cubic', 'cubic'],
] as const);

const COORDINATES = new Map([
  ['half_pixel', 'half-pixel'],
  ['half_pixel_symmetric', 'half-pixel-symmetric'],
  ['pytorch_half_pixel', 'half-pixel-or-first'],
  ['tf_half_pixel_for_nn', 'pixel-centre'],
  ['align_corners', 'align-corners'],
  ['asymmetric', 'asymmetric'],
  ['tf_crop_and_resize', 'region'],
] as const);

const ROUNDINGS = new Map([
  ['round_prefer_floor', 'half-down'],
  ['round_prefer_ceil', 'half-up'],
  ['floor', 'floor'],
  ['ceil', 'ceiling'],
] as const);

const POLICIES = new Map([
  ['stretch', undefined],
  ['not_larger', 'not-larger'],
  ['not_smaller', 'not-smaller'],
] as const);

/** What an attribute's text stands for. */
function meant<Text extends string, Meant>(
  node: NodeReader,
  attribute: string,
  absent: Text,
  meanings: ReadonlyMap<Text, Meant>,
): Meant {
  const text = node.string(attribute, absent);
  for (const [known, meaning] of meanings) if (known === text) return meaning;
  return node.unsupported(`${attribute} '${text}'`);
}

/**
 * Versions 7 and 9 only enlarge, and 10 does both: from the first element on, where what shrinks takes the next one (as
 * ONNX's test of that version has it, while the text says nothing).
 */
function upsample(node: NodeReader, builder: GraphBuilder): void {
  const mode = meant(node, 'mode', 'nearest', MODES);
  const attributes = { mode, tells: 'scales', coordinates: 'asymmetric', rounding: 'floor-or-ceiling' } as const;
  const inSingle = builder.scalesInSingle;
  const listed = node.opset < 9 ? (node.floats('scales') ?? node.invalid("attribute 'scales' is missing")) : [];
  const scales = node.opset < 9 ? builder.constant('scales', 'float32', [listed.length], listed) : node.input(1);
  builder.emit('resampling', [node.input(0), scales], { ...attributes, inSingle }, node.outputs);
}

/** Where lengths are given, scales are left out, or are empty. */
function resize(node: NodeReader, builder: GraphBuilder): void {
  const [regions = null, scales = null, lengths = null] = node.inputs.slice(1);
  const numbers = lengths ?? scales ?? node.invalid('it has neither scales nor sizes');
  const attributes: ResamplingAttributes = {
    mode: meant(node, 'mode', 'nearest', MODES),
    tells: lengths === null ? 'scales' : 'lengths',
    inSingle: builder.scalesInSingle,
    coordinates: meant(node, 'coordinate_transformation_mode', 'half_pixel', COORDINATES),
    rounding: meant(node, 'nearest_mode', 'round_prefer_floor', ROUNDINGS),
    cubicCoefficient: node.float('cubic_coeff_a', -0.75),
    excludeOutside: node.int('exclude_outside', 0) !== 0,
    extrapolation: node.float('extrapolation_value', 0),
    antialias: node.int('antialias', 0) !== 0,
    axes: node.ints('axes'),
    within: meant(node, 'keep_aspect_ratio_policy', 'stretch', POLICIES),
  };
  // Regions mean nothing to other coordinates, and need not be known then.
  const read = attributes.coordinates === 'region' ? [regions] : [];
  builder.emit('resampling', [node.input(0), numbers, ...read], attributes, node.outputs);
}

export const RESIZING: Converters = {
  Upsample: upsample,
  Resize: (node, builder) => (node.opset < 11 ? upsample : resize)(node, builder),
};
