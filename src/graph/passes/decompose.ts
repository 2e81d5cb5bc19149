/**
 * An operation that has no kernels of its own becomes several that have:
 *
 *     y = f(x)   →   t = g(x), y = h(t)
 *
 * What they are tell the records of operations.
 */
import { FreshNames, type Graph, type Node, namesOf, withoutUnused } from '../graph.ts';
import { inferTypes, type Types, typesOf } from '../infer.ts';
import { operationOf } from '../ops/table.ts';
import type { Name, Parameter } from '../values.ts';

/** @param inputs types of the graph's inputs: those declared, or with sizes that are known */
export function decompose(graph: Graph, inputs: Types = graph.inputs): Graph {
  if (!graph.nodes.some((node) => operationOf(node).decompose !== undefined)) return graph;
  const types = inferTypes(graph, inputs);
  const names = new FreshNames(namesOf(graph));
  const parameters = new Map(graph.parameters);
  const nodes = graph.nodes.flatMap((node) => partsOf(node, graph.parameters, types, names, parameters));
  return nodes.length === graph.nodes.length ? graph : withoutUnused({ ...graph, nodes, parameters });
}

/** The nodes that stand for one, whose parameters are added to `own`; it alone where there are none. */
function partsOf(
  node: Node,
  parameters: ReadonlyMap<Name, Parameter>,
  types: Types,
  names: FreshNames,
  own: Map<Name, Parameter>,
): readonly Node[] {
  const known = node.inputs.map((name) => (name === null ? null : (parameters.get(name) ?? null)));
  const before: Node[] = [];
  const last = operationOf(node).decompose?.(node, typesOf(types, node.inputs), known, {
    parameter(what, parameter) {
      const name = names.take(`${node.name}.${what}`);
      own.set(name, parameter);
      return name;
    },
    value(what, op, inputs, attributes) {
      const name = names.take(`${node.name}.${what}`);
      // The attributes are those of the operation that the record names.
      before.push({ name, op, inputs, outputs: [name], attributes } as Node);
      return name;
    },
  });
  return last ? [...before, { ...node, ...last } as Node] : [node];
}
