/** A graph of one node, for tests of records. */
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { inferTypes, type Types } from '../../../src/graph/infer.ts';
import { type OpName, operationOf } from '../../../src/graph/ops/table.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import type { DoubleTensor, Dtype, Size } from '../../../src/graph/values.ts';

/** Half the distance of 1 to the next number of single precision. */
export const NODE_EPSILON = 2 ** -24;

export interface OneNode {
  readonly graph: Graph;
  readonly node: Node;
  readonly types: Types;
}

/** @param shapes of its inputs, x0 and so on; the outputs are y0 and so on */
export function oneNode(
  op: OpName,
  attributes: object,
  shapes: readonly (readonly Size[])[],
  { outputs = 1, dtype = 'float32' as Dtype } = {},
): OneNode {
  const names = shapes.map((_, i) => `x${i}`);
  const made = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const graph = parseGraph({
    name: 'one',
    inputs: new Map(shapes.map((shape, i) => [names[i], { dtype, shape }])),
    parameters: new Map(),
    // The attributes are checked, whatever they are.
    nodes: [{ name: 'n', op, inputs: names, outputs: made, attributes } as unknown as Node],
    outputs: made,
  });
  return { graph, node: graph.nodes[0], types: inferTypes(graph) };
}

/** What the record's definition makes of numbers, shapes beside them. */
export function defined(
  op: OpName,
  attributes: object,
  inputs: readonly (readonly [shape: readonly number[], numbers: readonly number[]])[],
  options: { readonly outputs?: number; readonly dtype?: Dtype } = {},
): readonly { readonly shape: readonly number[]; readonly numbers: readonly number[] }[] {
  const { node, types } = oneNode(
    op,
    attributes,
    inputs.map(([shape]) => shape),
    options,
  );
  const { dtype = 'float32' } = options;
  const read = inputs.map(([shape, numbers]): DoubleTensor => ({ shape, data: Float64Array.from(numbers), dtype }));
  return operationOf(node)
    .reference(node, read)
    .map(({ shape, data }, i) => {
      const told = types.get(node.outputs[i])?.shape;
      if (String(told) !== String(shape)) throw new Error(`inferred [${told}], made [${shape}]`);
      return { shape, numbers: [...data] };
    });
}
