/** The oracle of graphs: the references of their operations, node after node, in double. */
import { NnpackError, show } from '../errors.ts';
import type { Graph } from './graph.ts';
import { operationOf } from './ops/table.ts';
import { parseGraph } from './parse-graph.ts';
import { type DoubleTensor, doublesOf, type Name } from './values.ts';

/**
 * All values of a graph in double, by its definition alone: no fast path, and no rounding on the way. Slow, and meant to
 * be: it is what a run is compared with.
 *
 * @param inputs dense tensors by the names of the graph's inputs
 * @throws NnpackError for a graph that makes no sense, or an input that is missing
 * @example
 * const { data } = evaluateGraph(graph, { x: { shape: [1, 3, 8, 8], data: new Float64Array(192) } }).get('y');
 */
export function evaluateGraph(
  given: Graph,
  inputs: Readonly<Record<Name, DoubleTensor>>,
): ReadonlyMap<Name, DoubleTensor> {
  const graph = parseGraph(given);
  const values = new Map<Name, DoubleTensor>();
  for (const name of graph.inputs.keys()) {
    if (!Object.hasOwn(inputs, name)) {
      throw new NnpackError('invalid-tensor', `graph ${show(graph.name)}: input ${show(name)} is missing`);
    }
    values.set(name, inputs[name]);
  }
  for (const [name, parameter] of graph.parameters) values.set(name, doublesOf(parameter));
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => (name === null ? null : (values.get(name) as DoubleTensor)));
    for (const [i, value] of operationOf(node).reference(node, read).entries()) values.set(node.outputs[i], value);
  }
  return values;
}
