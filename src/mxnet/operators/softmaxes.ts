/** Softmax, and what losses give outside of training. */
import type { Name } from '../../graph/values.ts';
import { boolean, number, oneOf, orNone, text, whole } from '../attributes.ts';
import { exactly, listed, reshaped, sizeAlong } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axisOf, type Converter, type Converters, type SymbolReader } from './converter.ts';

const GRADIENT = { grad_scale: number({ absent: 1 }) };

export const SOFTMAXES: Converters = {
  softmax: softmaxBy('softmax-along-axis'),
  softmin: softmaxBy('softmax-along-axis', true),
  log_softmax: softmaxBy('log-softmax'),

  /** Instances are rows of the last axis, whatever the text of the operator says. */
  SoftmaxActivation(node, builder) {
    const { mode } = node.read({ mode: oneOf(['instance', 'channel'], { absent: 'instance' }) });
    builder.emit('softmax-along-axis', [node.input(0)], { axis: mode === 'channel' ? 1 : -1 }, [node.first]);
  },

  SoftmaxOutput: softmaxOutput,
  Softmax: softmaxOutput,

  LinearRegressionOutput: regression('identity'),
  MAERegressionOutput: regression('identity'),
  LogisticRegressionOutput: regression('sigmoid'),
  SVMOutput(node, builder) {
    node.read({
      margin: number({ absent: 1 }),
      regularization_coefficient: number({ absent: 1 }),
      use_linear: boolean({ absent: false }),
    });
    builder.emit('identity', [node.input(0)], {}, [node.first]);
  },
};

function regression(op: 'identity' | 'sigmoid'): Converter {
  return (node, builder) => {
    node.read(GRADIENT);
    builder.emit(op, [node.input(0)], {}, [node.first]);
  };
}

/** Over all of an instance, its channels, or the last axis. */
function softmaxOutput(node: SymbolReader, builder: SymbolBuilder): void {
  const { multi_output, preserve_shape } = node.read({
    ...GRADIENT,
    ignore_label: number({ absent: -1 }),
    multi_output: boolean({ absent: false }),
    use_ignore: boolean({ absent: false }),
    preserve_shape: boolean({ absent: false }),
    normalization: oneOf(['null', 'batch', 'valid'], { absent: 'null' }),
    out_grad: boolean({ absent: false }),
    smooth_alpha: number({ absent: 0 }),
  });
  const along = multi_output ? { axis: 1 } : preserve_shape ? { axis: -1 } : { axis: 1, toEnd: true };
  builder.emit('softmax-along-axis', [node.input(0)], along, [node.first]);
}

/** Of x / temperature, or of −x. */
function softmaxBy(op: 'softmax-along-axis' | 'log-softmax', isNegated = false): Converter {
  return (node, builder) => {
    const { axis, temperature, use_length, dtype } = node.read({
      axis: whole({ absent: -1 }),
      temperature: orNone(number()),
      use_length: boolean({ absent: false }),
      dtype: orNone(text()),
    });
    const [given, y] = [node.input(0), node.first];
    const at = axisOf(node, axis, builder.shapeOf(given).length);
    if (dtype !== null && dtype !== builder.dtypeOf(given)) node.unsupported(`dtype=${dtype}`);
    const signed = isNegated ? builder.value('negation', [given], {}, `${y}.negated`) : given;
    const isScaled = temperature !== null && temperature !== 1;
    const x = isScaled
      ? builder.value('division', [signed, builder.scalar(temperature, given)], {}, `${y}.scaled`)
      : signed;
    if (!use_length) return builder.emit(op, [x], { axis: at }, [y]);
    if (op === 'log-softmax') node.unsupported('use_length=True');
    masked(node, builder, x, at, y);
  };
}

/** The first elements of each line, as many as the second input tells; behind them zeros. */
function masked(node: SymbolReader, builder: SymbolBuilder, x: Name, axis: number, y: Name): void {
  const rank = builder.shapeOf(x).length;
  const given = node.input(1);
  const lengths = builder.value('conversion', [given], { dtype: 'int64' }, `${y}.lengths`);
  const lineLengths = builder.value('unsqueeze', [lengths, builder.list([axis])], {}, `${y}.lengths`);
  const end = listed(builder, [sizeAlong(builder, x, axis)]);
  const places = builder.value('range', [builder.list([0]), end, builder.list([1])], {}, `${y}.places`);
  builder.assume(places, 'int64', [null]);
  const line = Array.from({ length: rank }, (_, i) => (i === axis ? ('rest' as const) : exactly(1)));
  const isInside = builder.value('less', [reshaped(builder, places, line), lineLengths], {}, `${y}.inside`);
  const least = builder.scalar(Number.NEGATIVE_INFINITY, x);
  const cut = builder.value('selection', [isInside, x, least], {}, `${y}.cut`);
  const softmax = builder.value('softmax-along-axis', [cut], { axis }, `${y}.softmax`);
  builder.emit('selection', [isInside, softmax, builder.scalar(0, x)], {}, [y]);
}
