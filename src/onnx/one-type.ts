/**
 * Weights in single precision beside values in half: torch's exporter folds a batch normalisation into float32 weights, and
 * leaves what they meet in bfloat16, where ONNX has one type for both. The weights are taken in the type of the values.
 */
import type { Node } from '../graph/graph.ts';
import { outputTypes, type Types, typesOf } from '../graph/infer.ts';
import type { OpName } from '../graph/ops/table.ts';
import { type Dtype, doublesOf, isRounded, type Name, parameterOf, type ValueType } from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** What reads values and weights of one type. */
const OF_ONE_TYPE: ReadonlySet<OpName> = new Set<OpName>([
  'convolution-nd',
  'transposed-convolution',
  'matrix-product',
]);

export function giveOneType(builder: GraphBuilder, inputs: Types): void {
  if (!hasHalves(builder, inputs)) return;
  const types = new Map<Name, ValueType>(inputs);
  for (const [name, { type }] of builder.parameters) types.set(name, type);
  builder.nodes.forEach((node, at) => {
    const known = node.inputs.every((name) => name === null || types.has(name));
    const own = known && OF_ONE_TYPE.has(node.op) ? withOneType(node, builder, types) : node;
    builder.nodes[at] = own;
    const made = known ? outputTypes(own, typesOf(types, own.inputs)) : [];
    made.forEach((type, i) => {
      if (type !== null) types.set(own.outputs[i], type);
    });
  });
}

function hasHalves({ parameters, nodes }: GraphBuilder, inputs: Types): boolean {
  const dtypes: readonly (Dtype | undefined)[] = [
    ...[...inputs.values(), ...[...parameters.values()].map(({ type }) => type)].map(({ dtype }) => dtype),
    ...nodes.map((node) => (node.op === 'conversion' ? node.attributes.dtype : undefined)),
  ];
  return dtypes.some((dtype) => dtype !== undefined && isRounded(dtype));
}

function withOneType(node: Node, builder: GraphBuilder, types: Map<Name, ValueType>): Node {
  const [x] = node.inputs;
  const dtype = x === null ? undefined : types.get(x)?.dtype;
  if (dtype === undefined || !isRounded(dtype)) return node;
  const inputs = node.inputs.map((name) => {
    const weight = name === null ? undefined : builder.parameters.get(name);
    if (name === null || weight?.type.dtype !== 'float32') return name;
    builder.notes.add(`Weights of ${node.name} are float32 beside values of ${dtype}: they were rounded to that.`);
    const own = builder.fresh(name);
    const round = () => parameterOf(doublesOf(weight), dtype, weight.role);
    builder.parameters.set(own, builder.derived([dtype, name], sizeOf(weight.type.shape), round) ?? round());
    types.set(own, { dtype, shape: weight.type.shape });
    return own;
  });
  // The same node, but for the names that it reads.
  return { ...node, inputs } as Node;
}
