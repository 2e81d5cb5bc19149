/**
 * What does nothing at inference goes: a dropout, a concatenation of one value, a resize by 1, …
 *
 *     y = identity(x)   →   every reader of y reads x
 *
 * The name of an output of the graph must stay, so there the node before takes it, if nobody else reads what it makes.
 */
import type { Graph, Node } from '../graph.ts';
import { operationOf } from '../ops/table.ts';
import type { Name } from '../values.ts';
import { mergeNeighbours, readingAs } from './merge.ts';

export function dropIdentities(graph: Graph): Graph {
  const merged = mergeNeighbours(graph, (producer, node) => (isIdentity(node) ? producer : null));
  // What is left reads an input, a parameter, one of several outputs, or a value with other readers: these read past it.
  const standsFor = new Map<Name, Name | null>();
  const nameOf = (name: Name | null) => (name === null ? null : (standsFor.get(name) ?? name));
  const isOutput = new Set(merged.outputs);
  const nodes: Node[] = [];
  for (const node of merged.nodes) {
    const renamed = standsFor.size === 0 ? node : readingAs(node, nameOf);
    if (isIdentity(node) && !isOutput.has(node.outputs[0])) standsFor.set(node.outputs[0], renamed.inputs[0]);
    else nodes.push(renamed);
  }
  return standsFor.size === 0 ? merged : { ...merged, nodes };
}

function isIdentity(node: Node): boolean {
  return operationOf(node).isIdentity?.(node) ?? false;
}
