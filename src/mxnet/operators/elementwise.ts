/** What works element by element, and what only moves or names values. */

import type { GraphBuilder } from '../../graph/graph-builder.ts';
import { boolean, number, oneOf, orNone, tuple, whole } from '../attributes.ts';
import type { Converters, SymbolReader } from './converter.ts';

const ACTIVATIONS = { relu: 'relu', sigmoid: 'sigmoid' } as const;

export const ELEMENTWISE: Converters = {
  Activation(node, builder) {
    const { act_type } = node.read({ act_type: oneOf(['relu', 'sigmoid', 'tanh', 'softrelu', 'softsign']) });
    const op = act_type === 'relu' || act_type === 'sigmoid' ? ACTIVATIONS[act_type] : undefined;
    builder.emit(op ?? node.unsupported(`act_type=${act_type}`), [node.input(0)], {}, [node.output(0)]);
  },
  relu: (node, builder) => builder.emit('relu', [node.input(0)], {}, [node.output(0)]),
  sigmoid: (node, builder) => builder.emit('sigmoid', [node.input(0)], {}, [node.output(0)]),

  LeakyReLU(node, builder) {
    const { act_type, slope } = node.read({
      act_type: oneOf(['leaky', 'elu', 'gelu', 'prelu', 'rrelu', 'selu'], { absent: 'leaky' }),
      slope: number({ absent: 0.25 }),
      lower_bound: number({ absent: 0.125 }),
      upper_bound: number({ absent: 0.334 }),
    });
    if (act_type !== 'leaky') node.unsupported(`act_type=${act_type}`);
    builder.emit('relu', [node.input(0)], { negativeSlope: slope }, [node.output(0)]);
  },

  clip(node, builder) {
    const { a_min, a_max } = node.read({ a_min: number(), a_max: number() });
    builder.emit('clamp', [node.input(0)], { min: a_min, max: a_max }, [node.output(0)]);
  },

  elemwise_add: sum,
  _Plus: sum,
  _plus: sum,
  broadcast_add: sum,
  broadcast_plus: sum,
  elemwise_mul: product,
  _Mul: product,
  _mul: product,
  broadcast_mul: product,

  add_n(node, builder) {
    node.read({ num_args: whole({ least: 1, absent: 1 }) });
    builder.emit('sum', node.inputs, {}, [node.output(0)]);
  },

  Concat(node, builder) {
    const { dim } = node.read({ dim: whole({ absent: 1 }), num_args: whole({ least: 1, absent: 1 }) });
    if (dim !== 1) node.unsupported(`dim=${dim}`);
    builder.emit('concatenation', node.inputs, {}, [node.output(0)]);
  },

  Flatten: (node, builder) => builder.emit('flatten', [node.input(0)], {}, [node.output(0)]),
  flatten: (node, builder) => builder.emit('flatten', [node.input(0)], {}, [node.output(0)]),

  Dropout(node, builder) {
    node.read({
      p: number({ absent: 0.5 }),
      mode: oneOf(['training', 'always'], { absent: 'training' }),
      axes: tuple(whole(), { absent: [] as readonly number[] }),
      cudnn_off: orNone(boolean()),
    });
    builder.emit('dropout', [node.input(0)], {}, [node.output(0)]);
  },

  _copy: same,
  identity: same,
  BlockGrad: same,
  stop_gradient: same,

  SoftmaxActivation(node, builder) {
    const { mode } = node.read({ mode: oneOf(['instance', 'channel'], { absent: 'instance' }) });
    if (mode !== 'channel') node.unsupported('mode=instance');
    builder.emit('softmax', [node.input(0)], {}, [node.output(0)]);
  },

  /** The label, its second input, plays no part. */
  SoftmaxOutput(node, builder) {
    node.read({
      grad_scale: number({ absent: 1 }),
      ignore_label: number({ absent: -1 }),
      multi_output: boolean({ absent: false }),
      use_ignore: boolean({ absent: false }),
      preserve_shape: boolean({ absent: false }),
      normalization: oneOf(['null', 'batch', 'valid'], { absent: 'null' }),
      out_grad: boolean({ absent: false }),
      smooth_alpha: number({ absent: 0 }),
    });
    builder.emit('softmax', [node.input(0)], {}, [node.output(0)]);
  },

  UpSampling(node, builder) {
    const { scale, sample_type, num_args } = node.read({
      scale: whole({ least: 1 }),
      num_filter: whole({ absent: 0 }),
      sample_type: oneOf(['nearest', 'bilinear']),
      multi_input_mode: oneOf(['concat', 'sum'], { absent: 'concat' }),
      num_args: whole({ least: 1, absent: 1 }),
      workspace: whole({ absent: 512 }),
    });
    if (sample_type !== 'nearest' || num_args !== 1) node.unsupported(`sample_type=${sample_type} of ${num_args}`);
    builder.emit('resize', [node.input(0)], { mode: 'nearest', scale }, [node.output(0)]);
  },
};

function sum(node: SymbolReader, builder: GraphBuilder): void {
  builder.emit('sum', node.inputs, {}, [node.output(0)]);
}

function product(node: SymbolReader, builder: GraphBuilder): void {
  builder.emit('multiplication', node.inputs, {}, [node.output(0)]);
}

function same(node: SymbolReader, builder: GraphBuilder): void {
  builder.emit('identity', [node.input(0)], {}, [node.output(0)]);
}
