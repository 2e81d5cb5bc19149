/**
 * A ReLU or clamp becomes the activation of the convolution, fully-connected layer or residual addition before it, which
 * applies it to each element before it is stored:
 *
 *     relu(w ∗ x + c)   →   one node        relu(x + f(x))   →   one node
 */
import type { Graph, Node } from '../graph.ts';
import { operationOf } from '../ops/table.ts';
import { mergeNeighbours } from './merge.ts';

export function fuseActivations(graph: Graph): Graph {
  return mergeNeighbours(graph, (producer, node) => {
    const activation = operationOf(node).asActivation?.(node.attributes);
    if (activation === undefined) return null;
    const attributes = operationOf(producer).takeActivation?.(producer.attributes, activation) ?? null;
    // What a record makes of its attributes are attributes of the same operation.
    return attributes === null ? null : ({ ...producer, attributes } as Node);
  });
}
