/** Operators that work element by element. */

import type { OpName } from '../../graph/ops/table.ts';
import type { Name } from '../../graph/values.ts';
import { dataTypeOf } from '../data-types.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converter, Converters } from './converter.ts';

/** Operators that have no attributes, and are operations of graphs with the same inputs. */
export const SAME = {
  Add: 'sum',
  Sum: 'sum',
  Sub: 'subtraction',
  Mul: 'multiplication',
  Div: 'division',
  Pow: 'power',
  Min: 'minimum',
  Max: 'maximum',
  Mean: 'mean',
  Sqrt: 'square-root',
  Exp: 'exponential',
  Log: 'logarithm',
  Neg: 'negation',
  Abs: 'absolute-value',
  Reciprocal: 'reciprocal',
  Floor: 'floor',
  Ceil: 'ceiling',
  Round: 'rounding',
  Sign: 'sign',
  Erf: 'error-function',
  Sin: 'sine',
  Cos: 'cosine',
  Tan: 'tangent',
  Asin: 'arcsine',
  Acos: 'arccosine',
  Atan: 'arctangent',
  Sinh: 'hyperbolic-sine',
  Cosh: 'hyperbolic-cosine',
  Tanh: 'hyperbolic-tangent',
  Asinh: 'inverse-hyperbolic-sine',
  Acosh: 'inverse-hyperbolic-cosine',
  Atanh: 'inverse-hyperbolic-tangent',
  Equal: 'equality',
  Greater: 'greater',
  Less: 'less',
  GreaterOrEqual: 'greater-or-equal',
  LessOrEqual: 'less-or-equal',
  And: 'and',
  Or: 'or',
  Xor: 'exclusive-or',
  Not: 'not',
  IsNaN: 'is-nan',
  Where: 'selection',
  Relu: 'relu',
  PRelu: 'parametric-relu',
  Sigmoid: 'sigmoid',
  HardSwish: 'hard-swish',
  Mish: 'mish',
  Softplus: 'softplus',
  Softsign: 'softsign',
} as const satisfies Readonly<Record<string, OpName>>;

/** The least float32; the greatest is as far from 0. */
const LEAST = -(2 ** 127 * (2 - 2 ** -23));

/** Activations, which have kernels, do not fall where x grows: other slopes are those of an input. */
function leakyRelu(node: NodeReader, builder: GraphBuilder): void {
  const slope = node.float('alpha', 0.01);
  if (slope >= 0 && slope < Number.POSITIVE_INFINITY) {
    builder.simple(node, 'relu', { negativeSlope: slope });
    return;
  }
  const number = builder.constant('alpha', 'float32', [], [slope]);
  const alpha = builder.value('conversion-like', [number, node.input(0)], {}, 'alpha');
  builder.emit('parametric-relu', [node.input(0), alpha], {}, node.outputs.slice(0, 1));
}

export const ELEMENTWISE: Converters = {
  ...Object.fromEntries(
    Object.entries(SAME).map(([operator, op]): [string, Converter] => {
      return [operator, (node, builder) => builder.simple(node, op, {})];
    }),
  ),
  LeakyRelu: leakyRelu,
  ThresholdedRelu: (node, builder) => builder.simple(node, 'thresholded-relu', { threshold: node.float('alpha', 1) }),
  Elu: (node, builder) => builder.simple(node, 'elu', { alpha: node.float('alpha', 1), scale: 1 }),
  Selu(node, builder) {
    const alpha = node.float('alpha', 1.6732631921768188);
    builder.simple(node, 'elu', { alpha, scale: node.float('gamma', 1.0507010221481323) });
  },
  Celu: (node, builder) => builder.simple(node, 'celu', { alpha: node.float('alpha', 1) }),
  Swish: (node, builder) => builder.simple(node, 'swish', { slope: node.float('alpha', 1) }),
  Shrink(node, builder) {
    builder.simple(node, 'shrinkage', { threshold: node.float('lambd', 0.5), offset: node.float('bias', 0) });
  },
  HardSigmoid(node, builder) {
    builder.simple(node, 'hard-sigmoid', { slope: node.float('alpha', 0.2), offset: node.float('beta', 0.5) });
  },
  Gelu(node, builder) {
    const way = node.string('approximate', 'none');
    if (way !== 'none' && way !== 'tanh') node.invalid(`approximate is '${way}', expected 'none' or 'tanh'`);
    builder.simple(node, 'gelu', { isApproximate: way === 'tanh' });
  },
  IsInf(node, builder) {
    const positive = node.int('detect_positive', 1) !== 0;
    builder.simple(node, 'is-infinite', { positive, negative: node.int('detect_negative', 1) !== 0 });
  },
  Mod: (node, builder) => builder.simple(node, node.int('fmod', 0) === 0 ? 'modulo' : 'remainder', {}),
  Clip(node, builder) {
    if (node.opset >= 11) return builder.simple(node, 'clip', {});
    builder.simple(node, 'clamp', { min: node.float('min', LEAST), max: node.float('max', -LEAST) });
  },
  Cast(node, builder) {
    const to = node.int('to');
    if (to === undefined) return node.invalid('attribute "to" is missing');
    const { dtype, name } = dataTypeOf(to);
    if (dtype === null) return node.unsupported(`the type ${name}`);
    readCastAttributes(node);
    builder.simple(node, 'conversion', { dtype });
  },
  CastLike(node, builder) {
    readCastAttributes(node);
    builder.simple(node, 'conversion-like', {});
  },
  Dropout: convertDropout,
};

/** How numbers are rounded to 8-bit floats, which no graph has. */
function readCastAttributes(node: NodeReader): void {
  node.int('saturate');
  node.string('round_mode');
}

/** Nothing outside of training; the mask keeps every element. */
function convertDropout(node: NodeReader, builder: GraphBuilder): void {
  // How many are dropped in training, and which.
  node.float('ratio');
  node.int('seed');
  const training = node.inputs[2];
  if (training && !isFalse(builder, training)) node.unsupported('training');
  const [output, mask] = node.outputs;
  const x = node.input(0);
  if (output) builder.emit('dropout', [x], {}, [output]);
  if (!mask) return;
  const truth = builder.value('conversion', [x], { dtype: 'bool' }, `${mask}.truth`);
  if (node.opset >= 10) builder.emit('equality', [truth, truth], {}, [mask]);
  else {
    const kept = builder.value('equality', [truth, truth], {}, `${mask}.kept`);
    builder.emit('conversion-like', [kept, x], {}, [mask]);
  }
}

function isFalse(builder: GraphBuilder, name: Name): boolean {
  const data = builder.parameters.get(name)?.data;
  return data !== undefined && [...data].every((x) => Number(x) === 0);
}
