/** Layers: convolutions, poolings, normalisations and what is fully connected. */
import type { GraphBuilder } from '../../graph/graph-builder.ts';
import { boolean, number, oneOf, orNone, text, tuple, whole } from '../attributes.ts';
import { type Converters, parameterOf, type SymbolReader } from './converter.ts';

const SIZES = tuple(whole({ least: 0 }), { absent: [] as readonly number[] });
/** How MXNet's GPU kernels work, which says nothing of what is computed. */
const TUNING = {
  cudnn_tune: orNone(text()),
  cudnn_off: boolean({ absent: false }),
  workspace: whole({ absent: 1024 }),
};

export const LAYERS: Converters = {
  Convolution: convolution,
  Convolution_v1: convolution,

  FullyConnected(node, builder) {
    const { no_bias, flatten } = node.read({
      num_hidden: whole({ least: 1 }),
      no_bias: boolean({ absent: false }),
      flatten: boolean({ absent: true }),
    });
    if (!flatten) node.unsupported('flatten=False');
    const inputs = node.inputs.slice(0, no_bias ? 2 : 3);
    builder.emit('fully-connected', inputs, {}, [node.output(0)]);
  },

  BatchNorm: batchNormalisation,
  BatchNorm_v1: batchNormalisation,
  _contrib_SyncBatchNorm: batchNormalisation,

  Pooling: pooling,

  LRN(node, builder) {
    const { nsize, alpha, beta, knorm } = node.read({
      nsize: whole({ least: 1 }),
      alpha: number({ absent: 1e-4 }),
      beta: number({ absent: 0.75 }),
      knorm: number({ absent: 2 }),
    });
    const attributes = { size: nsize, alpha, beta, bias: knorm };
    builder.emit('local-response-normalisation', [node.input(0)], attributes, [node.output(0)]);
  },
};

function convolution(node: SymbolReader, builder: GraphBuilder): void {
  const read = node.read({
    ...TUNING,
    kernel: tuple(whole({ least: 1 })),
    num_filter: whole({ least: 1 }),
    stride: SIZES,
    dilate: SIZES,
    pad: SIZES,
    num_group: whole({ least: 1, absent: 1 }),
    no_bias: boolean({ absent: false }),
    layout: orNone(text()),
  });
  if (read.kernel.length !== 2) node.unsupported(`a kernel of ${read.kernel.length} axes`);
  if (read.layout !== null && read.layout !== 'NCHW') node.unsupported(`the layout ${read.layout}`);
  const attributes = {
    stride: pair(read.stride, 1),
    dilation: pair(read.dilate, 1),
    padding: around(read.pad),
    groups: read.num_group,
  };
  builder.emit('convolution', node.inputs.slice(0, read.no_bias ? 2 : 3), attributes, [node.output(0)]);
}

/** MXNet keeps gamma in its files and takes 1 in its place where `fix_gamma` says so, which it does by default. */
function batchNormalisation(node: SymbolReader, builder: GraphBuilder): void {
  const { eps, fix_gamma, axis, output_mean_var } = node.read({
    cudnn_off: boolean({ absent: false }),
    eps: number({ absent: 1e-3 }),
    momentum: number({ absent: 0.9 }),
    fix_gamma: boolean({ absent: true }),
    use_global_stats: boolean({ absent: false }),
    output_mean_var: boolean({ absent: false }),
    axis: whole({ absent: 1 }),
    ndev: whole({ absent: 1 }),
    key: text({ absent: '' }),
    min_calib_range: orNone(number()),
    max_calib_range: orNone(number()),
  });
  if (axis !== 1) node.unsupported(`axis=${axis}`);
  if (output_mean_var) node.unsupported('output_mean_var=True');
  const [x, gamma, ...others] = node.inputs;
  const { type } = parameterOf(node, builder, 1);
  const ones = () =>
    builder.constant(`${gamma}.fixed`, 'float32', type.shape, new Array(type.shape[0]).fill(1), 'weight');
  const inputs = [x, fix_gamma ? ones() : gamma, ...others];
  builder.emit('batch-normalisation', inputs, { epsilon: eps }, [node.output(0)]);
}

function pooling(node: SymbolReader, builder: GraphBuilder): void {
  const read = node.read({
    kernel: SIZES,
    pool_type: oneOf(['max', 'avg', 'sum', 'lp'], { absent: 'max' }),
    global_pool: boolean({ absent: false }),
    pooling_convention: oneOf(['valid', 'full', 'same'], { absent: 'valid' }),
    stride: SIZES,
    pad: SIZES,
    count_include_pad: orNone(boolean()),
    p_value: orNone(whole()),
    layout: orNone(text()),
    cudnn_off: boolean({ absent: false }),
  });
  const { pool_type, pooling_convention: convention } = read;
  if (read.layout !== null && read.layout !== 'NCHW') node.unsupported(`the layout ${read.layout}`);
  if (convention === 'same') node.unsupported('pooling_convention=same');
  if (read.global_pool) {
    globalPooling(node, builder, pool_type);
    return;
  }
  if (read.kernel.length !== 2) node.unsupported(`a kernel of ${read.kernel.length} axes`);
  const attributes = {
    poolingSize: pair(read.kernel, 1),
    stride: pair(read.stride, 1),
    padding: around(read.pad),
    convention,
  };
  if (pool_type === 'max') {
    builder.emit('max-pooling', [node.input(0)], attributes, [node.output(0)]);
    return;
  }
  if (pool_type !== 'avg') node.unsupported(`pool_type=${pool_type}`);
  const hasPadding = read.pad.some((zeros) => zeros !== 0);
  const countPadding = (read.count_include_pad ?? true) && hasPadding;
  // An overhanging window is divided by what lies inside input and padding: not by all of it, and not by the input's alone.
  if (convention === 'full' && countPadding) node.unsupported('an average with padding and pooling_convention=full');
  builder.emit('average-pooling', [node.input(0)], { ...attributes, countPadding }, [node.output(0)]);
}

/** Rows and columns stay, as one each. */
function globalPooling(node: SymbolReader, builder: GraphBuilder, type: string): void {
  if (type !== 'avg') node.unsupported(`global_pool=True with pool_type=${type}`);
  builder.emit('global-average-pooling', [node.input(0)], {}, [node.output(0)]);
}

function pair(values: readonly number[], absent: number): { readonly height: number; readonly width: number } {
  const [height = absent, width = absent] = values;
  return { height, width };
}

function around([rows = 0, columns = 0]: readonly number[]) {
  return { top: rows, bottom: rows, left: columns, right: columns };
}
