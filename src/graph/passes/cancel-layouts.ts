/**
 * Changes of layout cancel one another. A model whose values are N H W C reads as transposes around every operation, and
 * all but the outermost go:
 *
 *     transpose_q(transpose_p(x))             →   transpose_{p∘q}(x)                    (p∘q)[a] = p[q[a]]
 *     f(transpose_p(x), transpose_p(y), …)    →   transpose_p(f(x, y, …))   where f works element by element
 *
 * The second moves a transpose towards the outputs, to meet one that undoes it. One walk does both, because the nodes
 * stand in the order of computation; identities that come out are dropped afterwards.
 */
import { FreshNames, type Graph, type Node, namesOf, valuesOf, withoutUnused } from '../graph.ts';
import { operationOf } from '../ops/table.ts';
import type { Name } from '../values.ts';
import { dropIdentities } from './drop-identities.ts';

/** A value as what it is a transpose of. */
interface Transposed {
  readonly source: Name;
  readonly permutation: readonly number[];
}

export function cancelLayouts(graph: Graph): Graph {
  if (transposesOf(graph) === 0) return graph;
  const names = new FreshNames(namesOf(graph));
  const transposed = new Map<Name, Transposed>();
  const nodes = graph.nodes.flatMap((node): readonly Node[] => {
    const permutation = operationOf(node).permutation?.(node.attributes);
    const read = valuesOf(node).map((name) => (name === null ? undefined : transposed.get(name)));
    if (permutation !== undefined) return [composed(node, permutation, read[0])];
    return operationOf(node).isElementwise ? moved(node, read) : [node];
  });
  const shorter = dropIdentities(withoutUnused({ ...graph, nodes }));
  // Where one value has several readers, moving its transpose behind each of them may cost more than it saves.
  return transposesOf(shorter) > transposesOf(graph) ? graph : shorter;

  /** A transpose of what its input is a transpose of. */
  function composed(node: Node, q: readonly number[], before: Transposed | undefined): Node {
    const source = before?.source ?? (node.inputs[0] as Name);
    const permutation = before === undefined ? q : q.map((axis) => before.permutation[axis]);
    transposed.set(node.outputs[0], { source, permutation });
    return transposeOf(node.name, source, permutation, node.outputs[0]);
  }

  /** An element-by-element node on what its inputs are transposes of, and one transpose behind it. */
  function moved(node: Node, read: readonly (Transposed | undefined)[]): readonly Node[] {
    const [first] = read;
    const isOne = read.every((each) => each !== undefined && String(each.permutation) === String(first?.permutation));
    if (first === undefined || !isOne) return [node];
    const [output] = node.outputs;
    const source = names.take(`${output}.untransposed`);
    transposed.set(output, { source, permutation: first.permutation });
    const inputs = read.map((each) => (each as Transposed).source);
    const inner = { ...node, inputs, outputs: [source] };
    return [inner, transposeOf(names.take(`${node.name}.transpose`), source, first.permutation, output)];
  }
}

function transposeOf(name: Name, source: Name, permutation: readonly number[], output: Name): Node {
  return { name, op: 'transpose', inputs: [source], outputs: [output], attributes: { permutation } };
}

function transposesOf({ nodes }: Graph): number {
  return nodes.filter((node) => operationOf(node).permutation !== undefined).length;
}
