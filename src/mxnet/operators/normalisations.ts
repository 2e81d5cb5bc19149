/** Normalisations. */
import type { Name } from '../../graph/values.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { boolean, number, oneOf, orNone, single, text, whole } from '../attributes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axesFrom, axisOf, type Converters, movedAxis, type SymbolReader, transposed } from './converter.ts';

export const NORMALISATIONS: Converters = {
  BatchNorm: batchNormalisation,
  BatchNorm_v1: batchNormalisation,
  _contrib_SyncBatchNorm: batchNormalisation,
  _contrib_BatchNormWithReLU: batchNormalisation,

  LRN(node, builder) {
    const { nsize, alpha, beta, knorm } = node.read({
      nsize: whole({ least: 1 }),
      alpha: single({ absent: 1e-4 }),
      beta: single({ absent: 0.75 }),
      knorm: single({ absent: 2 }),
    });
    // As many channels on either side: an even number is that of one less, and still divides alpha.
    const size = nsize % 2 === 0 ? nsize - 1 : nsize;
    const attributes = { size, alpha: (alpha * size) / nsize, beta, bias: knorm };
    builder.emit('local-response-normalisation', [node.input(0)], attributes, [node.first]);
  },

  /** x / √(Σx² + eps), the sum over all of an instance, its channels, or its pixels. */
  L2Normalization(node, builder) {
    const { eps, mode } = node.read({
      eps: single({ absent: 1e-10 }),
      mode: oneOf(['instance', 'channel', 'spatial'], { absent: 'instance' }),
    });
    const [x, y] = [node.input(0), node.first];
    const rank = builder.shapeOf(x).length;
    const axes = { instance: axesFrom(1, rank), channel: [1], spatial: axesFrom(2, rank) }[mode];
    const squares = builder.value('reduction', [x], { by: 'square-sum', axes, keepAxes: true }, `${y}.squares`);
    const sum = builder.value('sum', [squares, builder.scalar(eps, x)], {}, `${y}.sum`);
    builder.emit('division', [x, builder.value('square-root', [sum], {}, `${y}.norm`)], {}, [y]);
  },

  InstanceNorm(node, builder) {
    const { eps } = node.read({ eps: single({ absent: 1e-3 }) });
    const inputs = [node.input(0), node.input(1), node.input(2)];
    builder.emit('group-normalisation', inputs, { epsilon: eps }, [node.first]);
  },

  /** gamma and beta are of a group; where there is one for each channel, as in later versions, of a channel. */
  GroupNorm(node, builder) {
    const { eps, num_groups: groups } = node.read({
      num_groups: whole({ least: 1, absent: 1 }),
      eps: single({ absent: 1e-5 }),
      output_mean_var: boolean({ absent: false }),
    });
    const inputs = [node.input(0), node.input(1), node.input(2)];
    const scalesGroups = builder.shapeOf(inputs[1])[0] === groups;
    builder.emit('group-normalisation', inputs, { epsilon: eps, groups, scalesGroups }, [node.first]);
  },

  LayerNorm: layerNormalisation,
};

/** MXNet keeps gamma in its files and takes 1 in its place where `fix_gamma` says so, which it does by default. */
function batchNormalisation(node: SymbolReader, builder: SymbolBuilder): void {
  const { eps, fix_gamma, axis } = node.read({
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
  const [x, gamma, beta, mean, variance] = [0, 1, 2, 3, 4].map((i) => node.input(i));
  const rank = builder.shapeOf(x).length;
  const [there, back] = movedAxis(rank, axisOf(node, axis, rank), Math.min(1, rank - 1));
  const isMoved = there.some((from, to) => from !== to);
  const scale = fix_gamma ? onesLike(builder, gamma) : gamma;
  const inputs = [transposed(builder, x, there), scale, beta, mean, variance];
  const y = isMoved ? builder.fresh(`${node.first}.moved`) : node.first;
  builder.emit('batch-normalisation-nd', inputs, { epsilon: eps }, [y]);
  if (isMoved) transposed(builder, y, back, node.first);
  const [meanOut, inverseOut] = [node.output(1), node.output(2)];
  if (meanOut !== null) builder.emit('identity', [mean], {}, [meanOut]);
  if (inverseOut === null) return;
  // Not the variance: 1 / √(variance + eps).
  const sum = builder.value('sum', [variance, builder.scalar(eps, variance)], {}, `${inverseOut}.sum`);
  const root = builder.value('square-root', [sum], {}, `${inverseOut}.root`);
  builder.emit('reciprocal', [root], {}, [inverseOut]);
}

function onesLike(builder: SymbolBuilder, gamma: Name): Name {
  const parameter = builder.parameters.get(gamma);
  if (parameter !== undefined) {
    const { dtype, shape } = parameter.type;
    return builder.constant(`${gamma}.fixed`, dtype, shape, new Float64Array(sizeOf(shape)).fill(1), 'weight');
  }
  const shape = builder.value('shape', [gamma], {}, `${gamma}.shape`);
  return builder.value('fill', [shape], { dtype: builder.dtypeOf(gamma), value: 1 }, `${gamma}.fixed`);
}

/** Over one axis. Further outputs are the mean and √(variance + eps). */
function layerNormalisation(node: SymbolReader, builder: SymbolBuilder): void {
  const { axis, eps } = node.read({
    axis: whole({ absent: -1 }),
    eps: single({ absent: 1e-5 }),
    output_mean_var: boolean({ absent: false }),
  });
  const [x, gamma, beta] = [0, 1, 2].map((i) => node.input(i));
  const rank = builder.shapeOf(x).length;
  const [there, back] = movedAxis(rank, axisOf(node, axis, rank), rank - 1);
  const outputs = [0, 1, 2].map((i) => node.output(i));
  const isMoved = there.some((from, to) => from !== to);
  const made = outputs.map((name, i) => {
    return name !== null && !isMoved && i < 2 ? name : builder.fresh(`${node.first}.normal`);
  });
  const count = outputs.findLastIndex((name) => name !== null) + 1;
  const inputs = [transposed(builder, x, there), gamma, beta];
  const momentsType = builder.dtypeOf(x);
  builder.emit('layer-normalisation', inputs, { axis: -1, epsilon: eps, momentsType }, made.slice(0, count));
  for (const [i, output] of outputs.entries()) {
    if (output === null || (i < 2 && !isMoved)) continue;
    const value = i < 2 ? made[i] : builder.value('reciprocal', [made[i]], {}, `${output}.deviation`);
    transposed(builder, value, back, output);
  }
}
