/**
 * A general operation becomes the one that has kernels, where its inputs allow:
 *
 *     sum(x, y) of one shape   →   addition(x, y)
 *
 * What an input is may only be known once the graph's own inputs have sizes, so the pass runs again then.
 */
import type { Graph, Node } from '../graph.ts';
import { inferTypes, type Types, typesOf } from '../infer.ts';
import { operationOf } from '../ops/table.ts';

/** @param inputs types of the graph's inputs: those declared, or with sizes that are known */
export function specialise(graph: Graph, inputs: Types = graph.inputs): Graph {
  if (!graph.nodes.some((node) => operationOf(node).specialise !== undefined)) return graph;
  const types = inferTypes(graph, inputs);
  const isKnown = (node: Node) => node.inputs.every((name) => name === null || types.has(name));
  const nodes = graph.nodes.map((node): Node => {
    const special = isKnown(node) ? operationOf(node).specialise?.(node, typesOf(types, node.inputs)) : null;
    // The attributes are those of the operation that the record names.
    return special ? ({ ...node, ...special } as Node) : node;
  });
  return nodes.every((node, i) => node === graph.nodes[i]) ? graph : { ...graph, nodes };
}
