/** Operators on whole numbers that stand for real ones: y ≈ (q − zero point) · scale. */

import { defined } from '../../graph/definition.ts';
import { outputTypes } from '../../graph/infer.ts';
import type { IntegerWindowAttributes } from '../../graph/ops/integer-windows.ts';
import type { ScalesAttributes } from '../../graph/ops/scales.ts';
import { type Dtype, doublesOf, type Name, parameterOf } from '../../graph/values.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { dataTypeOf, UNDEFINED } from '../data-types.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Converters } from './converter.ts';

function dtypeOf(node: NodeReader, attribute: string): Dtype | undefined {
  const number = node.int(attribute, UNDEFINED);
  if (number === UNDEFINED) return undefined;
  const { dtype, name } = dataTypeOf(number);
  return dtype ?? node.unsupported(`${attribute} ${name}`);
}

function scalesOf(node: NodeReader): ScalesAttributes {
  const blockSize = node.int('block_size', 0);
  return {
    axis: node.int('axis', 1),
    blockSize: blockSize === 0 ? undefined : blockSize,
    to: dtypeOf(node, 'output_dtype'),
  };
}

/** Only types that are not read overflow otherwise than by the nearest they have. */
function quantise(node: NodeReader, builder: GraphBuilder): void {
  node.int('saturate', 1);
  builder.simple(node, 'quantisation', { ...scalesOf(node), precision: dtypeOf(node, 'precision') });
}

/** What is known becomes a parameter, however large: weights are made real numbers once. */
function dequantise(node: NodeReader, builder: GraphBuilder): void {
  const attributes = scalesOf(node);
  const [output] = node.outputs;
  const known = node.inputs.map((name) => (name === null ? null : builder.parameters.get(name)));
  const isKnown = known.every((parameter) => parameter !== undefined);
  if (!output || !isKnown) {
    builder.simple(node, 'dequantisation', attributes);
    return;
  }
  const own = builder.checked('dequantisation', node.inputs, attributes, [output]);
  const made = builder.derived(['dequantised', node.inputs, attributes], sizeOf(known[0]?.type.shape ?? [0]), () => {
    const [type] = outputTypes(
      own,
      known.map((parameter) => parameter?.type ?? null),
    );
    const [value] = defined(
      own,
      known.map((parameter) => parameter && doublesOf(parameter)),
    );
    return parameterOf(value, type?.dtype ?? 'float32', 'weight');
  });
  if (made === null) builder.nodes.push(own);
  else builder.parameter(output, made);
}

const PADDINGS = new Map([
  ['SAME_UPPER', 'same-upper'],
  ['SAME_LOWER', 'same-lower'],
  ['VALID', undefined],
] as const);

/** The kernel's shape is that of the kernel. */
function windowsOf(node: NodeReader): IntegerWindowAttributes {
  node.ints('kernel_shape');
  const automatic = node.string('auto_pad', 'NOTSET');
  const pads = node.ints('pads');
  const [, padding] = [...PADDINGS].find(([name]) => name === automatic) ?? [null, pads];
  return { strides: node.ints('strides'), dilations: node.ints('dilations'), groups: node.int('group', 1), padding };
}

/** Zero points that are left out before others are 0. */
function withZeroPoints(node: NodeReader, builder: GraphBuilder): readonly Name[] {
  return node.inputs.map((name) => name ?? builder.constant('zero', 'uint8', [], [0]));
}

export const QUANTISED: Converters = {
  QuantizeLinear: quantise,
  DequantizeLinear: dequantise,
  DynamicQuantizeLinear: (node, builder) => builder.emit('dynamic-quantisation', [node.input(0)], {}, node.outputs),
  QLinearConv: (node, builder) => builder.simple(node, 'quantised-convolution', windowsOf(node)),
  QLinearMatMul: (node, builder) => builder.simple(node, 'quantised-matrix-product', {}),
  ConvInteger: (node, builder) =>
    builder.emit('integer-convolution', withZeroPoints(node, builder), windowsOf(node), node.outputs),
  MatMulInteger: (node, builder) =>
    builder.emit('integer-matrix-product', withZeroPoints(node, builder), {}, node.outputs),
};
