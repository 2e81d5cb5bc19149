/**
 * A batch normalisation has constant statistics, so it is one multiplication and one addition for each channel:
 *
 *     γ · (x − μ) / √(σ² + ε) + β  =  a · x + b,   a = γ / √(σ² + ε),   b = β − a · μ
 *
 * Behind a convolution or fully-connected layer w ∗ x + c these two disappear into its kernel and bias:
 *
 *     a · (w ∗ x + c) + b  =  (a · w) ∗ x + (a · c + b)
 *
 * Others may read w and c as well, so what comes out are parameters of their own.
 */
import { FreshNames, type Graph, type Node, namesOf, valuesOf, weightsOf, withoutUnused } from '../graph.ts';
import type { ScaleShift, Weights } from '../ops/operation.ts';
import { operationOf } from '../ops/table.ts';
import type { Parameter } from '../values.ts';
import { mergeNeighbours } from './merge.ts';

export function foldNormalisation(graph: Graph): Graph {
  if (!graph.nodes.some((node) => operationOf(node).asScaleShift !== undefined)) return graph;
  const names = new FreshNames(namesOf(graph));
  const parameters = new Map(graph.parameters);
  const known = { parameters };
  const scaleShiftOf = (node: Node) => operationOf(node).asScaleShift?.(node, weightsOf(known, node)) ?? null;

  const withWeights = (node: Node, weights: Weights): Node => {
    const read = weights.map((weight, i) => {
      if (weight === null) return null;
      const name = names.take(`${node.name}.${operationOf(node).weights?.[i].name}`);
      parameters.set(name, weight);
      return name;
    });
    return { ...node, inputs: [...valuesOf(node), ...read] };
  };

  const nodes = graph.nodes.map((node): Node => {
    const scaleShift = scaleShiftOf(node);
    if (scaleShift === null || isItself(scaleShift, weightsOf(known, node))) return node;
    const [value] = valuesOf(node);
    const short: Node = { name: node.name, op: 'scale-shift', inputs: [value], outputs: node.outputs, attributes: {} };
    return withWeights(short, [vector(scaleShift.scale), vector(scaleShift.shift)]);
  });
  const folded = mergeNeighbours({ ...graph, nodes }, (producer, node) => {
    const scaleShift = scaleShiftOf(node);
    if (scaleShift === null) return null;
    const weights = operationOf(producer).takeScaleShift?.(producer, weightsOf(known, producer), scaleShift) ?? null;
    return weights === null ? null : withWeights(producer, weights);
  });
  return withoutUnused({ ...folded, parameters });
}

/** Whether a node reads these numbers already. */
function isItself({ scale, shift }: ScaleShift, weights: Weights): boolean {
  return weights[0]?.data === scale && weights[1]?.data === shift;
}

function vector(data: Float32Array): Parameter {
  return { type: { dtype: 'float32', shape: [data.length] }, data, role: 'weight' };
}
