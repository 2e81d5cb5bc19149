/**
 * Two neighbours as one node: right only where nobody else reads the value between them.
 */
import { countReaders, type Graph, type Node, valuesOf } from '../graph.ts';
import type { Name } from '../values.ts';

/**
 * Walks the nodes in order. Where a node is the only reader of the value before it, and that is all that it runs on,
 * `merge` may return one node to stand for the two, in the first one's place and under its name; under the second's if
 * that is an output of the graph.
 */
export function mergeNeighbours(graph: Graph, merge: (producer: Node, node: Node) => Node | null): Graph {
  const readers = countReaders(graph);
  const isOutput = new Set(graph.outputs);
  const nodes: Node[] = [];
  /** Where the node that makes a value stands, for values of nodes that make no other. */
  const places = new Map<Name, number>();
  for (const node of graph.nodes) {
    const place = placeBefore(node, readers, places);
    const merged = place === undefined ? null : merge(nodes[place], node);
    if (place === undefined || merged === null) {
      nodes.push(node);
      if (node.outputs.length === 1) places.set(node.outputs[0], nodes.length - 1);
    } else {
      const { name, outputs } = isOutput.has(node.outputs[0]) ? node : nodes[place];
      nodes[place] = { ...merged, name, outputs };
      places.set(node.outputs[0], place);
    }
  }
  // A value that was merged is known to its readers by the name of what it became.
  const nameOf = (name: Name | null) => {
    const place = name === null ? undefined : places.get(name);
    return place === undefined ? name : nodes[place].outputs[0];
  };
  if (nodes.length === graph.nodes.length) return graph;
  return { ...graph, nodes: nodes.map((node) => readingAs(node, nameOf)) };
}

/** The node with other names for what it reads. */
export function readingAs(node: Node, nameOf: (name: Name | null) => Name | null): Node {
  const isSame = node.inputs.every((name) => nameOf(name) === name);
  return isSame ? node : { ...node, inputs: node.inputs.map(nameOf) };
}

function placeBefore(
  node: Node,
  readers: ReadonlyMap<Name, number>,
  places: ReadonlyMap<Name, number>,
): number | undefined {
  const values = valuesOf(node);
  const [value] = values;
  if (values.length !== 1 || value === null || node.outputs.length !== 1 || readers.get(value) !== 1) return undefined;
  return places.get(value);
}
