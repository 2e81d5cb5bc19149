/** Small good graph models: one for each operator, and one in which shapes are computed. */
import { CONVERTERS } from '../../src/tfjs/graph-operators/table.ts';
import {
  type Constant,
  flag,
  float,
  floats,
  type GraphFile,
  graphFile,
  int,
  ints,
  list,
  type NodeDef,
  placeholder,
  table,
  text,
  texts,
  type,
  whole,
} from './graph-def.ts';
import { fileOf } from './one-operator.ts';

/** What a node reads, and its attributes; x is a picture unless it is told otherwise. */
interface Row {
  readonly reads?: readonly ('x' | Constant)[];
  readonly attr?: NodeDef['attr'];
  readonly x?: readonly [shape: readonly number[], dtype?: string];
}

const WINDOWS = { strides: ints(1, 1, 2, 1), padding: text('SAME'), data_format: text('NHWC') };
const DEEP = { strides: ints(1, 1, 1, 1, 1), padding: text('VALID'), data_format: text('NDHWC') };
const KERNEL = floats([2, 1, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
const VECTOR = floats([2], 1, 2);
const FUSED = { fused_ops: texts('BiasAdd', 'LeakyRelu'), leakyrelu_alpha: float(0.5), num_args: int(1) };
const STATISTICS = {
  reads: ['x', VECTOR, VECTOR, VECTOR, VECTOR],
  attr: { is_training: flag(false), epsilon: float(0.1) },
} as const;
const SIDES = table([0, 0], [1, 0], [0, 1], [0, 0]);
const SLICED = {
  begin_mask: int(1),
  end_mask: int(1),
  ellipsis_mask: int(2),
  shrink_axis_mask: int(4),
  new_axis_mask: int(0),
};

const pooled = (ksize: object, windows: object): Row => ({ attr: { ...windows, ksize } });
const reduced: Row = { reads: ['x', list(1, 2)], attr: { keep_dims: flag(true) } };
const extreme: Row = { reads: ['x', whole(-1)], attr: { output_type: type('DT_INT32') } };
const multiplied: Row = {
  reads: ['x', floats([2, 3], 1, 2, 3, 4, 5, 6)],
  attr: { transpose_a: flag(false), transpose_b: flag(false) },
  x: [[-1, 2]],
};
const stacked: Row = { reads: ['x', 'x'], attr: { adj_x: flag(false), adj_y: flag(true) } };
const resized: Row = { reads: ['x', list(3, 8)], attr: { half_pixel_centers: flag(true), align_corners: flag(false) } };
const depthwise: Row = { reads: ['x', KERNEL], attr: WINDOWS };
const fusedDepthwise: Row = { reads: ['x', KERNEL, floats([4], 1, 2, 3, 4)], attr: { ...WINDOWS, ...FUSED } };
const blocked: Row = { attr: { block_size: int(2) }, x: [[-1, 4, 4, 4]] };
const truths: Row = { reads: ['x', 'x'], x: [[-1, 2], 'DT_BOOL'] };
const places: Row = { reads: [floats([3, 2], 1, 2, 3, 4, 5, 6), 'x'], x: [[-1], 'DT_INT32'] };

const ROWS: Readonly<Record<string, Row>> = {
  Conv2D: { reads: ['x', KERNEL], attr: { ...WINDOWS, dilations: ints(1, 1, 1, 1), explicit_paddings: { list: {} } } },
  Conv3D: { reads: ['x', floats([1, 1, 2, 1, 1], 1, 2)], attr: DEEP, x: [[-1, 2, 3, 4, 1]] },
  _FusedConv2D: { reads: ['x', KERNEL, VECTOR], attr: { ...WINDOWS, ...FUSED } },
  DepthwiseConv2d: depthwise,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: fusedDepthwise,
  _FusedDepthwiseConv2dNative: fusedDepthwise,
  Conv2DBackpropInput: {
    reads: [list(2, 4, 8, 2), floats([1, 3, 2, 2], ...Array(12).fill(1)), 'x'],
    attr: WINDOWS,
    x: [[2, 4, 4, 2]],
  },
  MaxPool: pooled(ints(1, 2, 2, 1), WINDOWS),
  AvgPool: pooled(ints(1, 2, 2, 1), WINDOWS),
  MaxPool3D: { ...pooled(ints(1, 1, 2, 2, 1), DEEP), x: [[-1, 2, 3, 4, 1]] },
  AvgPool3D: { ...pooled(ints(1, 1, 2, 2, 1), DEEP), x: [[-1, 2, 3, 4, 1]] },
  FusedBatchNorm: STATISTICS,
  FusedBatchNormV2: STATISTICS,
  FusedBatchNormV3: STATISTICS,
  LRN: { attr: { depth_radius: int(1), bias: float(0.5), alpha: float(0.5), beta: float(1) } },
  MatMul: multiplied,
  _FusedMatMul: {
    ...multiplied,
    reads: [...(multiplied.reads ?? []), floats([3], 1, 2, 3)],
    attr: { ...multiplied.attr, ...FUSED },
  },
  ...{ BatchMatMul: stacked, BatchMatMulV2: stacked, BatchMatMulV3: stacked },
  Einsum: { reads: ['x', floats([2, 3], 1, 2, 3, 4, 5, 6)], attr: { equation: text('bhwc,cd->bdhw') } },
  ...{ Sum: reduced, Mean: reduced, Prod: reduced, Max: reduced, Min: reduced, EuclideanNorm: reduced },
  ...{ Any: { ...reduced, x: [[-1, 4, 4], 'DT_BOOL'] }, All: { ...reduced, x: [[-1, 4, 4], 'DT_BOOL'] } },
  ...{ ArgMax: extreme, ArgMin: extreme },
  TopKV2: { reads: ['x', whole(2)], attr: { sorted: flag(true) } },
  TopK: { attr: { k: int(2) } },
  Cumsum: { reads: ['x', whole(1)], attr: { exclusive: flag(true), reverse: flag(false) } },
  ...{ ResizeBilinear: resized, ResizeNearestNeighbor: resized },
  ...{ DepthToSpace: blocked, SpaceToDepth: blocked },
  SpaceToBatchND: { reads: ['x', list(2, 2), table([0, 0], [1, 1])] },
  BatchToSpaceND: { reads: ['x', list(2, 1), table([1, 0], [0, 0])], x: [[4, 2, 3, 1]] },
  Transpose: { reads: ['x', list(0, 3, 1, 2)] },
  Tile: { reads: ['x', list(1, 2, 1, 3)] },
  Pad: { reads: ['x', SIDES] },
  PadV2: { reads: ['x', SIDES, floats([], 5)] },
  MirrorPad: { reads: ['x', SIDES], attr: { mode: text('SYMMETRIC') } },
  Reshape: { reads: ['x', list(-1, 8)] },
  Squeeze: { attr: { squeeze_dims: ints(1) }, x: [[-1, 1, 4]] },
  ExpandDims: { reads: ['x', whole(1)] },
  Fill: { reads: [list(2, 3), floats([], 5)] },
  BroadcastTo: { reads: ['x', list(3, 2, 4, 4, 2)], x: [[2, 4, 4, 2]] },
  Range: { reads: [whole(0), whole(5), whole(2)] },
  OneHot: { reads: ['x', whole(3), floats([], 5), floats([], -1)], attr: { axis: int(-1) }, x: [[2], 'DT_INT32'] },
  StridedSlice: { reads: ['x', list(0, 0, 1), list(0, 0, 2), list(1, 1, 1)], attr: SLICED },
  Slice: { reads: ['x', list(0, 1, 0, 1), list(-1, 2, -1, 1)] },
  ReverseV2: { reads: ['x', list(1, -1)] },
  ConcatV2: { reads: ['x', 'x', whole(-2)] },
  Concat: { reads: [whole(1), 'x', 'x'] },
  Pack: { reads: ['x', 'x'], attr: { axis: int(1), N: int(2) } },
  Unpack: { attr: { axis: int(1), num: int(4) } },
  Split: { reads: [whole(2), 'x'], attr: { num_split: int(2) } },
  SplitV: { reads: ['x', list(1, -1), whole(1)], attr: { num_split: int(2) } },
  GatherV2: { reads: ['x', list(2, 0), whole(1)], attr: { batch_dims: int(0) } },
  ...{ Gather: places, GatherNd: { reads: ['x', table([0, 1], [1, 1])], x: [[2, 4, 4, 2]] } },
  ...{ LogicalAnd: truths, LogicalOr: truths, LogicalNot: { ...truths, reads: ['x'] } },
  SelectV2: { reads: ['x', VECTOR, floats([], 5)], x: [[-1, 2], 'DT_BOOL'] },
  Select: { reads: ['x', floats([2, 3], 1, 2, 3, 4, 5, 6), floats([2, 3], 6, 5, 4, 3, 2, 1)], x: [[2], 'DT_BOOL'] },
  ClipByValue: { reads: ['x', floats([], -1), floats([], 2)] },
  Cast: { attr: { SrcT: type('DT_FLOAT'), DstT: type('DT_INT32'), Truncate: flag(false) } },
  LeakyRelu: { attr: { alpha: float(0.5) } },
  BiasAdd: { reads: ['x', VECTOR], attr: { data_format: text('NHWC') } },
  Prelu: { reads: ['x', VECTOR] },
};

/** Operators of two values of one type; all that are not told of take one. */
const PAIRS: ReadonlySet<string> = new Set([
  ...['Sub', 'RealDiv', 'Div', 'Maximum', 'Minimum', 'Pow', 'FloorMod', 'Mod', 'TruncateMod', 'Atan2', 'AddN', 'Add'],
  ...['AddV2', 'Mul', 'SquaredDifference', 'DivNoNan', 'FloorDiv', 'Equal', 'NotEqual', 'Greater', 'GreaterEqual'],
  ...['Less', 'LessEqual'],
]);

function ofOperator(op: string): GraphFile {
  const { reads = PAIRS.has(op) ? ['x', VECTOR] : ['x'], attr, x: [shape, dtype] = [[-1, 4, 4, 2]] } = ROWS[op] ?? {};
  return fileOf(placeholder('x', shape, dtype), op, reads, attr);
}

/** Most forms of attributes, a dilation in batches, and lists that are computed. */
function ofMany(): GraphFile {
  const attr = { strides: ints(1, 1, 1, 1), padding: text('SAME'), data_format: text('NHWC') };
  const nodes: NodeDef[] = [
    placeholder('image', [-1, 4, 4, 2]),
    {
      name: 'conv',
      op: '_FusedConv2D',
      input: ['image', 'kernel', 'bias'],
      attr: { ...attr, fused_ops: texts('BiasAdd', 'LeakyRelu'), leakyrelu_alpha: float(0.5) },
    },
    {
      name: 'pool',
      op: 'MaxPool',
      input: ['conv'],
      attr: { ...attr, ksize: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1) },
    },
    { name: 'apart', op: 'SpaceToBatchND', input: ['pool', 'block', 'sides'] },
    { name: 'dilated', op: 'Conv2D', input: ['apart', 'kernel'], attr: { ...attr, padding: text('VALID') } },
    { name: 'joined', op: 'BatchToSpaceND', input: ['dilated', 'block', 'crops'] },
    { name: 'up', op: 'ResizeBilinear', input: ['joined', 'two'], attr: { half_pixel_centers: flag(true) } },
    { name: 'shape', op: 'Shape', input: ['up'], attr: { out_type: { type: 'DT_INT32' } } },
    { name: 'batch', op: 'StridedSlice', input: ['shape', 'zero', 'one', 'one'], attr: { shrink_axis_mask: int(1) } },
    { name: 'sizes', op: 'Pack', input: ['batch', 'eight'], attr: { axis: int(0), N: int(2) } },
    { name: 'flat', op: 'Reshape', input: ['up', 'sizes'] },
    { name: 'parts', op: 'Split', input: ['axis', 'flat'], attr: { num_split: int(2) } },
    { name: 'sum', op: 'Einsum', input: ['parts', 'parts:1'], attr: { equation: text('bi,bi->b') } },
    { name: 'all', op: 'Mean', input: ['flat', 'one'], attr: { keep_dims: flag(false) } },
    { name: 'both', op: 'AddV2', input: ['sum:0', 'all', '^pool'] },
  ];
  const constants = {
    kernel: floats([1, 1, 2, 2], 1, 2, 3, 4),
    bias: floats([2], 1, -1),
    ...{ block: list(2, 2), sides: table([0, 0], [0, 0]), crops: table([0, 0], [0, 0]), two: list(2, 2) },
    ...{ zero: list(0), one: list(1), eight: whole(8), axis: whole(1) },
  };
  return graphFile(nodes, constants, { score: 'both:0', flat: 'flat' });
}

/** By what they are of. */
export const GOOD_NODES: ReadonlyMap<string, GraphFile> = new Map([
  ...[...CONVERTERS.keys()].map((op): [string, GraphFile] => [op, ofOperator(op)]),
  ['many operators', ofMany()],
]);
