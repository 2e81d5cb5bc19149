/** Operators that move elements, and tell or take shapes. */
import type { BlockAttributes } from '../../graph/ops/depth-to-space.ts';
import type { Reduction } from '../../graph/ops/scattering.ts';
import { type Dtype, type Name, parameterOf } from '../../graph/values.ts';
import { dataTypeOf } from '../data-types.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converters } from './converter.ts';

/** Ends beyond this one are none: no axis is as long. */
const ENDLESS = 2 ** 31 - 1;

const PAD_MODES = ['constant', 'reflect', 'edge', 'wrap'] as const;

const BLOCK_ORDERS: ReadonlyMap<string, BlockAttributes['order']> = new Map([
  ['DCR', 'block-first'],
  ['CRD', 'channel-first'],
]);

export const MOVEMENT: Converters = {
  Identity: (node, builder) => builder.simple(node, 'identity', {}),
  Constant: convertConstant,
  ConstantOfShape(node, builder) {
    const { dtype, data } = node.tensor('value') ?? { dtype: 'float32', data: [0] };
    if (data.length !== 1) node.invalid(`value has ${data.length} numbers, expected one`);
    builder.simple(node, 'fill', { dtype, value: Number(data[0]) });
  },
  Shape: convertShape,
  Size: (node, builder) => builder.simple(node, 'element-count', {}),
  Reshape: (node, builder) => builder.simple(node, 'reshape', { copiesZeros: node.int('allowzero', 0) === 0 }),
  Flatten: (node, builder) => builder.simple(node, 'general-flatten', { axis: node.int('axis', 1) }),
  Squeeze: (node, builder) => builder.emit('squeeze', withList(node, builder, 'axes'), {}, firstOutput(node)),
  Unsqueeze: (node, builder) => builder.emit('unsqueeze', withList(node, builder, 'axes'), {}, firstOutput(node)),
  Transpose(node, builder) {
    const permutation = node.ints('perm');
    if (permutation === undefined || permutation.length === 0) builder.simple(node, 'axis-reversal', {});
    else builder.simple(node, 'transpose', { permutation });
  },
  Concat: (node, builder) => builder.simple(node, 'general-concatenation', { axis: required(node, 'axis') }),
  Split: convertSplit,
  Slice: convertSlice,
  Pad: convertPad,
  Expand: (node, builder) => builder.simple(node, 'expand', {}),
  Tile: (node, builder) => builder.simple(node, 'tile', {}),
  Gather: (node, builder) => builder.simple(node, 'gather', { axis: node.int('axis', 0) }),
  GatherElements: (node, builder) => builder.simple(node, 'gather-elements', { axis: node.int('axis', 0) }),
  GatherND: (node, builder) => builder.simple(node, 'gather-slices', { batchAxes: node.int('batch_dims', 0) }),
  Range: (node, builder) => builder.simple(node, 'range', {}),
  NonZero: (node, builder) => builder.simple(node, 'nonzero-indices', {}),
  DepthToSpace: (node, builder) => builder.simple(node, 'depth-to-space', blocksOf(node)),
  SpaceToDepth: (node, builder) => builder.simple(node, 'space-to-depth', blocksOf(node)),
  Scatter: convertScatterElements,
  ScatterElements: convertScatterElements,
  ScatterND: (node, builder) => builder.simple(node, 'scatter-slices', { reduction: reductionOf(node) }),
  OneHot: (node, builder) => builder.simple(node, 'one-hot', { axis: node.int('axis', -1) }),
  Trilu: (node, builder) => builder.simple(node, 'triangle', { part: node.int('upper', 1) === 0 ? 'lower' : 'upper' }),
  EyeLike(node, builder) {
    const number = node.int('dtype');
    const dtype =
      number === undefined ? undefined : (dataTypeOf(number).dtype ?? node.unsupported(`data type ${number}`));
    builder.simple(node, 'diagonal', { shift: node.int('k', 0), ...(dtype === undefined ? {} : { dtype }) });
  },
};

const REDUCTIONS: ReadonlyMap<string, Reduction> = new Map([
  ['none', 'none'],
  ['add', 'sum'],
  ['mul', 'product'],
  ['max', 'max'],
  ['min', 'min'],
]);

function convertScatterElements(node: NodeReader, builder: GraphBuilder): void {
  builder.simple(node, 'scatter-elements', { axis: node.int('axis', 0), reduction: reductionOf(node) });
}

function reductionOf(node: NodeReader): Reduction {
  const name = node.string('reduction', 'none');
  return REDUCTIONS.get(name) ?? node.invalid(`reduction is '${name}'`);
}

function convertConstant(node: NodeReader, builder: GraphBuilder): void {
  const [output] = node.outputs;
  const tensor = node.tensor('value');
  const lists: readonly (readonly [Dtype, readonly number[] | undefined])[] = [
    ['float32', node.floats('value_floats')],
    ['int64', node.ints('value_ints')],
  ];
  const scalars: readonly (readonly [Dtype, number | undefined])[] = [
    ['float32', node.float('value_float')],
    ['int64', node.int('value_int')],
  ];
  if (!output) return;
  if (tensor !== undefined) {
    builder.own(output, tensor, 'constant');
    return;
  }
  const list = lists.find(([, numbers]) => numbers !== undefined);
  const scalar = scalars.find(([, number]) => number !== undefined);
  const [dtype, given] = list ?? scalar ?? node.unsupported('a constant that is no tensor, number or list of numbers');
  const numbers = Float64Array.from(typeof given === 'number' ? [given] : (given ?? []));
  builder.parameter(output, parameterOf({ shape: list ? [numbers.length] : [], data: numbers }, dtype, 'constant'));
}

/** A part of the shape is a slice of it. */
function convertShape(node: NodeReader, builder: GraphBuilder): void {
  const start = node.int('start', 0);
  const end = node.int('end', ENDLESS);
  if (start === 0 && end === ENDLESS) {
    builder.simple(node, 'shape', {});
    return;
  }
  const [output] = node.outputs;
  const whole = builder.value('shape', node.inputs, {}, `${output}_whole`);
  const bounds = [start, end].map((place) => listConstant(node, builder, 'bound', [place]));
  builder.emit('slice', [whole, ...bounds], {}, firstOutput(node));
}

function convertSplit(node: NodeReader, builder: GraphBuilder): void {
  const sizes = node.opset < 13 ? node.ints('split') : undefined;
  const parts = node.opset >= 18 ? node.int('num_outputs') : undefined;
  const [input, list = null] = node.inputs;
  const told = list === null ? undefined : builder.parameters.get(list)?.type.shape[0];
  // Those at the end that nobody wants are parts all the same.
  const count = Math.max(sizes?.length ?? parts ?? told ?? 0, node.outputs.length);
  const outputs = Array.from({ length: count }, (_, i) => node.outputs[i] ?? null);
  const given = sizes === undefined ? list : listConstant(node, builder, 'split', sizes);
  builder.emit('general-split', [input, given], { axis: node.int('axis', 0) }, outputs);
}

function convertSlice(node: NodeReader, builder: GraphBuilder): void {
  if (node.opset >= 10) {
    builder.simple(node, 'slice', {});
    return;
  }
  const lists = ['starts', 'ends', 'axes'].map((name) => {
    const numbers = node.ints(name);
    if (numbers === undefined && name !== 'axes') node.invalid(`attribute '${name}' is missing`);
    return numbers === undefined ? null : listConstant(node, builder, name, numbers);
  });
  builder.emit('slice', [node.input(0), ...lists], {}, firstOutput(node));
}

function convertPad(node: NodeReader, builder: GraphBuilder): void {
  const mode = node.string('mode', 'constant');
  const known = PAD_MODES.find((name) => name === mode) ?? node.invalid(`mode is '${mode}'`);
  if (node.opset >= 11) {
    builder.simple(node, 'general-pad', { mode: known });
    return;
  }
  const value = node.float('value', 0);
  const sides = listConstant(node, builder, 'pads', node.ints('pads') ?? node.invalid("attribute 'pads' is missing"));
  const filled = builder.constant(`${node.outputs[0]}_value`, 'float32', [], [value]);
  builder.emit('general-pad', [node.input(0), sides, filled], { mode: known }, firstOutput(node));
}

function blocksOf(node: NodeReader) {
  const mode = node.string('mode', 'DCR');
  const order = BLOCK_ORDERS.get(mode) ?? node.invalid(`mode is '${mode}'`);
  return { blockSize: required(node, 'blocksize'), order };
}

/** The inputs with a list behind the first that was an attribute before version 13. */
function withList(node: NodeReader, builder: GraphBuilder, name: string): readonly (Name | null)[] {
  if (node.opset >= 13) return node.inputs;
  const numbers = node.ints(name);
  return numbers === undefined ? node.inputs : [node.input(0), listConstant(node, builder, name, numbers)];
}

function listConstant(node: NodeReader, builder: GraphBuilder, what: string, numbers: readonly number[]): Name {
  return builder.constant(`${node.outputs[0]}_${what}`, 'int64', [numbers.length], numbers);
}

function required(node: NodeReader, name: string): number {
  return node.int(name) ?? node.invalid(`attribute '${name}' is missing`);
}

function firstOutput(node: NodeReader): readonly (Name | null)[] {
  return node.outputs.slice(0, 1);
}
