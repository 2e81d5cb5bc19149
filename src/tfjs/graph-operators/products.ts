/** Products of matrices, with what is fused into them. */

import { einsum } from '../einsum.ts';
import type { LayoutBuilder } from '../layout-builder.ts';
import type { NodeReader } from '../node-reader.ts';
import type { Value } from '../value.ts';
import type { Converters } from './converter.ts';
import { activated } from './elementwise.ts';

export const PRODUCTS: Converters = {
  MatMul: (node, builder) => matrixProduct(node, builder, turns(node, 'transpose_a', 'transpose_b'), node.name),
  _FusedMatMul(node, builder) {
    const [first, ...others] = node.strings('fused_ops');
    const isBiased = first === 'BiasAdd';
    const activations = isBiased || first === undefined ? others : [first, ...others];
    const inner = activations.length > 0 ? `${node.name}/MatMul` : node.name;
    const bias = isBiased ? node.input(2) : null;
    const made = matrixProduct(node, builder, turns(node, 'transpose_a', 'transpose_b'), inner, bias);
    return activations.reduce((value, activation, i) => {
      const hint = i === activations.length - 1 ? node.name : `${node.name}/${activation}`;
      return activated(node, builder, activation, value, hint, node.inputs[isBiased ? 3 : 2]);
    }, made);
  },
  BatchMatMul: (node, builder) => matrixProduct(node, builder, turns(node, 'adj_x', 'adj_y'), node.name),
  BatchMatMulV2: (node, builder) => matrixProduct(node, builder, turns(node, 'adj_x', 'adj_y'), node.name),
  BatchMatMulV3: (node, builder) => matrixProduct(node, builder, turns(node, 'adj_x', 'adj_y'), node.name),
  Einsum(node, builder) {
    const { name, inputs } = node;
    const equation = node.string('equation');
    const unsupported = (what: string) => node.unsupported(what);
    const invalid = (what: string) => node.invalid(what);
    return einsum({ name, inputs, equation, input: (place) => node.input(place), unsupported, invalid }, builder);
  },
};

/** Which of the two are read with their rows as columns. */
interface Turns {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function turns(node: NodeReader, a: string, b: string): Turns {
  return { transposeA: node.flag(a), transposeB: node.flag(b) };
}

function matrixProduct(
  node: NodeReader,
  builder: LayoutBuilder,
  { transposeA, transposeB }: Turns,
  hint: string,
  bias: Value | null = null,
): Value {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.rank < 2 || b.rank < 2) node.invalid(`inputs have ${a.rank} and ${b.rank} axes, expected at least 2`);
  const isLayer = b.constant !== null && b.rank === 2 && a.dtype === 'float32' && b.dtype === 'float32';
  if (isLayer && !transposeA && !transposeB) return builder.dense(a, b, bias, hint);
  return builder.apply('matrix-product', [a, b, bias], { transposeA, transposeB }, hint);
}
